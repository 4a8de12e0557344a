package tables

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"standpipe/partition"
	"standpipe/sink/parquet"
)

const hourly = "clicks/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"

func table(t *testing.T, prefix string, json bool) *Table {
	t.Helper()
	p, err := partition.Parse(prefix, partition.Data)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := parquet.ParseSchema([]parquet.Column{
		{Name: "requestId", Type: "string"}, {Name: "requestTime", Type: "timestamp"}, {Name: "price", Type: "decimal(10,2)"},
		{Name: "Order", Type: "struct<Id:int,tags:array<varchar(20)>,weights:map<string,float>>", Key: "order-v2"},
		{Name: "payload", Type: "binary"}, {Name: "flag", Type: "tinyint"}, {Name: "born", Type: "date"}, {Name: "code", Type: "char(2)"},
	}, parquet.Options{Strict: true, Rest: true, DotsToUnderscores: json})
	if err != nil {
		t.Fatal(err)
	}
	extension := ".parquet"
	if json {
		extension = ".ndjson.gz"
	}
	return &Table{Database: "lake", Name: "clicks", Schema: schema, JSON: json, Bucket: "my-lake", Prefix: p, Extension: extension, UTC: true, FirstYear: 2026}
}

// TestStatements compares with testdata/*.sql; UPDATE=1 writes them.
func TestStatements(t *testing.T) {
	for _, c := range []struct {
		name, prefix string
		json         bool
		change       func(*Table)
	}{
		{name: "hourly", prefix: hourly},
		{name: "hourly-json", prefix: hourly, json: true},
		{name: "firehose-default", prefix: "raw/"},
		{name: "bucket-root", prefix: ""},
		{name: "one-date", prefix: "dt=!{timestamp:yyyy-MM-dd}/source=web/", change: func(t *Table) { t.UTC = false; t.Database = "" }},
		{name: "one-month", prefix: "a/m=!{timestamp:yyyy-MM}/", change: func(t *Table) { t.Database = "" }},
		{name: "random-last", prefix: "a/year=!{timestamp:yyyy}/!{firehose:random-string}/"},
		{name: "no-slash-at-the-end", prefix: "a/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}-"},
		{name: "named-and-nameless", prefix: "a/!{timestamp:yyyy/MM}/x/hour=!{timestamp:HH}/"},
		{name: "no-time", prefix: "a/!{firehose:random-string}/"},
	} {
		for _, engine := range Engines {
			table := table(t, c.prefix, c.json)
			if c.change != nil {
				c.change(table)
			}
			got, err := table.DDL(engine)
			if err != nil {
				t.Errorf("%s for %s: %v", c.name, engine, err)
				continue
			}
			file := filepath.Join("testdata", c.name+"."+string(engine)+".sql")
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s\n got %s\nwant %s", file, got, want)
			}
		}
	}
}

func TestWhatNoTableCanHave(t *testing.T) {
	for _, c := range []struct {
		prefix, want string
		change       func(*Table)
	}{
		{prefix: "a/!{firehose:random-string}/year=!{timestamp:yyyy}/", want: "a time behind or beside a random string"},
		{prefix: "a/year=!{timestamp:yyyy}!{firehose:random-string}/", want: "a time behind or beside a random string"},
		{prefix: "a/t=!{timestamp:yyyy}/t=!{timestamp:MM}/", want: "two folders called t="},
		{prefix: "a/year=!{timestamp:yy}/", want: "write it with yyyy"},
		{prefix: "a/month=!{timestamp:M}/", want: "write it with yyyy"},
		{prefix: "a/t=!{timestamp:HH-mm}/", want: "no date by itself"},
		{prefix: "a/t=!{timestamp:dd.MM.yyyy}/", want: "no date by itself"},
		{prefix: "a/born=!{timestamp:yyyy}/", want: "have the same name"},
		{prefix: hourly, want: "name is empty", change: func(t *Table) { t.Name = "" }},
		{prefix: hourly, want: "has a quote", change: func(t *Table) { t.Name = "a`b" }},
	} {
		table := table(t, c.prefix, false)
		if c.change != nil {
			c.change(table)
		}
		for _, engine := range Engines {
			if text, err := table.DDL(engine); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s for %s: %v, want %q\n%s", c.prefix, engine, err, c.want, text)
			}
		}
	}
	if _, err := table(t, hourly, false).DDL("presto"); err == nil || err.Error() != `unknown engine "presto"; there are [athena spark duckdb trino]` {
		t.Error(err)
	}
}
