package realservers

import (
	"fmt"
	"testing"
	"time"

	"standpipe/internal/process"
)

// The whole program on three real servers: while 1,500 records are put, a shard is split, its halves are merged, and
// one of two workers is killed with SIGKILL and replaced. Each record is in the bucket exactly once.
func TestEveryRecordArrivesOnceThroughTheRealProgram(t *testing.T) {
	w := newWorld(t)
	first := w.start()
	w.eventually("the first worker holds every shard", time.Minute, func() error {
		for _, row := range w.leases() {
			if row.owner == "" {
				return fmt.Errorf("%s is free", row.shard)
			}
		}
		if n := len(w.leases()); n != shards {
			return fmt.Errorf("%d leases", n)
		}
		return nil
	})
	second := w.start()

	w.put(300)
	parent := w.shards()[0]
	w.split(parent)
	w.put(400)
	// It holds at least one shard of two: the second worker was given one at most, and its share of the halves.
	first.Kill()
	third := w.start()
	w.put(300)
	w.merge(parent)
	w.put(500)

	w.eventually("every record is in the bucket", 2*time.Minute, w.complete)
	for _, p := range []*process.Process{second, third} {
		w.terminate(p)
	}
	if err := w.complete(); err != nil {
		t.Errorf("after both workers have stopped: %v", err)
	}
	if left := w.keys("errors/"); len(left) > 0 {
		t.Errorf("there are error objects: %q", left)
	}
	ended := 0
	for _, row := range w.leases() {
		if row.pending != "" {
			t.Errorf("%s is left pending in %s", row.pending, row.shard)
		}
		if row.checkpoint == "SHARD_END" {
			ended++ // it may still name the killed worker, for nobody needs it any more
		} else if row.owner != "" {
			t.Errorf("the lease of %s is left to %s", row.shard, row.owner)
		}
	}
	if ended != 3 {
		t.Errorf("%d shards were read to their end, want the split one and its two halves: %+v", ended, w.leases())
	}
}
