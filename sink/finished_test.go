package sink

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The advance takes effect and its answer is lost: the batch is found finished, and its records are counted once.
func TestFinishedBatchesAreCounted(t *testing.T) {
	reg := prometheus.NewRegistry()
	onBench(t, func(o *Options) { o.Registry = reg }, func(t *testing.T, b *bench) {
		var lost atomic.Bool
		b.ledger.hook = func(op, id string) error {
			if op != "advance" || !lost.CompareAndSwap(false, true) {
				return nil
			}
			b.ledger.mu.Lock()
			it := b.ledger.items[id]
			b.ledger.mu.Unlock()
			if err := b.ledger.Advance(t.Context(), it); err != nil {
				t.Error(err)
			}
			return errors.New("answer lost")
		}
		r := b.read("a")
		b.append(r, 1, 50)
		b.append(r, 1, 50)
		b.stop()
		synctest.Wait()
		b.wantAll(r)
		if !lost.Load() {
			t.Fatal("no answer was lost")
		}
		if n := counted(t, reg, "standpipe_delivered_records_total"); n[b.opts.Outputs[0].Name] != 2 {
			t.Errorf("delivered are counted as %v, want 2", n)
		}
	})
}

// Somebody has put back a journal without its metadata. The batch is finished all the same, and the next one goes on.
func TestNobodyWaitsForTheJournalOfAFinishedBatch(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		b.ledger.hook = func(op, id string) error {
			if op != "advance" || id != "batch-1" {
				return nil
			}
			b.ledger.mu.Lock()
			it, there := b.ledger.items[id]
			b.ledger.hook = nil
			b.ledger.mu.Unlock()
			if !there {
				return nil
			}
			if err := b.ledger.Advance(t.Context(), it); err != nil {
				t.Error(err)
			}
			b.store.mu.Lock()
			defer b.store.mu.Unlock()
			b.store.objects[it.Journal.Key] = memObject{data: b.store.objects[it.Journal.Key].data}
			return errors.New("answer lost")
		}
		r := b.read("a")
		b.append(r, 1, 1000)
		time.Sleep(time.Minute)
		b.append(r, 1, 1000)
		time.Sleep(time.Minute)
		b.ledger.mu.Lock()
		promised := len(b.ledger.promised)
		b.ledger.mu.Unlock()
		if promised != 2 {
			t.Errorf("%d batches are promised, want 2", promised)
		}
		b.stop()
		b.wantAll(r)
	})
}

// An alarm on growth needs a first value to grow from.
func TestCountersBeginAtZero(t *testing.T) {
	reg := prometheus.NewRegistry()
	onBench(t, func(o *Options) { o.Registry = reg }, func(t *testing.T, b *bench) {
		for name, want := range map[string]int{"standpipe_delivered_records_total": len(b.outputs), "standpipe_objects_total": len(b.outputs), "standpipe_rejected_records_total": 4, "standpipe_batches_total": 7} {
			if n := counted(t, reg, name); len(n) != want {
				t.Errorf("%s has the values %v before anything happened, want %d of them", name, n, want)
			}
		}
		b.stop()
	})
}

// counted gives the values of a counter by its only label.
func counted(t *testing.T, reg *prometheus.Registry, name string) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				values[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	return values
}
