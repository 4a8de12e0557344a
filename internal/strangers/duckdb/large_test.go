package duckdb

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"standpipe/internal/parquetread"
	"standpipe/internal/strangers/sample"
	"standpipe/sink/parquet"
)

// TestLargeFile writes one file of STANDPIPE_LARGE megabytes of access logs, as `make soak` asks for it, and has DuckDB find
// in it what went in. The count by which verify judges it stays within little memory.
func TestLargeFile(t *testing.T) {
	megabytes, _ := strconv.Atoi(os.Getenv("STANDPIPE_LARGE"))
	if megabytes == 0 {
		t.Skip("only by `make soak`, or with STANDPIPE_LARGE=1024")
	}
	path := filepath.Join(t.TempDir(), "large.parquet")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	size := 0
	buffered := bufio.NewWriterSize(out, 1<<20)
	f := format(t, sample.AccessLogs, parquet.Options{}, parquet.FileOptions{Codec: "none", Held: 16 << 20})
	file := f.NewFile(func(b []byte) {
		n, err := buffered.Write(b)
		if size += n; err != nil {
			t.Error(err)
		}
	}, nil)
	r := rand.New(rand.NewPCG(1, 2))
	s, rows := f.Schema().NewShredder(), f.NewRows()
	records := int64(0)
	for size < megabytes<<20 {
		for range 1000 {
			if _, err := s.Append(rows, sample.AccessLog(r, int(records))); err != nil {
				t.Fatal(err)
			}
			records++
		}
		if err := file.Append(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
		rows.Reset()
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := buffered.Flush(); err != nil {
		t.Fatal(err)
	}

	db := open(t)
	from := fmt.Sprintf("FROM read_parquet('%s')", path)
	if n := number(t, db, "SELECT count(*) "+from); n != records {
		t.Errorf("%d rows of %d", n, records)
	}
	const first = 1675146135164 // of sample.AccessLog, three milliseconds before the next
	wrong := fmt.Sprintf(` WHERE epoch_ms(requesttime) <> %d + 3 * file_row_number OR length(requestid) <> 36 OR "user" NOT LIKE 'user-%%' OR responselength >= 3000 OR protocol <> 'HTTP/1.1'`, int64(first))
	if n := number(t, db, fmt.Sprintf("SELECT count(*) FROM read_parquet('%s', file_row_number=true)", path)+wrong); n != 0 {
		t.Errorf("%d rows are not what they were", n)
	}

	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	reads := 0
	n, err := parquetread.Count(int64(size), func(from int64) (io.ReadCloser, error) {
		reads++
		return io.NopCloser(io.NewSectionReader(out, from, int64(size)-from)), nil
	})
	runtime.ReadMemStats(&after)
	if err != nil || n != records || reads > 3 {
		t.Errorf("%d rows of %d counted in %d reads: %v", n, records, reads, err)
	}
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 200<<20 {
		t.Errorf("the count took %d MiB of memory", grown>>20)
	}
	t.Logf("%d rows in %d MiB; counting took %d MiB of heap", records, size>>20, (int64(after.HeapSys)-int64(before.HeapSys))>>20)
}
