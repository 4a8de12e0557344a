package endtoend

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"
)

// gaps counts the journal lines that name a time from which records may be missing.
func (w *World) gaps() int {
	n := 0
	for _, line := range w.Lines("_standpipe/") {
		var shard struct {
			Gaps []struct{ From, To time.Time }
		}
		if err := json.Unmarshal([]byte(line), &shard); err != nil {
			w.T.Fatal(err)
		}
		for _, g := range shard.Gaps {
			w.T.Logf("gap %v to %v", g.From, g.To)
			if !g.From.Before(g.To) {
				w.T.Errorf("gap from %v to %v", g.From, g.To)
			}
			n++
		}
	}
	return n
}

// Records that left the stream before anybody read them are never passed over in silence.
func TestRetentionGapIsReported(t *testing.T) {
	for _, end := range []string{"stopped", "killed"} {
		t.Run(end, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := NewKeeping(t, 1, time.Hour)
				w.Put(10)
				a := w.Start(Settings{})
				w.Exactly(time.Minute, "clicks/")
				if end == "killed" {
					a.Kill()
				} else if err := a.Stop(); err != nil {
					t.Fatal(err)
				}
				w.Put(10) // nobody is there to read these
				time.Sleep(80 * time.Minute)
				w.Put(10)
				b := w.Start(Settings{})
				w.eventually(time.Minute, "the last ten", func() bool { return len(w.Delivered("clicks/")) == 20 })
				if err := b.Stop(); err != nil {
					t.Fatal(err)
				}
				if n := w.gaps(); n != 1 {
					t.Errorf("%d gaps in the journals, want 1", n)
				}
			})
		})
	}
}

// A shard without records for longer than the retention is no gap while a worker watched it, also across an
// orderly restart.
func TestIdleShardIsNoGap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := NewKeeping(t, 1, time.Hour)
		seldom := Settings{Poll: 10 * time.Second, Failover: time.Minute} // or the idle hours are many calls
		w.Put(10)
		a := w.Start(seldom)
		w.Exactly(time.Minute, "clicks/")
		time.Sleep(100 * time.Minute)
		if err := a.Stop(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		w.Put(10)
		b := w.Start(seldom)
		w.Exactly(time.Minute, "clicks/")
		if err := b.Stop(); err != nil {
			t.Fatal(err)
		}
		if n := w.gaps(); n != 0 {
			t.Errorf("%d gaps are reported", n)
		}
	})
}
