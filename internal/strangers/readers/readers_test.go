package readers

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"standpipe/internal/strangers/sample"
	"standpipe/sink/parquet"
)

// thousands has a row group a record, and few columns, since each reader takes some time for each.
const thousands = "thousands of row groups"

// TestStrangersReadWhatWentIn writes every type with every layout, and compares each value that each reader has with the
// JSON that it was made of.
func TestStrangersReadWhatWentIn(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	files := []struct {
		name    string
		options parquet.Options
		layout  parquet.FileOptions
		records int
	}{
		{"defaults", parquet.Options{}, parquet.FileOptions{}, 300},
		{"zstd, pages of version 2", parquet.Options{}, parquet.FileOptions{Codec: "zstd", Version: 2, RowGroup: 50_000, Page: 4000}, 300},
		{"snappy, pages of version 2", parquet.Options{}, parquet.FileOptions{Version: 2, NoDictionary: true}, 300},
		{"gzip, no dictionary", parquet.Options{}, parquet.FileOptions{Codec: "gzip", NoDictionary: true, Page: 1000}, 300},
		{"none, many row groups", parquet.Options{}, parquet.FileOptions{Codec: "none", RowGroup: 1}, 100},
		{thousands, parquet.Options{}, parquet.FileOptions{RowGroup: 1}, 2500},
		{"sorted", parquet.Options{}, parquet.FileOptions{SortBy: "id", Version: 2}, 300},
		{"milliseconds", parquet.Options{Timestamps: parquet.Millis}, parquet.FileOptions{}, 100},
		{"nanoseconds", parquet.Options{Timestamps: parquet.Nanos}, parquet.FileOptions{}, 100},
		{"INT96", parquet.Options{Timestamps: parquet.Int96}, parquet.FileOptions{}, 100},
		{"one row", parquet.Options{}, parquet.FileOptions{}, 1},
	}
	dir := t.TempDir()
	records := make([][][]byte, len(files))
	paths, columns := make([]string, len(files)), make([][]parquet.Column, len(files))
	for i, f := range files {
		schema := sample.Everything
		if f.name == thousands {
			schema = "id bigint, s string, tags array<string>"
		}
		var err error
		if columns[i], err = parquet.ParseColumns(schema); err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		for n := range f.records {
			records[i] = append(records[i], sample.Record(r, n))
		}
		paths[i] = filepath.Join(dir, strings.ReplaceAll(f.name, " ", "-")+".parquet")
		write(t, paths[i], columns[i], f.options, f.layout, records[i])
	}
	for _, reader := range all {
		t.Run(reader.name, func(t *testing.T) {
			t.Parallel()
			reader.require(t)
			reader.read(t, paths)
			for i, f := range files {
				t.Run(f.name, func(t *testing.T) {
					compare(t, reader, columns[i], records[i], reader.lines(t, paths[i]))
				})
			}
		})
	}
}

// write makes a Parquet file, a row group of which ends no sooner than after a record.
func write(t *testing.T, path string, columns []parquet.Column, options parquet.Options, layout parquet.FileOptions, records [][]byte) {
	t.Helper()
	schema, err := parquet.ParseSchema(columns, options)
	if err != nil {
		t.Fatal(err)
	}
	layout.Groups = 1 // so that the rows stay in their order
	format, err := parquet.NewFormat(schema, layout)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	file := format.NewFile(func(b []byte) { out.Write(b) }, map[string]string{parquet.MetaBatch: "b"})
	for _, r := range records {
		if err := file.AppendJSON(t.Context(), r); err != nil {
			t.Fatalf("%s: %v", r, err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// compare holds what a reader printed to the records.
func compare(t *testing.T, r reader, columns []parquet.Column, records, lines [][]byte) {
	t.Helper()
	if len(lines) != len(records) {
		t.Fatalf("%d rows of %d", len(lines), len(records))
	}
	for i, line := range lines {
		got, err := decode(line)
		if err != nil {
			t.Fatalf("row %d: %.200q: %v", i, line, err)
		}
		want, err := decode(records[i])
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(columns) {
			t.Fatalf("row %d has %d columns: %.500s", i, len(got), line)
		}
		for _, c := range columns {
			if d := differs(c.Type, want[c.Name], got[c.Name], r.inexact); d != "" {
				t.Fatalf("row %d, column %s %s%s", i, c.Name, c.Type, d)
			}
		}
	}
}
