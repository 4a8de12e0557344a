//go:build !race

package sink

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"standpipe/partition"
)

// TestFiveHundredOpenParquetPaths holds the process to 1 GiB while 500 Parquet files are open at once, each beyond the
// size at which it becomes a file, and what is counted to what is taken.
func TestFiveHundredOpenParquetPaths(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const paths, each = 500, 2000 // records of 240 bytes: some 480 KB a path
	base := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	out := &Output{Parquet: accessLogFormat(t)}
	prefix, err := partition.Parse("x/!{timestamp:yyyy/MM/dd/HH/mm/ss}/", partition.Data)
	if err != nil {
		t.Fatal(err)
	}
	out.Prefix = prefix
	store := newBlackHole()
	s := fastSink(t, out, store, 2<<30)
	r := s.Read(t.Context(), "a", 1, "0")
	records := accessLogs(paths*10, func(i int) time.Time { return base.Add(time.Duration(i%paths) * time.Second) })
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range each / 10 {
		if err := r.Append(t.Context(), Response{Records: slices.Values(records), After: fmt.Sprint(i), Through: fmt.Sprint(i + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	taken, counted := int64(after.HeapAlloc)-int64(before.HeapAlloc), s.memory.Used()
	t.Logf("%d paths: %d MiB of heap taken, %d MiB counted; %d MiB from the system", paths, taken>>20, counted>>20, after.Sys>>20)
	if open := len(s.lanes[0].open.objects); open != paths {
		t.Errorf("%d open objects", open)
	}
	if after.Sys > 1<<30 {
		t.Errorf("%d MiB taken from the system", after.Sys>>20)
	}
	if counted < taken*8/10 {
		t.Errorf("%d MiB counted of %d MiB taken", counted>>20, taken>>20)
	}
	r.Close()
	if err := s.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}
