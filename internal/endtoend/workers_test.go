package endtoend

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
)

// spread waits until each of these workers owns so many shards.
func (w *World) spread(shards int, workers ...*Worker) {
	w.T.Helper()
	w.eventually(2*time.Minute, fmt.Sprintf("%d shards each", shards), func() bool {
		return !slices.ContainsFunc(workers, func(wk *Worker) bool { return w.ownedBy(wk.Name) != shards })
	})
}

// stop ends workers as SIGTERM does, one after the other, and wants each to leave nothing behind.
func (w *World) stop(workers ...*Worker) {
	w.T.Helper()
	for _, wk := range workers {
		if err := wk.Stop(); err != nil {
			w.T.Errorf("stop %s: %v", wk.Name, err)
		}
	}
}

// beatOf gives a worker's heartbeat as the table has it, "" when it has no row.
func (w *World) beatOf(wk *Worker) string {
	for _, r := range w.Dynamo.Dump(Tables) {
		if r["leaseKey"] == "standpipe#worker#"+wk.Name {
			return fmt.Sprint(r["beat"])
		}
	}
	return ""
}

func TestTwoWorkersOneKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 4)
		a := w.Start(Settings{})
		w.spread(4, a)
		b := w.Start(Settings{})
		w.Put(200)
		w.spread(2, a, b)
		w.Exactly(time.Minute, "clicks/")
		w.Put(200)
		time.Sleep(1300 * time.Millisecond)
		a.Kill()
		w.Put(200)
		w.split(shard(1))
		w.Put(200)
		w.Exactly(3*time.Minute, "clicks/")
		w.spread(5, b)
		w.stop(b)
		a.Gone()
	})
}

// A worker that stands still beyond the failover time and then goes on must not double or lose anything.
func TestFrozenWorkerWakesUpAfterTakeover(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{300 * time.Millisecond, 1900 * time.Millisecond, 2001 * time.Millisecond, 2100 * time.Millisecond} {
		t.Run(after.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 3)
				w.Put(300)
				a := w.Start(Settings{})
				w.spread(3, a)
				time.Sleep(after)
				a.Freeze()
				w.Put(100)
				b := w.Start(Settings{})
				w.Exactly(3*time.Minute, "clicks/")
				a.Thaw()
				w.Put(100)
				time.Sleep(time.Minute)
				w.Exactly(3*time.Minute, "clicks/")
				w.stop(a)
				w.Put(50)
				w.Exactly(3*time.Minute, "clicks/")
				w.stop(b)
			})
		})
	}
}

// Only the heartbeat of a worker fails: others take its shards while it goes on in good faith.
func TestHeartbeatAloneFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		a := w.Start(Settings{})
		w.Put(100)
		w.spread(2, a)
		w.stealFrom(a)
		b := w.Start(Settings{})
		for range 30 {
			w.Put(20)
			time.Sleep(time.Second)
		}
		w.spread(2, b)
		w.Exactly(2*time.Minute, "clicks/")
		w.stop(a, b)
	})
}

// What a worker last wrote of its heartbeat is cut off by its stop and reaches the table after its row was removed.
// It must not count as alive again: nobody would read its share of the shards for a failover time.
func TestHeartbeatArrivesAfterTheStop(t *testing.T) {
	for _, c := range []struct {
		op   string
		lost bool   // the row, so that the worker is about to make it anew
		beat string // afterwards
	}{{"UpdateItem", false, ""}, {"PutItem", true, "0"}} {
		t.Run(c.op, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 4)
				a, b := w.Start(Settings{}), w.Start(Settings{})
				w.spread(2, a, b)
				var held once
				sent, stopped, landed := make(chan struct{}), make(chan struct{}), make(chan struct{})
				w.Dynamo.Control(c.op, func(call faults.Call, next func()) error {
					if call.Object == "standpipe#worker#"+a.Name && held.first() {
						close(sent)
						<-stopped
						next()
						close(landed)
					}
					return nil
				})
				if c.lost {
					if err := b.Table.Forget(t.Context(), a.Name); err != nil {
						t.Fatal(err)
					}
				}
				select {
				case <-sent:
				case <-time.After(time.Minute):
					t.Fatal("no heartbeat is under way")
				}
				w.stop(a)
				close(stopped)
				<-landed
				began := time.Now()
				w.spread(4, b)
				d := w.Start(Settings{})
				w.spread(2, b, d)
				if took := time.Since(began); took > 8*time.Second {
					t.Errorf("spread after %v, the failover time is 10s", took)
				}
				if n := b.Consumer.Status().Workers; n != 2 {
					t.Errorf("%d workers count as alive, want 2", n)
				}
				if got := w.beatOf(a); got != c.beat {
					t.Errorf("its heartbeat is %q, want %q", got, c.beat)
				}
				w.Put(50)
				w.Exactly(time.Minute, "clicks/")
				w.stop(b, d)
			})
		})
	}
}

// The others remove the row of a worker that has stood still for long. When it goes on it counts again.
func TestWorkerMakesItsRowAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		a, b := w.Start(Settings{}), w.Start(Settings{})
		w.spread(1, a, b)
		a.Freeze()
		w.spread(2, b)
		w.eventually(5*time.Minute, "its row is removed", func() bool { return w.beatOf(a) == "" })
		a.Thaw()
		w.spread(1, a, b)
		w.stop(a, b)
		if w.beatOf(a) != "" || w.beatOf(b) != "" {
			t.Error("heartbeats stay after the stop")
		}
	})
}

// SIGTERM while S3 is away: the stop ends in time with an error, and the next worker loses nothing.
func TestStopEndsWhileS3IsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		a := w.Start(Settings{})
		remove := w.S3.Control("", func(faults.Call, func()) error {
			return &faults.Error{Status: 503, Code: "SlowDown"}
		})
		w.Put(100)
		time.Sleep(10 * time.Second)
		begin := time.Now()
		if err := a.Stop(); err == nil {
			t.Error("the stop reports success")
		}
		if d := time.Since(begin); d > 20*time.Second {
			t.Errorf("the stop took %v", d)
		}
		remove()
		b := w.Start(Settings{})
		w.Exactly(2*time.Minute, "clicks/")
		w.stop(b)
	})
}
