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
	}{
		{"access logs", sample.AccessLogs, sample.AccessLog, 200_000},
		{"everything", sample.Everything, sample.Record, 20_000},
	} {
		for _, codec := range []string{"snappy", "zstd"} {
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
				if ratio > 1.1 {
					t.Error("more than a tenth larger")
				}
			})
		}
	}
}
