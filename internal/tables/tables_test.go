package tables

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"standpipe/partition"
	"standpipe/sink/parquet"
)

const hourly = "clicks/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"

func table(t *testing.T, prefix string, json bool) *Table {
	t.Helper()
	p, err := partition.Parse(prefix, partition.Data, partition.WithKeys())
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

// quotes gives a table columns whose names are words of SQL, and keys that need quotes themselves.
func quotes(t *Table) {
	schema, err := parquet.ParseSchema([]parquet.Column{
		{Name: "at", Type: "timestamp"}, {Name: "select", Type: "int", Key: "the 'select'"}, {Name: "Group", Type: `struct<Order:string,to-do:array<struct<user:int>>,plain:map<string,struct<at:date>>>`},
		{Name: "back", Type: "string", Key: `a\b"c`},
	}, parquet.Options{})
	if err != nil {
		panic(err)
	}
	t.Schema, t.Root, t.Codec = schema, "/mnt/o'hara", "zstd"
}

// hiveValues has a table's partition keys escaped.
func hiveValues(t *Table) {
	p, err := partition.Parse(t.Prefix.String(), partition.Data, partition.WithKeys(), partition.HiveValues())
	if err != nil {
		panic(err)
	}
	t.Prefix = p
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
		{name: "random-first", prefix: "a/!{firehose:random-string}/year=!{timestamp:yyyy}/", json: true},
		{name: "keys", prefix: "a/customer_id=!{partitionKeyFromQuery:customer_id}/" + hourly},
		{name: "keys-json", prefix: "a/customer_id=!{partitionKeyFromQuery:customer_id}/dt=!{timestamp:yyyy-MM-dd}/", json: true, change: hiveValues},
		{name: "keys-nameless", prefix: "a/!{partitionKeyFromQuery:Customer}-!{partitionKeyFromLambda:zone}/!{timestamp:yyyy/MM/dd}/"},
		{name: "quotes", prefix: "it's/Dt=!{timestamp:yyyy-MM-dd'T'HH}/", json: true, change: quotes},
		{name: "quotes-parquet", prefix: "it's/Dt=!{timestamp:yyyy-MM-dd'T'HH}/", change: quotes},
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
		{prefix: "a/born=!{timestamp:yyyy}/", want: "have the same name"},
		{prefix: "a/Born=!{timestamp:yyyy}/", want: "have the same name"},
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

// TestWhatGivesNoPartitions: such a prefix makes one table of all that lies below it, which says why.
func TestWhatGivesNoPartitions(t *testing.T) {
	for prefix, want := range map[string]string{
		"a/b-!{firehose:random-string}/":                          "has no time in it",
		"a/!{firehose:random-string}/year=!{timestamp:yyyy}/":     "a time behind or beside a random string",
		"a/year=!{timestamp:yyyy}!{firehose:random-string}/":      "a time behind or beside a random string",
		"a/t=!{timestamp:yyyy}/t=!{timestamp:MM}/":                "two folders called t=",
		"a/t=!{timestamp:yyyy}/T=!{timestamp:MM}/":                "two folders called t=",
		"a/my-year=!{timestamp:yyyy}/":                            "which can be no column",
		"a/year=!{timestamp:yy}/":                                 "write it with yyyy",
		"a/month=!{timestamp:M}/":                                 "write it with yyyy",
		"a/year=!{timestamp:YYYY}/":                               "a time in year that engines can not compute",
		"a/!{timestamp:yyyy/DDD}/":                                "a time in time that engines can not compute",
		"a/h=!{timestamp:hh}/":                                    "write it with yyyy",
		"a/month=!{timestamp:MMM}/":                               "write it with yyyy",
		"a/h=!{timestamp:ppH}/":                                   "write it with yyyy",
		"a/z=!{timestamp:VV}/":                                    "write it with yyyy",
		"a/t=!{timestamp:HH-mm}/":                                 "no date by itself",
		"a/t=!{timestamp:dd.MM.yyyy}/":                            "no date by itself",
		"a/k=!{partitionKeyFromQuery:k}-!{timestamp:yyyy}/":       "a time and the partition key !{partitionKeyFromQuery:k} in one folder",
		"a/!{firehose:random-string}/!{partitionKeyFromQuery:k}/": "a partition key behind or beside a random string, so the folder of a partition key",
		"a/!{partitionKeyFromQuery:k}/K=!{timestamp:yyyy}/":       "two folders called k=",
		"a/!{partitionKeyFromQuery:my-key}/":                      "a folder my-key=, which can be no column",
	} {
		for _, engine := range Engines {
			text, err := table(t, prefix, false).DDL(engine)
			if err != nil {
				t.Errorf("%s for %s: %v", prefix, engine, err)
				continue
			}
			note := regexp.MustCompile(`(?m)^(-- |COMMENT ')The table has no partitions, so each query reads all objects: .*`).FindString(text)
			if !strings.Contains(note, want) || strings.Contains(strings.ToLower(strings.ReplaceAll(text, note, "")), "partition") && engine != DuckDB || !strings.Contains(text, "my-lake/a/") {
				t.Errorf("%s for %s:\n%s", prefix, engine, text)
			}
		}
	}
}

// TestAthenaGetsNoComments: it joins the lines of a statement, so that a comment would swallow all that follows it.
// https://github.com/aws/aws-cdk/issues/21416
func TestAthenaGetsNoComments(t *testing.T) {
	files, err := filepath.Glob("testdata/*.athena.sql")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err != nil || strings.Contains(string(text), "--") {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
	}
}

// TestCodecsThatAnEngineCanNotRead are told in the statement, not found out by its first query.
func TestCodecsThatAnEngineCanNotRead(t *testing.T) {
	for _, c := range []struct {
		codec, extension string
		told             string // engines
	}{
		{"gzip", ".ndjson.gz", ""}, {"none", ".ndjson", ""}, {"zstd", ".ndjson.zst", ""}, {"hadoop_snappy", ".snappy", "duckdb"},
		{"snappy", ".snappy", "athena spark duckdb trino"}, {"zip", ".zip", "athena spark duckdb trino"}, {"gzip", ".json", "athena spark trino"},
	} {
		var told []string
		for _, engine := range Engines {
			table := table(t, hourly, true)
			table.Codec, table.Extension = c.codec, c.extension
			text, err := table.DDL(engine)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(text, "can not be read by "+engine.name()) || strings.Contains(text, "are taken for plain text by "+engine.name()) {
				told = append(told, string(engine))
			}
		}
		if got := strings.Join(told, " "); got != c.told {
			t.Errorf("%s in %s: told for %q, want %q", c.codec, c.extension, got, c.told)
		}
	}
}
