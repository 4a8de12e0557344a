package sink

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TestStatusFollowsABatch looks at a batch at each of its stages.
func TestStatusFollowsABatch(t *testing.T) {
	onBench(t, func(o *Options) { o.Registry = prometheus.NewRegistry() }, func(t *testing.T, b *bench) {
		at := func(stage Stage, cause Cause) {
			t.Helper()
			s := b.Status()
			if len(s.Batches) != 1 || s.Batches[0].Stage != stage || s.Batches[0].Cause != cause || s.Batches[0].Records != 3 || s.Batches[0].Bytes != 300 || s.Batches[0].Objects != 2 || s.Batches[0].Shards != 1 {
				t.Errorf("%s: %+v", stage, s.Batches)
			}
		}
		wait := func() error { time.Sleep(10 * time.Second); return nil }
		b.store.hook = func(_ context.Context, op, _ string) error {
			if op == "part" || op == "complete" {
				return wait()
			}
			return nil
		}
		b.ledger.hook = func(op, _ string) error {
			if op == "intend" {
				return wait()
			}
			return nil
		}
		s0 := b.read("s0")
		b.append(s0, 1, 100)
		b.append(s0, 2, 100)
		b.append(s0, 2, 100)
		time.Sleep(59 * time.Second)
		at(StageFilling, "")
		if s := b.Status(); s.Open != 2 || s.Paths[0] != (PathStatus{"raw", "data/02/", 2, 200, s.Paths[0].Held}) || s.Oldest != 59*time.Second || s.Used <= 200 || s.Budget != 64<<20 || len(s.Commits) != 0 {
			t.Errorf("status %+v", s)
		}
		time.Sleep(6 * time.Second)
		at(StageClosing, CauseInterval)
		if s := b.Status(); s.Open != 0 || len(s.Paths) != 0 {
			t.Errorf("paths of a batch that was cut: %+v", s.Paths)
		}
		time.Sleep(20 * time.Second) // the objects, then the journal
		at(StageIntent, CauseInterval)
		time.Sleep(10 * time.Second)
		at(StageCompleting, CauseInterval)
		time.Sleep(time.Minute)
		s := b.Status()
		if len(s.Batches) != 0 || s.Oldest != 0 || len(s.Commits) != 1 {
			t.Fatalf("after the commit: %+v", s)
		}
		c := s.Commits[0]
		if c.Cause != CauseInterval || c.Open != time.Minute || c.Closing != 20*time.Second || c.Intent != 10*time.Second || c.Complete < 10*time.Second || c.Records != 3 || c.Objects != 2 || c.Bytes != 300 || c.Shards != 1 || c.Took() != c.Closing+c.Intent+c.Complete {
			t.Errorf("commit %+v", c)
		}
		if got := b.Totals(); got.Records != 3 || got.Bytes != 300 || got.Stored != 300 || len(got.Rejected) != 0 {
			t.Errorf("totals %+v", got)
		}
		s0.Close()
		b.stop()
	})
}

func TestStatusNamesTheLargestPaths(t *testing.T) {
	onBench(t, func(o *Options) {
		o.Size = 1 << 20
		o.Outputs[0].Prefix = parsePrefix(t, "data/!{timestamp:yyyy-MM-dd-HH}/", 0)
	}, func(t *testing.T, b *bench) {
		s0 := b.read("s0")
		for hour := range 1000 {
			b.append(s0, hour, 100+hour*7%1000)
		}
		s := b.Status()
		if s.Open != 1000 || len(s.Paths) != shownPaths {
			t.Fatalf("%d of %d paths", len(s.Paths), s.Open)
		}
		for i, p := range s.Paths {
			if want := int64(1099 - i); p.Bytes != want {
				t.Fatalf("path %d has %d bytes, want %d", i, p.Bytes, want)
			}
		}
		s0.Stop()
		b.stop()
	})
}

func TestCommitsAreRemembered(t *testing.T) {
	var c commits
	for i := range 200 {
		c.add(Commit{Batch: fmt.Sprint(i)})
		list := c.list()
		if len(list) != min(i+1, 64) || list[0].Batch != fmt.Sprint(i) || list[len(list)-1].Batch != fmt.Sprint(max(0, i-63)) {
			t.Fatalf("after %d: %d from %s to %s", i, len(list), list[0].Batch, list[len(list)-1].Batch)
		}
	}
}

// TestStatusBesideWork looks all the time while batches fill and commit; the race detector is the judge.
func TestStatusBesideWork(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		stop := make(chan struct{})
		var lookers sync.WaitGroup
		for range 2 {
			lookers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						b.Status()
						b.Totals()
						time.Sleep(time.Millisecond)
					}
				}
			})
		}
		s0, s1 := b.read("s0"), b.read("s1")
		for range 500 {
			b.append(s0, 1, 200)
			b.append(s1, 2, 200)
			time.Sleep(time.Millisecond)
		}
		close(stop)
		lookers.Wait()
		s0.Stop()
		s1.Stop()
		b.stop()
		b.wantAll(s0, s1)
	})
}
