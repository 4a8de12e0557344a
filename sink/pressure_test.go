package sink

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// The books of closed objects, what open ones hold, and one reader's room together fit the budget, or a cut is
// asked for: a reader must not wait for the interval.
func TestBooksAndOpenObjectsLeaveRoomForAReader(t *testing.T) {
	onBench(t, func(o *Options) { o.Memory, o.Size, o.Interval = NewMemory(1<<20), 100<<20, 15*time.Minute }, func(t *testing.T, b *bench) {
		r := b.read("a")
		// 96 objects are closed early, as by earlier pressure: 192 KiB of books, under a quarter.
		for i := range 96 {
			b.append(r, i%24, 100)
			if i%24 == 23 {
				for _, o := range r.lane.open.all {
					r.lane.closeNow(o)
				}
				synctest.Wait()
			}
		}
		for hour := range 10 { // and open ones hold just under half
			b.append(r, hour, 45_000)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		n, err := b.memory.Acquire(ctx, 512<<10)
		if err != nil {
			t.Errorf("no room within a minute; %d of %d bytes are used", b.memory.Used(), b.memory.Limit())
		}
		b.memory.Add(-n)
		b.stop()
		b.wantAll(r)
	})
}

// The sink ends at the very moment at which the last append of a sealed batch gives up: the batch is dropped before the
// lane notices the end. The stop must come back. On one processor what is started last runs first, which is that order.
func TestStopWhileASealedBatchIsDropped(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range 20 {
		onBench(t, nil, func(t *testing.T, b *bench) {
			r := b.read("a")
			b.append(r, 1, 100)
			l := r.lane
			l.mu.Lock()
			sealed := l.open
			sealed.active++ // an append that hangs
			l.mu.Unlock()
			b.Refuse()
			synctest.Wait()
			l.mu.Lock()
			b.cancel()
			sealed.active--
			l.drop(sealed, context.Canceled)
			l.mu.Unlock()
			synctest.Wait()
			stopped := make(chan struct{})
			go func() {
				defer close(stopped)
				b.wg.Wait() // as Stop does, last
			}()
			select {
			case <-stopped:
			case <-time.After(time.Minute):
				t.Error("the stop hangs")
				l.mu.Lock()
				l.notify() // let the bubble end
				l.mu.Unlock()
				<-stopped
			}
		})
	}
}
