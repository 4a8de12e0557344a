package duckdb

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"standpipe/internal/strangers/sample"
	"standpipe/sink/parquet"
)

// TestFilesAreAsSmallAsDuckDBsOwn copies what Standpipe wrote by DuckDB's COPY with the same codec: of access logs and
// of everything, Standpipe's file is at most a tenth larger.
func TestFilesAreAsSmallAsDuckDBsOwn(t *testing.T) {
	for _, c := range []struct {
		name, columns string
		record        func(r *rand.Rand, i int) []byte
		records       int
		limits        map[string]float64 // by codec
	}{
		{"access logs", sample.AccessLogs, sample.AccessLog, 200_000, map[string]float64{"snappy": 1.1, "zstd": 1.1}},
		// Of random numbers, which are half of it, DuckDB's zstd makes less than the one written in Go.
		{"everything", sample.Everything, sample.Record, 20_000, map[string]float64{"snappy": 1.1, "zstd": 1.15}},
	} {
		for codec, limit := range c.limits {
			t.Run(c.name+" "+codec, func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 2))
				records := make([][]byte, c.records)
				for i := range records {
					records[i] = c.record(r, i)
				}
				dir := t.TempDir()
				ours, theirs := filepath.Join(dir, "ours.parquet"), filepath.Join(dir, "theirs.parquet")
				size := write(t, format(t, c.columns, parquet.Options{}, parquet.FileOptions{Codec: codec}), ours, records, 1000)
				if _, err := open(t).Exec(fmt.Sprintf("COPY (SELECT * FROM read_parquet('%s')) TO '%s' (FORMAT parquet, COMPRESSION %s)", ours, theirs, codec)); err != nil {
					t.Fatal(err)
				}
				info, err := os.Stat(theirs)
				if err != nil {
					t.Fatal(err)
				}
				ratio := float64(size) / float64(info.Size())
				t.Logf("%d bytes, DuckDB's %d: %.3f", size, info.Size(), ratio)
				if ratio > limit {
					t.Errorf("more than %.2f times as large", limit)
				}
			})
		}
	}
}
