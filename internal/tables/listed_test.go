package tables

import (
	"slices"
	"strings"
	"testing"

	"standpipe/sink/parquet"
)

func TestPartitionsOfPaths(t *testing.T) {
	for _, c := range []struct{ prefix, keys, path, values, location string }{
		{hourly, "year month day hour", "clicks/year=2026/month=01/day=31/hour=07/", "2026 01 31 07", "clicks/year=2026/month=01/day=31/hour=07/"},
		{"raw/", "datehour", "raw/2026/01/31/07/", "2026/01/31/07", "raw/2026/01/31/07/"},
		{"a.b/dt=!{timestamp:yyyy-MM-dd}/source=web/", "dt", "a.b/dt=2026-01-31/source=web/", "2026-01-31", "a.b/dt=2026-01-31/source=web/"},
		{"a/Year=!{timestamp:yyyy}/!{firehose:random-string}/", "year", "a/Year=2026/\x00/", "2026", "a/Year=2026/"},
		{"a/year=!{timestamp:yyyy}/day=!{timestamp:dd}-", "year", "a/year=2026/day=31-", "2026", "a/year=2026/"},
		{"a/year=!{timestamp:yyyy}/", "year", "b/year=2026/", "", ""},
		{"a/year=!{timestamp:yyyy}/", "year", "axyear=2026/", "", ""},
		{"a/year=!{timestamp:yyyy}/", "year", "x/a/year=2026/", "", ""},
		{"a/c=!{partitionKeyFromQuery:k}/dt=!{timestamp:yyyy-MM-dd}/", "c dt", "a/c=a%2Fb c/dt=2026-01-31/", "a%2Fb c 2026-01-31", "a/c=a%2Fb c/dt=2026-01-31/"},
		{"a/c=!{partitionKeyFromQuery:k}/dt=!{timestamp:yyyy-MM-dd}/", "c dt", "a/c=a/b/dt=2026-01-31/", "", ""},
		{"a/c=!{partitionKeyFromQuery:k}/dt=!{timestamp:yyyy-MM-dd}/", "c dt", "a/c=a/dt=2025-01-31/dt=2026-01-31/", "a 2025-01-31", "a/c=a/dt=2025-01-31/"},
		{"a/!{partitionKeyFromQuery:k}-!{partitionKeyFromLambda:l}/", "k", "a/x-y/", "x-y", "a/x-y/"},
		{"a/!{firehose:random-string}/", "", "a/\x00/", "", ""},
		{"a/!{firehose:random-string}/year=!{timestamp:yyyy}/", "", "a/\x00/year=2026/", "", ""},
	} {
		l := table(t, c.prefix, false).Listed()
		var keys []string
		for _, k := range l.Keys {
			keys = append(keys, k.Name)
		}
		values, location, ok := l.Partition(c.path)
		if strings.Join(keys, " ") != c.keys || ok != (c.values != "") || strings.Join(values, " ") != c.values || ok && location != "s3://my-lake/"+c.location || (len(keys) == 0) != (l.Undivided() != "") {
			t.Errorf("%s: keys %v, %q is %v at %s", c.prefix, keys, c.path, values, location)
		}
	}
}

// A catalog is told the values themselves, whatever the folders look like.
func TestPartitionsOfEscapedPaths(t *testing.T) {
	keyed := table(t, "a/c=!{partitionKeyFromQuery:k}/dt=!{timestamp:yyyy-MM-dd}/", false)
	hiveValues(keyed)
	values, location, ok := keyed.Listed().Partition("a/c=a%2Fb%25/dt=2026-01-31/")
	if !ok || !slices.Equal(values, []string{"a/b%", "2026-01-31"}) || location != "s3://my-lake/a/c=a%2Fb%25/dt=2026-01-31/" {
		t.Errorf("%q at %s, %v", values, location, ok)
	}
}

func TestWhatACatalogIsToldOfATable(t *testing.T) {
	l := table(t, hourly, false).Listed()
	if l.Location != "s3://my-lake/clicks/" || l.Classification != "parquet" || !strings.HasSuffix(l.Serde, "ParquetHiveSerDe") || l.Columns[8].Name != "_rest" {
		t.Errorf("%+v", l)
	}
	lines := table(t, hourly, true)
	l = lines.Listed()
	if l.Classification != "json" || l.Serde != openXSerde || l.Properties["mapping.order"] != "order-v2" || l.Properties["dots.in.keys"] != "TRUE" || slices.ContainsFunc(l.Columns, func(c parquet.Column) bool { return c.Name == "_rest" }) {
		t.Errorf("%+v", l)
	}
	lines.Schema = nil
	if l = lines.Listed(); l.Columns != nil || len(l.Keys) != 4 {
		t.Errorf("%+v", l)
	}
}
