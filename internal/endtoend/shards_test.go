package endtoend

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
)

// leases gives owner and checkpoint of every lease row.
func (w *World) leases() map[string][2]string {
	rows := map[string][2]string{}
	for _, r := range w.Dynamo.Dump(Tables) {
		if k, _ := r["leaseKey"].(string); strings.HasPrefix(k, "shardId-") {
			owner, _ := r["leaseOwner"].(string)
			cp, _ := r["checkpoint"].(string)
			rows[k] = [2]string{owner, cp}
		}
	}
	return rows
}

func (w *World) ownedBy(name string) int {
	n := 0
	for _, r := range w.leases() {
		if r[0] == name && r[1] != "SHARD_END" {
			n++
		}
	}
	return n
}

// eventually waits for cond, at most for limit.
func (w *World) eventually(limit time.Duration, what string, cond func() bool) {
	w.T.Helper()
	for deadline := time.Now().Add(limit); !cond(); {
		if time.Now().After(deadline) {
			w.T.Fatalf("%s: not after %v; leases: %v", what, limit, w.leases())
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (w *World) split(shard string) (string, string) {
	w.T.Helper()
	a, b, err := w.Kinesis.Split(Stream, shard)
	if err != nil {
		w.T.Fatal(err)
	}
	return a, b
}

func (w *World) merge(a, b string) string {
	w.T.Helper()
	c, err := w.Kinesis.Merge(Stream, a, b)
	if err != nil {
		w.T.Fatal(err)
	}
	return c
}

func shard(n int) string { return fmt.Sprintf("shardId-%012d", n) }

func TestSplitAndMergeWhileReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		w.Put(300)
		wk := w.Start(Settings{})
		w.Exactly(time.Minute, "clicks/")
		left, right := w.split(shard(0))
		w.Put(300)
		w.Exactly(time.Minute, "clicks/")
		w.merge(left, right)
		w.Put(300)
		w.Exactly(2*time.Minute, "clicks/")
		for _, s := range []string{shard(0), left, right} {
			w.eventually(time.Minute, s+" is finished", func() bool { return w.leases()[s][1] == "SHARD_END" })
		}
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
	})
}

// A stream that was resharded before anybody read it: parents first, then children, nothing twice.
func TestReshardedBeforeTheFirstStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		w.Put(100)
		l, r := w.split(shard(0))
		w.Put(100)
		w.merge(l, r)
		w.Put(100)
		wk := w.Start(Settings{})
		w.Exactly(2*time.Minute, "clicks/")
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
	})
}

// A child's first record may only be taken after both parents of a merge are finished: while one parent's
// advance is held back, nobody leases the child.
func TestMergeWithOneParentPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		w.Put(50)
		wk := w.Start(Settings{})
		w.Exactly(time.Minute, "clicks/")
		release := make(chan struct{})
		remove := w.Dynamo.Control("TransactWriteItems", func(c faults.Call, next func()) error {
			if stepOf(c) == "advance" && strings.Contains(c.Object, shard(0)) {
				<-release
			}
			return nil
		})
		child := w.merge(shard(0), shard(1))
		w.Put(50)
		time.Sleep(40 * time.Second)
		if _, there := w.leases()[child]; there {
			t.Fatalf("the child was leased while its parents were %v", w.leases())
		}
		remove()
		close(release)
		w.Exactly(2*time.Minute, "clicks/")
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLatestIsTheTimeOfTheFirstStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		w.Put(20) // before the start: not wanted
		time.Sleep(time.Second)
		set := Settings{Start: "LATEST"}
		wk := w.Start(set)
		time.Sleep(5 * time.Second)
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
		// Nothing was ever committed; these come while nobody runs, some of them into children.
		w.Put(20)
		w.split(shard(0))
		w.Put(20)
		wk = w.Start(set)
		w.eventually(2*time.Minute, "40 records", func() bool { return len(w.Delivered("clicks/")) == 40 })
		for id, n := range w.Delivered("clicks/") {
			if id <= 20 || n != 1 {
				t.Errorf("record %d is there %d times", id, n)
			}
		}
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
	})
}

// 150 shards are more than one transaction can hold: two batches side by side.
func TestMoreShardsThanATransactionHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 150)
		w.Put(3000)
		begin := time.Now()
		wk := w.Start(Settings{Memory: 128 << 20})
		w.eventually(time.Minute, "99 leases", func() bool { return w.ownedBy(wk.Name) >= 99 })
		if d := time.Since(begin); d > 20*time.Second {
			t.Errorf("99 shards were leased after %v", d)
		}
		w.eventually(time.Minute, "150 leases", func() bool { return w.ownedBy(wk.Name) == 150 })
		w.Exactly(2*time.Minute, "clicks/")
		w.Put(3000)
		w.Exactly(2*time.Minute, "clicks/")
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
		for s, r := range w.leases() {
			if r[0] != "" {
				t.Errorf("%s still belongs to %s", s, r[0])
			}
		}
	})
}

// A connection that swallows a request must not stop its shard.
func TestBlackHoledConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		var hole once
		gone := make(chan struct{})
		w.Kinesis.Control("GetRecords", func(c faults.Call, next func()) error {
			if c.Object == shard(0) && hole.first() {
				<-gone // no answer, no reset
				return faults.ErrLost
			}
			return nil
		})
		wk := w.Start(Settings{})
		w.Put(100)
		w.Exactly(2*time.Minute, "clicks/")
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
		close(gone)
	})
}
