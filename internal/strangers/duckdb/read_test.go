package duckdb

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"

	"standpipe/sink/parquet"
)

// everything has a column of each type that JSON can fill.
const everything = `
	id bigint, ti tinyint, sm smallint, i int, f float, d double, n decimal(9,2), m decimal(18,4), o decimal(30,10),
	b boolean, s string, day date, at timestamp, tags array<string>, deep array<array<struct<x:int,y:map<string,string>>>>,
	counts map<string,bigint>, who struct<name:string,address:struct<city:string,zip:int>>, always string, never string`

func format(t *testing.T, columns string, options parquet.Options, layout parquet.FileOptions) *parquet.Format {
	t.Helper()
	list, err := parquet.ParseColumns(columns)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := parquet.ParseSchema(list, options)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.NewFormat(schema, layout)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// write makes a Parquet file of records, in chunks of so many.
func write(t *testing.T, f *parquet.Format, path string, records [][]byte, chunk int) (size int64) {
	t.Helper()
	var out bytes.Buffer
	file := f.NewFile(func(b []byte) { out.Write(b) }, map[string]string{parquet.MetaBatch: "b-1"})
	s, rows := f.Schema().NewShredder(), f.NewRows()
	for i, r := range records {
		if _, err := s.Append(rows, r); err != nil {
			t.Fatalf("%s: %v", r, err)
		}
		if rows.N == chunk || i == len(records)-1 {
			if err := file.Append(t.Context(), rows); err != nil {
				t.Fatal(err)
			}
			rows.Reset()
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return int64(out.Len())
}

func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // settings are a connection's
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Exec("SET threads = 2; SET memory_limit = '1GB'"); err != nil {
		t.Fatal(err)
	}
	return db
}

func number(t *testing.T, db *sql.DB, query string) (n int64) {
	t.Helper()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// TestDuckDBReadsWhatWentIn writes every type with every layout and compares both ways, by DuckDB alone.
func TestDuckDBReadsWhatWentIn(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for _, c := range []struct {
		name    string
		options parquet.Options
		layout  parquet.FileOptions
		records int
	}{
		{"defaults", parquet.Options{}, parquet.FileOptions{}, 3000},
		{"zstd, pages of version 2", parquet.Options{}, parquet.FileOptions{Codec: "zstd", Version: 2, RowGroup: 100_000, Page: 4000}, 3000},
		{"gzip, no dictionary", parquet.Options{}, parquet.FileOptions{Codec: "gzip", NoDictionary: true, Page: 1000}, 3000},
		{"snappy, pages of version 2", parquet.Options{}, parquet.FileOptions{Version: 2, NoDictionary: true}, 3000},
		{"sorted", parquet.Options{}, parquet.FileOptions{SortBy: "s desc nulls first, o, id", RowGroup: 100_000, Page: 4000}, 3000},
		{"sorted, pages of version 2", parquet.Options{}, parquet.FileOptions{SortBy: "s, at desc", Version: 2, NoDictionary: true, Page: 4000}, 3000},
		{"none, many row groups", parquet.Options{}, parquet.FileOptions{Codec: "none", RowGroup: 1}, 3000},
		{"milliseconds", parquet.Options{Timestamps: parquet.Millis}, parquet.FileOptions{}, 300},
		{"nanoseconds", parquet.Options{Timestamps: parquet.Nanos}, parquet.FileOptions{}, 300},
		{"INT96", parquet.Options{Timestamps: parquet.Int96}, parquet.FileOptions{}, 300},
		{"one row", parquet.Options{}, parquet.FileOptions{}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			f := format(t, everything, c.options, c.layout)
			var records [][]byte
			for i := range c.records {
				records = append(records, record(r, i))
			}
			dir := t.TempDir()
			lines, file := filepath.Join(dir, "in.ndjson"), filepath.Join(dir, "out.parquet")
			write(t, f, file, records, 10)
			if err := os.WriteFile(lines, bytes.Join(records, []byte("\n")), 0o600); err != nil {
				t.Fatal(err)
			}
			db := open(t)
			in := fmt.Sprintf("SELECT * FROM read_json('%s', format='newline_delimited', columns={%s})", lines, types(f.Schema(), c.options))
			out := fmt.Sprintf("SELECT * FROM read_parquet('%s')", file)
			if n := number(t, db, "SELECT count(*) FROM ("+out+")"); n != int64(c.records) {
				t.Fatalf("%d rows", n)
			}
			for name, query := range map[string]string{"lost": in + " EXCEPT ALL " + out, "made": out + " EXCEPT ALL " + in} {
				if n := number(t, db, "SELECT count(*) FROM ("+query+")"); n != 0 {
					var row string
					_ = db.QueryRow("SELECT x::VARCHAR FROM (" + query + ") x ORDER BY id LIMIT 1").Scan(&row)
					t.Errorf("%d rows %s, the first: %s", n, name, row)
				}
			}
			// Statistics are used to skip, so a wrong one loses rows.
			for _, where := range []string{"id = 7", "o < -1000000", "o > 5", "s = 'n-7'", "s > 'm'", "n < 0", `"at" < '2000-01-01'`, "day >= '2020-01-01'", "always IS NULL", "d > 1e100", "never IS NULL"} {
				got := number(t, db, "SELECT count(*) FROM ("+out+") WHERE "+where)
				if want := number(t, db, "SELECT count(*) FROM ("+in+") WHERE "+where); got != want {
					t.Errorf("%d rows where %s, want %d", got, where, want)
				}
			}
		})
	}
}

// types are a schema's columns for read_json.
func types(s *parquet.Schema, o parquet.Options) string {
	var list []string
	for _, c := range s.ColumnsIn(parquet.DuckDB) {
		if c.Type == "timestamptz" {
			switch o.Timestamps {
			case parquet.Int96:
				c.Type = "timestamp" // it carries no zone
			}
		}
		list = append(list, fmt.Sprintf("%q: '%s'", c.Key, strings.ReplaceAll(c.Type, "'", "''")))
	}
	return strings.Join(list, ", ")
}

// record draws a record for everything. Each key but id may be missing or null.
func record(r *rand.Rand, i int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"id":%d`, i)
	add := func(key string, value func() string) {
		switch r.IntN(8) {
		case 0:
			return
		case 1:
			fmt.Fprintf(&b, `,%q:null`, key)
		default:
			fmt.Fprintf(&b, `,%q:%s`, key, value())
		}
	}
	integer := func(bits int) func() string {
		return func() string { return fmt.Sprint(int64(r.Uint64()) >> (64 - bits)) }
	}
	add("ti", integer(8))
	add("sm", integer(16))
	add("i", integer(32))
	add("f", func() string { return fmt.Sprint(float32(r.IntN(1<<24)) / 256) })
	add("d", func() string {
		return fmt.Sprint((r.Float64() - 0.5) * float64(pick(r, 1, 1000, 1<<40)) * pick(r, 1, 1e200))
	})
	add("n", func() string { return fmt.Sprintf(`"%d.%02d"`, r.IntN(2_000_000)-1_000_000, r.IntN(100)) })
	add("m", func() string { return fmt.Sprintf(`"%d.%04d"`, r.Int64N(1e13), r.IntN(10000)) })
	add("o", func() string { return fmt.Sprintf(`"-%d%05d.%010d"`, r.Int64N(1e14)+1, r.IntN(1e5), r.Int64N(1e10)) })
	add("b", func() string { return fmt.Sprint(r.IntN(2) == 0) })
	text := func() string {
		return pick(r, `""`, `"a"`, `"ä\n\"☃"`, `"`+strings.Repeat("long ", r.IntN(100))+`"`, fmt.Sprintf(`"n-%d"`, r.IntN(1000)))
	}
	add("s", text)
	add("day", func() string { return fmt.Sprintf(`"%04d-%02d-%02d"`, 1900+r.IntN(200), 1+r.IntN(12), 1+r.IntN(28)) })
	add("at", func() string {
		return fmt.Sprintf(`"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ"`, 1950+r.IntN(120), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000))
	})
	list := func(open, end string, most int, entry func(i int) string) string {
		var entries []string
		for i := range r.IntN(most + 1) {
			entries = append(entries, entry(i))
		}
		return open + strings.Join(entries, ",") + end
	}
	orNull := func(value func() string) string {
		if r.IntN(6) == 0 {
			return "null"
		}
		return value()
	}
	add("tags", func() string { return list("[", "]", 4, func(int) string { return orNull(text) }) })
	add("deep", func() string {
		return list("[", "]", 3, func(int) string {
			return orNull(func() string {
				return list("[", "]", 2, func(int) string {
					return orNull(func() string {
						return fmt.Sprintf(`{"x":%s,"y":%s}`, orNull(integer(20)), orNull(func() string {
							return list("{", "}", 2, func(i int) string { return fmt.Sprintf(`"k%d":%s`, i, orNull(text)) })
						}))
					})
				})
			})
		})
	})
	add("counts", func() string {
		return list("{", "}", 3, func(i int) string { return fmt.Sprintf(`"c%d":%s`, i, orNull(integer(40))) })
	})
	add("who", func() string {
		return fmt.Sprintf(`{"name":%s,"address":%s}`, orNull(text), orNull(func() string { return fmt.Sprintf(`{"city":%s,"zip":%d}`, orNull(text), r.IntN(99999)) }))
	})
	b.WriteString(`,"always":"here"}`)
	return b.Bytes()
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// TestDuckDBFindsTheRowsInOrder sorts the rows of a file that is one row group, and compares with the order that DuckDB
// gives the same rows; NULLS LAST is its default too.
func TestDuckDBFindsTheRowsInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var records [][]byte
	for i := range 3000 {
		records = append(records, record(r, i))
	}
	for _, by := range []string{"s, id", "b DESC NULLS FIRST, n, id desc", "o desc, id", "f NULLS FIRST, ti DESC, id", `"at" DESC, day, id`, "d, id", "m desc nulls first, sm, id"} {
		file := filepath.Join(t.TempDir(), "out.parquet")
		write(t, format(t, everything, parquet.Options{}, parquet.FileOptions{SortBy: by, Groups: 1}), file, records, 100)
		db := open(t)
		query := fmt.Sprintf("SELECT count(*) FROM (SELECT file_row_number AS stored, row_number() OVER (ORDER BY %s) - 1 AS sorted FROM read_parquet('%s', file_row_number=true)) WHERE stored <> sorted", by, file)
		if n := number(t, db, query); n != 0 {
			t.Errorf("%s: %d of 3000 rows are elsewhere", by, n)
		}
		if n := number(t, db, fmt.Sprintf("SELECT count(*) FROM read_parquet('%s')", file)); n != 3000 {
			t.Errorf("%s: %d rows", by, n)
		}
	}
}
