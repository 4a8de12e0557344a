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

	"standpipe/internal/strangers/sample"
	"standpipe/sink/parquet"
)

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
			f := format(t, sample.Everything, c.options, c.layout)
			var records [][]byte
			for i := range c.records {
				records = append(records, sample.Record(r, i))
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

// TestDuckDBFindsTheRowsInOrder sorts the rows of a file that is one row group, and compares with the order that DuckDB
// gives the same rows; NULLS LAST is its default too.
func TestDuckDBFindsTheRowsInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var records [][]byte
	for i := range 3000 {
		records = append(records, sample.Record(r, i))
	}
	for _, by := range []string{"s, id", "b DESC NULLS FIRST, n, id desc", "o desc, id", "f NULLS FIRST, ti DESC, id", `"at" DESC, day, id`, "d, id", "m desc nulls first, sm, id"} {
		file := filepath.Join(t.TempDir(), "out.parquet")
		write(t, format(t, sample.Everything, parquet.Options{}, parquet.FileOptions{SortBy: by, Groups: 1}), file, records, 100)
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
