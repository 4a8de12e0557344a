package duckdb

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"standpipe/internal/tables"
	"standpipe/partition"
	"standpipe/sink/parquet"
)

// words are columns that are words of SQL, or come from keys that need quotes.
const words = `at timestamp, "select" int from "the 'select'", "Group" struct<Order:string,from:int,todo:array<struct<user:int>>>,
	"table" map<string,int>, "end" date, "user" string from callerId, "desc" decimal(9,2)`

// rowsOfWords are two records for them, and what the table has to hold.
var rowsOfWords = []string{
	`{"at":1675146135164,"the 'select'":7,"Group":{"Order":"a","from":1,"todo":[{"user":3}]},"table":{"x":1},"end":"2026-01-31","callerId":"u-1","desc":1.25}`,
	`{"at":"2023-01-31T06:22:15.5Z","the 'select'":null,"callerId":"u-2"}`,
}

const wantOfWords = `2023-01-31 06:22:15.164+00|7|a|3|1|2026-01-31|u-1|1.25
2023-01-31 06:22:15.5+00|NULL|NULL|NULL|NULL|NULL|u-2|NULL`

// TestStatementsRun has DuckDB make tables by our statements and read what a sink would have written.
func TestStatementsRun(t *testing.T) {
	at := time.Date(2026, 1, 31, 6, 22, 15, 0, time.UTC)
	for _, c := range []struct {
		prefix string
		json   bool
		where  string // that holds for every row
	}{
		{"clicks/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/", false, "year = 2026 AND month = 1 AND day = 31 AND hour = 6"},
		{"clicks/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/", true, "year = 2026 AND month = 1 AND day = 31 AND hour = 6"},
		{"it's [a] *?/Dt=!{timestamp:yyyy-MM-dd'T'HH}/", false, "dt = '2026-01-31T06'"},
		{"it's [a] *?/Dt=!{timestamp:yyyy-MM-dd'T'HH}/", true, "dt = '2026-01-31T06'"},
		{"raw/", true, "true"},
		{"!{firehose:random-string}/from=!{timestamp:yyyy}/", false, "true"},
		{"order=!{timestamp:yyyy}/", true, `"order" = 2026`},
	} {
		for _, codec := range []string{"none", "gzip", "zstd"} {
			name := fmt.Sprintf("%s json=%v %s", c.prefix, c.json, codec)
			p, err := partition.Parse(c.prefix, partition.Data)
			if err != nil {
				t.Fatal(name, err)
			}
			root, f := t.TempDir(), format(t, words, parquet.Options{}, parquet.FileOptions{Codec: codec})
			table := &tables.Table{
				Database: "lake", Name: "table", Schema: f.Schema(), JSON: c.json, Bucket: "lake", Root: root,
				Prefix: p, Extension: ".data", Codec: codec, UTC: true, FirstYear: 2026,
			}
			file := filepath.Join(root, partition.ObjectKey(p.Path(at, ""), func() string { return "x" }, "part.data"))
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			records := [][]byte{[]byte(rowsOfWords[0]), []byte(rowsOfWords[1])}
			if c.json {
				lines(t, file, codec, records)
			} else {
				write(t, f, file, records, 10)
			}
			text, err := table.DDL(tables.DuckDB)
			if err != nil {
				t.Fatal(name, err)
			}
			db := open(t)
			if _, err := db.Exec("SET TimeZone = 'UTC';\n" + text); err != nil {
				t.Errorf("%s: %v\n%s", name, err, text)
				continue
			}
			var got string
			query := `SELECT string_agg(concat_ws('|', ifnull("at"::varchar, 'NULL'), ifnull("select"::varchar, 'NULL'), ifnull("group"."order", 'NULL'),
				ifnull("group".todo[1]."user"::varchar, 'NULL'), ifnull("table"['x']::varchar, 'NULL'), ifnull("end"::varchar, 'NULL'), "user",
				ifnull("desc"::varchar, 'NULL')), chr(10) ORDER BY "user") FROM lake."table" WHERE ` + c.where
			if err := db.QueryRow(query).Scan(&got); err != nil || got != wantOfWords {
				t.Errorf("%s: %v\n got %s\nwant %s\n%s", name, err, got, wantOfWords, text)
			}
		}
	}
}

// lines writes records as a file of lines.
func lines(t *testing.T, file, codec string, records [][]byte) {
	t.Helper()
	data := append(bytes.Join(records, []byte("\n")), '\n')
	var out bytes.Buffer
	switch codec {
	case "gzip":
		z := gzip.NewWriter(&out)
		if _, err := z.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	case "zstd":
		z, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	default:
		out.Write(data)
	}
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
