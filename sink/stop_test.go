package sink

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A stop whose time ends leaves what was promised to the next worker, and touches nothing of it.
func TestStopRunsOutOfTime(t *testing.T) {
	for _, stuck := range []string{"part", "intend", "complete", "advance"} {
		onBench(t, nil, func(t *testing.T, b *bench) {
			down := errors.New("service unavailable")
			var up atomic.Bool
			b.store.hook = func(_ context.Context, op, _ string) error {
				if op == stuck && !up.Load() {
					return down
				}
				return nil
			}
			b.ledger.hook = func(op, _ string) error {
				if op == stuck && !up.Load() {
					return down
				}
				return nil
			}
			r := b.read("a")
			b.append(r, 1, 50)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			began := time.Now()
			err := b.Stop(ctx)
			if err == nil || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: got %v", stuck, err)
			}
			if d := time.Since(began); d > 6*time.Second {
				t.Errorf("%s: the stop took %v", stuck, d)
			}
			if len(b.store.aborted) > 0 && stuck != "part" {
				t.Errorf("%s: aborted %v", stuck, b.store.aborted)
			}
			if tr := b.Troubles(); len(tr) != 1 || tr[0].Count < 3 || !errors.Is(tr[0].Last, down) {
				t.Errorf("%s: troubles are %+v", stuck, tr)
			}
			if promised := len(b.ledger.items) == 1; promised != (stuck == "complete" || stuck == "advance") {
				t.Errorf("%s: promised: %v", stuck, promised)
			}
			if len(b.ledger.items) == 0 {
				return
			}
			// The next worker finds the item and carries it out.
			up.Store(true)
			opts := b.opts
			opts.Memory = NewMemory(1 << 20)
			next := New(t.Context(), opts)
			if err := next.CarryOut(t.Context(), "batch-1"); err != nil {
				t.Error(err)
			}
			if err := next.CarryOut(t.Context(), "batch-1"); err != nil {
				t.Errorf("a second time: %v", err)
			}
			b.wantAll(r)
			if err := next.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A server that does not answer at all holds a stop up no longer either.
func TestStopWithCallsThatHang(t *testing.T) {
	onBench(t, func(o *Options) { o.Size = 10 << 20 }, func(t *testing.T, b *bench) {
		b.store.hook = func(ctx context.Context, op, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		}
		r := b.read("a")
		b.append(r, 1, 6<<20)
		b.append(r, 2, 6<<20)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		if err := b.Stop(ctx); err == nil {
			t.Error("the stop reports success")
		}
		if d := time.Since(began); d > 6*time.Second {
			t.Errorf("the stop took %v", d)
		}
	})
}

func TestRefuseCutsOnceAndStopFinishes(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		r1, r2 := b.read("a"), b.read("b")
		b.append(r1, 1, 50)
		b.append(r2, 1, 50)
		b.Refuse()
		for _, r := range []*Reading{r1, r2} {
			if err := r.Append(t.Context(), b.response(r, 1, 50)); !errors.Is(err, ErrStopped) {
				t.Errorf("append: %v", err)
			}
			b.next[r]--
			if err := r.Drain(t.Context()); err != nil {
				t.Errorf("drain: %v", err)
			}
		}
		b.wantCauses(CauseShutdown)
		b.stop()
		b.wantAll(r1, r2)
	})
}

// Answers that decide nothing are asked for again until they do.
func TestEveryCallFailsTwice(t *testing.T) {
	onBench(t, func(o *Options) { o.Size = 8 << 20 }, func(t *testing.T, b *bench) {
		var n atomic.Int64
		flaky := func() error {
			if n.Add(1)%3 != 0 {
				return errors.New("slow down")
			}
			return nil
		}
		b.store.hook = func(_ context.Context, op, key string) error {
			if op == "create" && strings.HasPrefix(key, "data/01/") {
				return nil // its parts wait for it on a mutex, and the bubble's clock does not move then
			}
			return flaky()
		}
		b.ledger.hook = func(string, string) error { return flaky() }
		r := b.read("a")
		for range 3 {
			b.append(r, 1, 6<<20)
		}
		b.append(r, 2, 50)
		b.stop()
		b.wantAll(r)
		for key := range b.store.objects {
			if strings.HasPrefix(key, "data/01/") && !strings.Contains(key, "batch-") {
				t.Errorf("key %s does not carry the batch id", key)
			}
		}
		if len(b.Troubles()) != 0 {
			t.Errorf("troubles are %+v", b.Troubles())
		}
	})
}
