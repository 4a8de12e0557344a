package endtoend

import (
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
)

func TestTwoWorkersOneKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 4)
		a := w.Start(Settings{})
		w.eventually(time.Minute, "first worker has all", func() bool { return w.ownedBy(a.Name) == 4 })
		b := w.Start(Settings{})
		w.Put(200)
		w.eventually(time.Minute, "two shards each", func() bool { return w.ownedBy(a.Name) == 2 && w.ownedBy(b.Name) == 2 })
		w.Exactly(time.Minute, "clicks/")
		w.Put(200)
		time.Sleep(1300 * time.Millisecond)
		a.Kill()
		w.Put(200)
		w.split(shard(1))
		w.Put(200)
		w.Exactly(3*time.Minute, "clicks/")
		w.eventually(time.Minute, "the other has all", func() bool { return w.ownedBy(b.Name) == 5 })
		if err := b.Stop(); err != nil {
			t.Fatal(err)
		}
		a.Gone()
	})
}

// A worker that stands still beyond the failover time and then goes on must not double or lose anything.
func TestFrozenWorkerWakesUpAfterTakeover(t *testing.T) {
	for _, after := range []time.Duration{300 * time.Millisecond, 1900 * time.Millisecond, 2001 * time.Millisecond, 2100 * time.Millisecond} {
		t.Run(after.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 3)
				w.Put(300)
				a := w.Start(Settings{})
				w.eventually(time.Minute, "leased", func() bool { return w.ownedBy(a.Name) == 3 })
				time.Sleep(after)
				a.Freeze()
				w.Put(100)
				b := w.Start(Settings{})
				w.Exactly(3*time.Minute, "clicks/")
				a.Thaw()
				w.Put(100)
				time.Sleep(time.Minute)
				w.Exactly(3*time.Minute, "clicks/")
				if err := a.Stop(); err != nil {
					t.Error(err)
				}
				w.Put(50)
				w.Exactly(3*time.Minute, "clicks/")
				if err := b.Stop(); err != nil {
					t.Error(err)
				}
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
		w.eventually(time.Minute, "leased", func() bool { return w.ownedBy(a.Name) == 2 })
		w.Dynamo.Control("UpdateItem", func(c faults.Call, next func()) error {
			if c.Object == "standpipe#worker#"+a.Name {
				return &faults.Error{Status: 500, Code: "InternalServerError"}
			}
			return nil
		})
		b := w.Start(Settings{})
		for range 30 {
			w.Put(20)
			time.Sleep(time.Second)
		}
		w.eventually(2*time.Minute, "the other has all", func() bool { return w.ownedBy(b.Name) == 2 })
		w.Exactly(2*time.Minute, "clicks/")
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
		if err := b.Stop(); err != nil {
			t.Error(err)
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
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
}
