package sink

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"standpipe/partition"
)

// When a reader waits for room the objects written least recently leave for S3; the batch is not cut.
func TestMemoryPressureClosesObjectsButCutsNothing(t *testing.T) {
	reg := prometheus.NewRegistry()
	onBench(t, func(o *Options) { o.Memory, o.Size, o.Registry = NewMemory(1<<20), 10<<20, reg }, func(t *testing.T, b *bench) {
		r := b.read("a")
		for hour := range 9 {
			b.append(r, hour, 80_000)
		}
		b.append(r, 0, 100) // the first path is the one written last
		synctest.Wait()
		if len(b.store.uploads) != 0 {
			t.Fatalf("%d uploads before there was pressure", len(b.store.uploads))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		n, err := b.memory.Acquire(ctx, 512<<10)
		if err != nil {
			t.Fatal(err)
		}
		b.memory.Add(-n)
		b.wantCauses()
		closed := len(b.store.uploads)
		if closed == 0 || closed == 9 || counter(t, reg, "standpipe_objects_closed_early_total") != float64(closed) {
			t.Errorf("%d objects were closed, the metric says %v", closed, counter(t, reg, "standpipe_objects_closed_early_total"))
		}
		for _, u := range b.store.uploads {
			if strings.HasPrefix(u.key, "data/00/") {
				t.Error("the object written last was closed")
			}
		}
		for hour := range 9 { // closed paths open again under a new name
			b.append(r, hour, 100)
		}
		b.stop()
		b.wantCauses(CauseShutdown)
		b.wantAll(r)
	})
}

// When the books of closed objects themselves fill the budget, only a cut helps.
func TestMemoryPressureOfTooManyObjectsCuts(t *testing.T) {
	onBench(t, func(o *Options) { o.Memory, o.Size = NewMemory(256<<10), 10<<20 }, func(t *testing.T, b *bench) {
		r := b.read("a")
		for i := range 200 {
			n, err := b.memory.Acquire(t.Context(), 20<<10)
			if err != nil {
				t.Fatal(err)
			}
			b.append(r, i%24, 5000)
			b.memory.Add(-n)
		}
		if got := b.causes(); len(got) == 0 || got[0] != string(CauseMemory) {
			t.Errorf("batches were cut for %v", got)
		}
		b.stop()
		b.wantAll(r)
	})
}

// All shapes at once: gzip and plain, parts and small objects, errors, pressure. Every line once, no byte of
// memory kept, no goroutine left.
func TestMemoryIsZeroAtTheEnd(t *testing.T) {
	onBench(t, func(o *Options) {
		o.Memory, o.Size, o.Interval = NewMemory(24<<20), 12<<20, 5*time.Second
		zip := *o.Outputs[0]
		zip.Name, zip.Prefix, zip.Compression = "zip", parsePrefix(t, "zip/!{timestamp:HH}/", partition.Data), "gzip"
		o.Outputs = append(o.Outputs, &zip)
	}, func(t *testing.T, b *bench) {
		var rs []*Reading
		for i := range 3 {
			rs = append(rs, b.read(fmt.Sprint("s", i)))
		}
		for k := range 24 {
			r := rs[k%3]
			n, err := b.memory.Acquire(t.Context(), 3<<20)
			if err != nil {
				t.Fatal(err)
			}
			resp := b.response(r, k%4, 1<<20)
			records := slices.Collect(resp.Records)
			resp.Records = slices.Values(append(records, Record{Data: []byte("no JSON"), Arrival: records[0].Arrival, Sequence: resp.Through, SubSequence: 1}))
			if err := r.Append(t.Context(), resp); err != nil {
				t.Fatal(err)
			}
			b.memory.Add(-n)
			time.Sleep(200 * time.Millisecond)
		}
		b.stop()
		b.wantAll(rs...)
	})
}

func counter(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}
