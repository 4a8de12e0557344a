package sink

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// heldJournal blocks the first batch between its close and its intent.
func heldJournal(b *bench) (goOn chan struct{}) {
	goOn = make(chan struct{})
	b.store.hook = func(_ context.Context, op, key string) error {
		if op == "create" && strings.HasPrefix(key, "_standpipe/") && strings.Contains(key, "batch-1") {
			<-goOn
		}
		return nil
	}
	return goOn
}

func (b *bench) wantOver(want bool, rs ...*Reading) {
	b.t.Helper()
	for _, r := range rs {
		if over(r) != want {
			b.t.Errorf("the reading of %s is over: %v, want %v", r.shard, over(r), want)
		}
	}
}

func (b *bench) wantNoUploads(prefix ...string) {
	b.t.Helper()
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	for _, u := range b.store.uploads {
		if len(prefix) > 0 && !strings.HasPrefix(u.key, prefix[0]) {
			continue
		}
		b.t.Errorf("an upload of %s is left open", u.key)
	}
}

// Rule 4: bytes of a lost shard can not be taken out of the parts, so the open batch goes whole.
func TestPoisonDropsTheWholeBatch(t *testing.T) {
	onBench(t, func(o *Options) { o.Size = 10 << 20 }, func(t *testing.T, b *bench) {
		r1, r2, r3 := b.read("a"), b.read("b"), b.read("c")
		b.append(r1, 1, 6<<20) // a part has left already
		b.append(r2, 1, 50)
		synctest.Wait()
		r1.Lost()
		b.wantOver(true, r1, r2)
		b.wantOver(false, r3) // it has no bytes in the batch
		if err := r2.Append(t.Context(), b.response(r2, 1, 50)); !errors.Is(err, ErrDropped) {
			t.Errorf("append: %v", err)
		}
		if err := r2.Committed(t.Context()); !errors.Is(err, ErrDropped) {
			t.Errorf("committed: %v", err)
		}
		for _, r := range []*Reading{r1, r2} {
			if err := r.Settled(t.Context()); err != nil {
				t.Error(err)
			}
			r.Close()
		}
		synctest.Wait()
		b.wantNoUploads()
		if used := b.memory.Used(); used != 0 {
			t.Errorf("%d bytes are held", used)
		}
		again := b.read("b") // from its checkpoint
		b.append(again, 1, 50)
		b.append(r3, 1, 50)
		b.stop()
		b.wantAll(again, r3)
		if len(b.ledger.promised) != 1 || len(b.ledger.promised[0].Spans) != 2 {
			t.Errorf("promised %+v", b.ledger.promised)
		}
	})
}

// A lease is lost after the cut, before the intent: that batch goes, and the open one which continues it.
func TestDropOfACommittingBatchEndsWhatContinuesIt(t *testing.T) {
	for _, shared := range []bool{true, false} {
		onBench(t, nil, func(t *testing.T, b *bench) {
			goOn := heldJournal(b)
			r1, r2, r3 := b.read("a"), b.read("b"), b.read("c")
			b.append(r1, 1, 500)
			b.append(r2, 1, 500)
			synctest.Wait()
			b.append(r3, 1, 50)
			if shared {
				b.append(r2, 1, 50)
			}
			r1.Lost()
			b.wantOver(true, r1, r2)
			b.wantOver(shared, r3)
			close(goOn)
			synctest.Wait()
			b.wantNoUploadsBut(!shared)
			if shared {
				r3.Close()
				r3 = b.read("c")
				b.append(r3, 1, 50)
			}
			b.stop()
			b.wantAll(r3)
			for _, it := range b.ledger.promised {
				if it.ID == "batch-1" || len(it.Spans) != 1 {
					t.Errorf("promised %+v", it)
				}
			}
		})
	}
}

func (b *bench) wantNoUploadsBut(open bool) {
	b.t.Helper()
	if !open {
		b.wantNoUploads()
	}
}

// Rule 9: an intent refused for good drops the batch and what continues it.
func TestIntentRefusedForGood(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		b.ledger.rows["a"] = &memRow{at: "77"}
		goOn := make(chan struct{})
		b.ledger.hook = func(op, id string) error {
			if id == "batch-1" {
				<-goOn
			}
			return nil
		}
		r1, r2 := b.read("a"), b.read("b")
		b.append(r1, 1, 500)
		b.append(r2, 1, 500)
		synctest.Wait()
		b.append(r2, 1, 50)
		close(goOn)
		synctest.Wait()
		b.wantOver(true, r1, r2)
		b.wantNoUploads("data/")
		if len(b.ledger.promised) != 0 {
			t.Errorf("promised %+v", b.ledger.promised)
		}
		b.stop()
	})
}

// Over a damaged row nobody can say that an intent will never succeed. It is dropped, so that the other shards go on, if
// each attempt was answered; one that was not may take effect when the row is mended, so it is awaited then.
func TestIntentOverADamagedRow(t *testing.T) {
	for _, lost := range []bool{false, true} {
		onBench(t, nil, func(t *testing.T, b *bench) {
			var mended atomic.Bool
			attempts := 0
			b.ledger.hook = func(op, id string) error {
				if op != "intend" || id != "batch-1" || mended.Load() {
					return nil
				}
				if attempts++; attempts == 1 && lost {
					return errors.New("timeout")
				}
				return &RefusedError{Op: op, Batch: id, Damaged: errors.New("checkpoint is a number")}
			}
			r := b.read("a")
			b.append(r, 1, 1000)
			time.Sleep(time.Minute)
			b.wantOver(!lost, r)
			if troubled := len(b.Troubles()) > 0; troubled != lost {
				t.Errorf("troubles are %v", b.Troubles())
			}
			mended.Store(true)
			if !lost {
				b.wantNoUploads("data/")
				b.stop()
				return
			}
			if len(b.store.aborted) != 0 {
				t.Errorf("aborted %v", b.store.aborted)
			}
			time.Sleep(time.Minute)
			b.stop()
			b.wantAll(r)
		})
	}
}

// While an intent is undecided its uploads are not touched, and nobody reads on from the row.
func TestUndecidedIntentIsLeftAlone(t *testing.T) {
	for _, took := range []bool{true, false} {
		onBench(t, nil, func(t *testing.T, b *bench) {
			var clear atomic.Bool
			first := true
			b.ledger.hook = func(op, id string) error {
				switch {
				case op != "intend" || clear.Load():
					return nil
				case first && took:
					first = false
					return nil // takes effect; the answer is lost below
				}
				return errors.New("timeout")
			}
			lossy := &lossyLedger{memLedger: b.ledger, lose: took}
			b.Sink.ledger = lossy
			r := b.read("a")
			b.append(r, 1, 1000)
			time.Sleep(time.Minute)
			r.Lost() // attempted: no drop
			b.wantOver(true, r)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if err := r.Settled(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("settled while undecided: %v", err)
			}
			cancel()
			if len(b.store.aborted) != 0 {
				t.Errorf("aborted %v", b.store.aborted)
			}
			if !took { // refused for good from now on
				b.ledger.mu.Lock()
				b.ledger.rows["a"] = &memRow{at: "stolen"}
				b.ledger.mu.Unlock()
			}
			clear.Store(true)
			if err := r.Settled(t.Context()); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
			if got := len(b.delivered()["a"]); got != map[bool]int{true: 1, false: 0}[took] {
				t.Errorf("%d records are visible", got)
			}
			b.wantNoUploads("data/")
			b.stop()
		})
	}
}

// lossyLedger loses the answer of the first intent.
type lossyLedger struct {
	*memLedger
	lose bool
}

func (l *lossyLedger) Intend(ctx context.Context, it Item) error {
	err := l.memLedger.Intend(ctx, it)
	if l.lose && err == nil {
		l.lose = false
		return errors.New("answer lost")
	}
	return err
}

// A pending batch of somebody else is carried out first, then the intent is sent again.
func TestIntentWaitsForAnotherBatch(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		other := Item{ID: "other", State: Committed, Spans: []Span{{Shard: "b", After: "0", Through: "0"}}}
		if err := b.ledger.Intend(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		r1, r2 := b.read("a"), b.read("b")
		b.append(r1, 1, 500)
		b.append(r2, 1, 500)
		time.Sleep(time.Second)
		b.wantCauses(CauseSize)
		if _, there := b.ledger.items["other"]; there {
			t.Error("the other batch is still pending")
		}
		b.stop()
		b.wantAll(r1, r2)
	})
}

// An upload vanishes between intent and completion: the batch is taken back whole, and read again.
func TestVanishedUploadUndoesTheBatch(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		b.store.hook = func(_ context.Context, op, key string) error {
			if op == "complete" && strings.HasPrefix(key, "_standpipe/") {
				b.store.mu.Lock()
				defer b.store.mu.Unlock()
				for id, u := range b.store.uploads {
					if strings.HasPrefix(u.key, "data/02/") && u.batch == "batch-1" {
						delete(b.store.uploads, id)
					}
				}
			}
			return nil
		}
		r1, r2 := b.read("a"), b.read("b")
		b.append(r1, 1, 50)
		b.append(r2, 2, 1000)
		b.append(r1, 1, 1000)
		time.Sleep(time.Second)
		b.wantOver(true, r1, r2)
		if b.at("a") != "0" || b.at("b") != "0" || len(b.store.objects) != 0 || len(b.ledger.items) != 0 {
			t.Errorf("checkpoints %s and %s, %d objects, %d items", b.at("a"), b.at("b"), len(b.store.objects), len(b.ledger.items))
		}
		b.wantNoUploads()
		r1.Close()
		r2.Close()
		r1, r2 = b.read("a"), b.read("b")
		b.append(r1, 1, 1000)
		b.append(r2, 2, 1000)
		b.stop()
		b.wantAll(r1, r2)
	})
}

// An upload that vanishes before the intent costs the batch, nothing else.
func TestUploadGoneBeforeTheIntent(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		var gone atomic.Bool
		gone.Store(true)
		b.store.hook = func(_ context.Context, op, key string) error {
			if op == "part" && gone.Load() {
				return ErrNoSuchUpload
			}
			return nil
		}
		r := b.read("a")
		b.append(r, 1, 1000)
		synctest.Wait()
		b.wantOver(true, r)
		gone.Store(false)
		r.Close()
		r = b.read("a")
		b.append(r, 1, 1000)
		b.stop()
		b.wantAll(r)
	})
}

// Records that do not continue where the shard stands would leave a gap: the batch is dropped.
func TestAppendOutOfOrder(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		r, other := b.read("a"), b.read("b")
		b.append(r, 1, 50)
		b.append(other, 1, 50)
		if err := r.Append(t.Context(), Response{After: "7", Through: "8"}); err == nil {
			t.Error("records after a gap are taken")
		}
		b.wantOver(true, r, other)
		b.stop()
		if len(b.ledger.promised) != 0 {
			t.Errorf("promised %+v", b.ledger.promised)
		}
	})
}

// A reading that leaves with bytes in the open batch takes it down (its bytes can not be taken out).
func TestCloseWithoutDrain(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		r, other := b.read("a"), b.read("b")
		b.append(r, 1, 50)
		b.append(other, 1, 50)
		r.Close()
		b.wantOver(true, other)
		b.stop()
		b.wantNoUploads()
	})
}
