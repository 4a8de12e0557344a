package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const tryConfig = `stream: {name: clicks, region: eu-west-1, role_arn: "arn:aws:iam::444455556666:role/reader"}
outputs:
  - {name: raw, bucket: lake, prefix: "clicks/year=!{timestamp:yyyy}/"}
  - {name: rows, bucket: table, prefix: "rows/", format: parquet, schema: "a int, b string", catalog: glue, glue: {database: d, table: t}}
`

// instants are what differs between two trials: times, ids and sizes.
var instants = regexp.MustCompile(`\d{4}/\d\d/\d\d/\d\d|year=\d{4}(/month=\d\d/day=\d\d/hour=\d\d)?|-\d{4}(-\d\d){5}-[0-9a-f-]{36}-\d+|[0-9.]+ (bytes|KiB)`)

func TestTryShowsWhatBecomesOfRecords(t *testing.T) {
	dir := t.TempDir()
	file, sample := filepath.Join(dir, "standpipe.yaml"), filepath.Join(dir, "sample.ndjson")
	answer := filepath.Join(dir, "answer.json")
	for name, text := range map[string]string{
		file:   tryConfig,
		sample: "{\"a\":1,\"b\":\"x\"}\n\n{\"a\":\"no\"}\r\nhello\x1b[2J\n",
		answer: `{"Records": [{"SequenceNumber": "49", "Data": "eyJhIjoyfQ==", "PartitionKey": "k"}], "MillisBehindLatest": 0}`,
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lake := filepath.Join(dir, "lake")
	r := execute(t, nil, "try", "-c", file, "--dir", lake, sample, answer)
	if r.code != exitOK {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
	got := strings.ReplaceAll(instants.ReplaceAllString(r.stdout, "*"), dir, "DIR")
	const want = `4 records put into an embedded Kinesis stream and carried by a worker.
Left out of the configuration, since only AWS has them: roles, the Glue catalog.

Output raw: 3 lines in 1 object
  s3://lake/clicks/*/standpipe-clicks*.ndjson.gz  3 lines, *
    {"a":1,"b":"x"}
    {"a":"no"}
    {"a":2}

Output rows: 2 rows in 1 object
  s3://table/rows/*/standpipe-clicks*.parquet  2 rows, *
    {"a":1,"b":"x"}
    {"a":2,"b":null}

Error output: 2 records in 2 objects
  s3://lake/errors/format-conversion-failed/*/standpipe-clicks*.ndjson.gz  1 record, *
    DataFormatConversion.MalformedData for output rows: Data does not match the schema. For input string: "no"
      raw data: {"a":"no"}
  s3://lake/errors/processing-failed/*/standpipe-clicks*.ndjson.gz  1 record, *
    Standpipe.NotJSON: unexpected character instead of a value at byte 0
      raw data: "hello\x1b[2J"

The objects are in DIR/lake, a folder for each bucket.
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if found, err := filepath.Glob(filepath.Join(lake, "table", "rows", "*", "*", "*", "*", "*.parquet")); err != nil || len(found) != 1 {
		t.Errorf("the folder holds %v, %v", found, err)
	}
}

func TestTrySaysWhatItNeeds(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	good := write("good.yaml", "stream: {name: s, region: eu-west-1}\noutputs: [{bucket: lake}]\n")
	glue := write("glue.yaml", "stream: {name: s, region: eu-west-1}\noutputs: [{bucket: lake, format: parquet, glue: {database: d, table: t}}]\n")
	records, empty := write("records", "{}\n"), write("empty", "\n")
	for want, args := range map[string][]string{
		"try needs files with records":             {"-c", good},
		"--as must be auto":                        {"-c", good, "--as", "csv", records},
		"no such file or directory":                {"-c", good, records + "x"},
		"it is a folder: name the files in it":     {"-c", good, dir},
		"there is none in the files":               {"-c", good, empty},
		"it is not what `aws kinesis get-records`": {"-c", good, "--as", "records", records},
		"try outputs[0]: its columns are in AWS":   {"-c", glue, records},
		"it is not empty: name a new one":          {"-c", good, "--dir", dir, records},
		"Kinesis takes":                            {"-c", good, "--as", "whole", write("big", strings.Repeat("x", 11<<20))},
	} {
		if r := execute(t, nil, append([]string{"try"}, args...)...); r.code == exitOK || !strings.Contains(r.stderr, want) {
			t.Errorf("%v: code %d, %q, want %q", args, r.code, r.stderr, want)
		}
	}
}
