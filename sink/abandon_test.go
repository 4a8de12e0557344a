package sink

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A batch that is given up aborts all its uploads, its journal's too (rule 10).
func TestDropAbortsTheJournal(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		b.ledger.rows["a"] = &memRow{at: "77"}
		r := b.read("a")
		b.append(r, 1, 1000)
		synctest.Wait()
		b.wantNoUploads()
		b.stop()
	})
}

// S3 is down: an append waits for an upload slot inside a batch that has been sealed for the shutdown. The
// stop must end when its time is over.
func TestStopWithAnAppendThatHangs(t *testing.T) {
	onBench(t, func(o *Options) { o.Uploads, o.Size = 1, 64<<20 }, func(t *testing.T, b *bench) {
		over := make(chan struct{})
		b.store.hook = func(ctx context.Context, op, _ string) error {
			select {
			case <-over:
			case <-ctx.Done():
			}
			return errors.New("slow down")
		}
		r := b.read("a")
		appended := make(chan struct{})
		go func() {
			defer close(appended)
			for r.Append(r.Context(), b.response(r, 1, 6<<20)) == nil {
			}
		}()
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		stopped := make(chan error, 1)
		go func() { stopped <- b.Stop(ctx) }()
		select {
		case <-stopped:
		case <-time.After(time.Minute):
			t.Error("the stop hangs")
			// Let the bubble end.
			for _, l := range b.lanes {
				l.mu.Lock()
				l.committing = nil
				l.notify()
				l.mu.Unlock()
			}
			<-stopped
		}
		close(over)
		<-appended
	})
}

// A cut that was asked for a batch which was then dropped is no reason to cut the next one at its first record.
func TestCutAskedForADroppedBatch(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		r, other := b.read("a"), b.read("b")
		b.append(r, 1, 50)
		// The lane's goroutine has not looked yet when the lease is lost.
		r.lane.requestCut(r, CauseHandOver)
		r.Lost()
		synctest.Wait()
		b.append(other, 1, 50)
		time.Sleep(time.Second)
		b.wantCauses()
		b.stop()
	})
}

// A journal with more lines than its header counts is damaged: what it does not count would never be completed.
func TestJournalWithMoreThanItCounts(t *testing.T) {
	j := Journal{Header: JournalHeader{Batch: "b"}, Shards: []JournalShard{{Shard: "a"}}, Objects: []JournalObject{{Upload: Upload{Key: "k"}}, {Upload: Upload{Key: "l"}}}}
	data := strings.Replace(string(bytes.Join(j.encode(), nil)), `"objects":2`, `"objects":1`, 1)
	if got, err := DecodeJournal([]byte(data), "b"); err == nil {
		t.Errorf("read %+v", got)
	}
}
