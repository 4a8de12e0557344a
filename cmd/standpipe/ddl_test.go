package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const ddlHead = "stream: {name: click-stream, region: eu-west-1}\noutputs:\n"

// TestDDLPrintsNothingButSQL: stdout can be piped into an engine, and what is to be told besides is on stderr.
func TestDDLPrintsNothingButSQL(t *testing.T) {
	file := write(t, ddlHead+`
  - {name: Raw.1, bucket: lake, prefix: "raw/", schema: "id bigint, at timestamp from time", compression: gzip}
  - {name: plain, bucket: lake, prefix: "plain/"}
  - {bucket: lake, prefix: "table/dt=!{timestamp:yyyy-MM-dd}/", format: parquet, schema: "id bigint"}
`)
	r := execute(t, nil, "ddl", "-c", file)
	for _, want := range []string{
		"CREATE EXTERNAL TABLE `raw_1` (\n  `id` bigint,\n  `at` timestamp\n)\n", "`datehour` string", "'mapping.at' = 'time'",
		"\n);\n\nCREATE EXTERNAL TABLE `click_stream_2` (", "STORED AS PARQUET",
		fmt.Sprintf("'projection.dt.range' = '%d-01-01,NOW'", time.Now().Year()-1),
	} {
		if r.code != exitOK || !strings.HasPrefix(r.stdout, "CREATE") || !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in %s", want, r)
		}
	}
	if r.stderr != "standpipe: output plain has no schema, so there is no statement for it\n" {
		t.Errorf("stderr %q", r.stderr)
	}
	for _, engine := range []string{"athena", "spark", "duckdb", "trino"} {
		r := execute(t, nil, "ddl", "-c", file, "--engine", engine, "--output", "Raw.1", "--database", "lake", "--table", "Clicks", "--root", "/mnt/lake/", "--since", "2020")
		if r.code != exitOK || r.stderr != "" || !strings.Contains(strings.NewReplacer("`", "", `"`, "").Replace(r.stdout), "lake.Clicks") ||
			!strings.Contains(r.stdout, "'/mnt/lake/raw/") || strings.Contains(r.stdout, "s3:") {
			t.Errorf("%s: %s", engine, r)
		}
		for line := range strings.Lines(r.stdout) {
			if engine != "athena" && strings.Contains(line, " -- ") {
				t.Errorf("%s: a comment behind SQL: %q", engine, line)
			}
		}
	}
}

// TestDDLShowsEventsWhereverTheyAre: what an output files ahead of now or long ago is in the range of its table, or said not to be.
func TestDDLShowsEventsWhereverTheyAre(t *testing.T) {
	year := time.Now().Year()
	for _, c := range []struct {
		keys   string
		flags  []string
		dates  string
		stderr string
	}{
		{"", nil, fmt.Sprintf("'%d-01-01,NOW'", year-1), ""},
		{"time_zone: Europe/Berlin", nil, fmt.Sprintf("'%d-01-01,NOW+1DAYS'", year-1), ""},
		{"timestamp: .at", nil, fmt.Sprintf("'%d-01-01,NOW+1DAYS'", time.Now().Add(-168*time.Hour).Year()-1), ""},
		{"timestamp: .at, timestamp_oldest: 87600h, timestamp_newest: 24h", nil, fmt.Sprintf("'%d-01-01,NOW+1DAYS'", time.Now().Add(-87600*time.Hour).Year()-1), ""},
		{"timestamp: .at, timestamp_newest: 25h, time_zone: Asia/Kolkata", []string{"--since", "2020"}, "'2020-01-01,NOW+3DAYS'", ""},
		{"timestamp: .at, timestamp_oldest: 0s", nil, fmt.Sprintf("'%d-01-01,NOW+1DAYS'", year-1),
			fmt.Sprintf("standpipe: output clicks files events however old (timestamp_oldest is 0s): Athena and Trino, which compute the partitions, show those from %d on; name an earlier year with --since\n", year-1)},
		{"timestamp: .at, timestamp_oldest: 0s, timestamp_newest: 0s", []string{"--since", "2020"}, "'2020-01-01,NOW+1DAYS'",
			"standpipe: output clicks files events of any time to come (timestamp_newest is 0s): Athena and Trino, which compute the partitions, show those of the next day\n"},
	} {
		file := write(t, ddlHead+`  - {name: clicks, bucket: lake, prefix: "dt=!{timestamp:yyyy-MM-dd}/", schema: "id bigint", `+c.keys+"}\n")
		r := execute(t, nil, append([]string{"ddl", "-c", file}, c.flags...)...)
		if r.code != exitOK || !strings.Contains(r.stdout, "'projection.dt.range' = "+c.dates) || r.stderr != c.stderr {
			t.Errorf("%s: no %s in %s", c.keys, c.dates, r)
		}
	}
}

func TestDDLSaysWhatItLacks(t *testing.T) {
	const two = `
  - {name: a.b, bucket: lake, prefix: "a/", schema: "id bigint"}
  - {name: a-b, bucket: lake, prefix: "b/", schema: "id bigint"}
  - {name: c, bucket: lake, prefix: "c/"}
`
	for _, c := range []struct {
		outputs string
		flags   []string
		want    string
	}{
		{"  - {bucket: lake}\n", nil, "outputs[0].schema: a table needs columns (line 3); list them as in CREATE TABLE, or have them proposed by `standpipe schema`"},
		{"  - {bucket: lake, format: parquet, glue: {database: lake, table: clicks}}\n", nil, "outputs[0].glue.table: the table is in the Glue Data Catalog already, where the output takes its columns from (got \"clicks\", line 3); no statement is needed"},
		{"  - {bucket: lake}\n", []string{"--engine", "hive"}, `--engine must be athena, spark, duckdb or trino (got "hive")`},
		{"  - {bucket: lake, schema: \"id number\"}\n", nil, "outputs[0].schema: column id: its type "},
		{"  - {bucket: lake, schema: \"year int\", prefix: \"year=!{timestamp:yyyy}/\"}\n", nil, "make the table of output output-0: column year of the schema and a folder of the prefix have the same name"},
		{two, nil, "the outputs a.b and a-b would both be the table a_b: print each by itself, with --output and --table"},
		{two, []string{"--table", "t"}, "--table names one table, and there are several outputs with a schema: name one with --output (a.b or a-b)"},
		{two, []string{"--output", "c"}, "outputs[2].schema: a table needs columns"},
		{two, []string{"--output", "x"}, `--output must be a.b or a-b or c (got "x")`},
		{two, []string{"--table", "a`b"}, "--table must be letters, digits and underscores (got \"a`b\")"},
		{two, []string{"--database", "my lake"}, `--database must be letters, digits and underscores (got "my lake")`},
		{two, []string{"--since", "26"}, "--since must be a year from 1970 to this one (got 26)"},
	} {
		r := execute(t, nil, append([]string{"ddl", "-c", write(t, ddlHead+c.outputs)}, c.flags...)...)
		if r.code != exitUsage || r.stdout != "" || !strings.Contains(r.stderr, "standpipe: "+c.want) {
			t.Errorf("%q: %s", c.want, r)
		}
	}
}
