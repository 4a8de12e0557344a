package duckdb

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"standpipe/internal/strangers/sample"
	"standpipe/sink/parquet"
)

// edges are values at the ends of what a column takes, and beyond. Records that a schema refuses make no file.
func edges() (records [][]byte) {
	add := func(key string, values ...string) {
		for _, v := range values {
			records = append(records, fmt.Appendf(nil, `{"%s":%s}`, key, v))
		}
	}
	add("at", "0", "-1", "999999999999", "-999999999999", "1000000000000", "253402300799999", "9223372036854", "9223372036854775", "-9223372036854775", "92233720368547758",
		"900000000000000000", "-900000000000000000", "9223372036854775807", "-9223372036854775808", "9223372036853", "9223372036853999", "9223372036854775000", "9223372035", "-9223372037",
		"9223372022399999", "-9223372022399999", "-9223372022400001", "-9223372036853999", "1e15", "-1e18", "1e999999999", "1e-999999999", "0.000000001",
		`"0000-01-01 00:00:00"`, `"0000-12-31T23:59:59.999999999Z"`, `"9999-12-31T23:59:59.999999999Z"`, `"1582-10-10 00:00:00"`, `"+292278994-08-17T07:12:55Z"`)
	add("day", `"0000-01-01"`, `"9999-12-31"`, `"0001-01-01"`)
	add("ti", "127", "-128", "128")
	add("id", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "-0")
	add("f", "3.4028235e38", "-3.4028235e38", "1e39", "1.4e-45", "1e-999999999", "-0.0")
	add("d", "1.7976931348623157e308", "-1.7976931348623157e308", "1e309", "5e-324", "-0.0", "1e-999999999")
	add("n", "9999999.99", "-9999999.99", "9999999.995", "-0.001")
	add("o", strings.Repeat("9", 20)+"."+strings.Repeat("9", 10), "-"+strings.Repeat("9", 20)+"."+strings.Repeat("9", 10), "1e999999999", "1e-999999999")
	add("z", strings.Repeat("9", 38), "-"+strings.Repeat("9", 38), strings.Repeat("9", 39))
	top := strings.Repeat("\U0010ffff", 100)
	add("s", `"\u0000"`, `"a\u0000b"`, `"\ud800"`, `"\udfff\ud800x"`, `"`+top+`"`, `"`+strings.Repeat("퟿", 50)+`"`, `"`+strings.Repeat("x", 1<<20)+`"`, `""`, `"\ufffe\uffff"`, `1e999999999`, `{"A":[1,{"B":"\u0000"}]}`)
	add("tags", "[]", `[""]`, "[null,null]", "1", `"x"`, `["\u0000"]`, "["+strings.Repeat(`"t",`, 200_000)+`"t"]`)
	add("counts", "{}", `{"":1}`, `{"\u0000":1,"a":null}`, `{"a":1,"A":2}`, `{"`+top+`":1}`)
	add("who", "{}", `{"name":null}`, `["x",{"city":"\u0000"}]`, `""`)
	add("deep", "[]", "[[]]", "[[{}]]", "[null,[null]]", "{}", `[[{"y":{}}]]`)
	return records
}

// TestDuckDBReadsTheEdges: whatever a record holds, a file of it is read to its end, its values are shown, and filters
// find what a look at every value finds.
func TestDuckDBReadsTheEdges(t *testing.T) {
	for name, options := range map[string]parquet.Options{
		"micros": {}, "millis": {Timestamps: parquet.Millis}, "nanos": {Timestamps: parquet.Nanos}, "int96": {Timestamps: parquet.Int96}, "rest": {Rest: true}, "strict": {Strict: true, Epoch: parquet.EpochMillis},
	} {
		for _, layout := range []parquet.FileOptions{{}, {Version: 2, NoDictionary: true, RowGroup: 1}} {
			t.Run(fmt.Sprint(name, layout.Version), func(t *testing.T) {
				f := format(t, sample.Everything+", z decimal(38,0)", options, layout)
				s, rows := f.Schema().NewShredder(), f.NewRows()
				var fitting [][]byte
				for _, r := range edges() {
					if _, err := s.Append(rows, r); err == nil {
						fitting = append(fitting, r)
					}
				}
				path := filepath.Join(t.TempDir(), "edges.parquet")
				write(t, f, path, fitting, 7)
				db := open(t)
				from := fmt.Sprintf("read_parquet('%s')", path)
				if n := number(t, db, "SELECT count(*) FROM "+from); n != int64(len(fitting)) {
					t.Errorf("%d rows, want %d", n, len(fitting))
				}
				for _, c := range f.Schema().Columns() {
					var n int64
					if err := db.QueryRow(fmt.Sprintf(`SELECT count("%s"::VARCHAR) FROM %s`, c.Name, from)).Scan(&n); err != nil {
						t.Errorf("column %s: %v", c.Name, err)
					}
					if strings.ContainsAny(c.Type, "<") {
						continue
					}
					query := fmt.Sprintf(`SELECT count(*) FROM (SELECT DISTINCT "%[1]s" v FROM %[2]s WHERE "%[1]s" IS NOT NULL) d
						WHERE NOT EXISTS (SELECT 1 FROM %[2]s p WHERE p."%[1]s" = d.v) OR d.v < (SELECT min("%[1]s") FROM %[2]s) OR d.v > (SELECT max("%[1]s") FROM %[2]s)`, c.Name, from)
					if err := db.QueryRow(query).Scan(&n); err != nil || n != 0 {
						t.Errorf("column %s: %d values are not found, %v", c.Name, n, err)
					}
				}
				for _, where := range []string{"id = 9223372036854775807", "d = 0", "f = 0", "ti = 127", `"at" < '1000-01-01'`, `"at" > '9999-01-01'`, "s = chr(0)", "z > 0", "d > 1e300"} {
					got := number(t, db, "SELECT count(*) FROM "+from+" WHERE "+where)
					if want := number(t, db, "SELECT coalesce(sum(CASE WHEN "+where+" THEN 1 ELSE 0 END), 0)::BIGINT FROM "+from); got != want {
						t.Errorf("%s: %d rows, want %d", where, got, want)
					}
				}
				if !bytes.Contains(bytes.Join(fitting, nil), []byte("[[{}]]")) {
					t.Error("nested values are refused")
				}
			})
		}
	}
}

// TestDuckDBReadsDifferencesThatNobodyForesaw: the first rows of a file choose its encodings, and what comes later differs
// by more than a number of the column's width, or has nothing in common.
func TestDuckDBReadsDifferencesThatNobodyForesaw(t *testing.T) {
	f := format(t, "id bigint, i int, at timestamp, day date, s string, w string", parquet.Options{}, parquet.FileOptions{Version: 2, NoDictionary: true})
	var records [][]byte
	add := func(id, i, at int64, day, word, wide string) {
		records = append(records, fmt.Appendf(nil, `{"id":%d,"i":%d,"at":"%s","day":"%s","s":"%s","w":"%s"}`, id, i, time.Unix(at, 0).UTC().Format(time.DateTime), day, word, wide))
	}
	for i := range int64(5000) {
		add(i, i, 1_700_000_000+i, "2026-01-01", fmt.Sprint("/shop/departments/garden/items/", i), fmt.Sprintf("%08d-%016x", i*7919, i*i*2654435761))
	}
	for i := range 5000 {
		if word := strings.Repeat("x", i%3*i); i%2 == 0 {
			add(math.MinInt64, math.MinInt32, -62_000_000_000, "0001-01-01", word, "")
		} else {
			add(math.MaxInt64, math.MaxInt32, 253_000_000_000, "9999-12-31", "é"+word, word)
		}
	}
	dir := t.TempDir()
	lines, file := filepath.Join(dir, "in.ndjson"), filepath.Join(dir, "out.parquet")
	write(t, f, file, records, 500)
	if err := os.WriteFile(lines, bytes.Join(records, []byte("\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	db := open(t)
	in := fmt.Sprintf("SELECT * FROM read_json('%s', format='newline_delimited', columns={id: 'bigint', i: 'integer', \"at\": 'timestamp', day: 'date', s: 'varchar', w: 'varchar'})", lines)
	out := fmt.Sprintf(`SELECT id, i, "at" AT TIME ZONE 'UTC', day, s, w FROM read_parquet('%s')`, file)
	if n := number(t, db, "SELECT count(*) FROM (("+in+") EXCEPT ALL ("+out+"))"); n != 0 {
		t.Errorf("%d rows are lost", n)
	}
	if n := number(t, db, "SELECT count(*) FROM ("+out+") WHERE id = 9223372036854775807 AND i > 0 AND day > '9000-01-01'"); n != 2500 {
		t.Errorf("%d rows are found, want 2500", n)
	}
	if n := number(t, db, fmt.Sprintf("SELECT count(*) FROM parquet_metadata('%s') WHERE encodings LIKE '%%DELTA%%'", file)); n < 5 {
		t.Errorf("%d columns are stored as differences", n)
	}
}
