//go:build pending

package consumer

import (
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/dynamofake"
	"standpipe/internal/faults"
	"standpipe/internal/kinesisfake"
)

// A stop comes while an acquisition is under way. Its reader must be halted like all others: on an idle
// shard nothing else would end its GetRecords, and the stop would take all its time and fail.
func TestStopDuringAnAcquisition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, srv := newTable(t, dynamofake.Options{})
		m := newMember(t, table, "a", shardsUpTo(1))
		goOn := make(chan struct{})
		srv.Control("PutItem", func(faults.Call, func()) error { <-goOn; return nil })
		answer := make(chan bool)
		go func() { answer <- m.turn(shardID(0)) }()
		synctest.Wait()
		m.stop()
		close(goOn)
		acquired := <-answer
		r := m.reader(shardID(0))
		if acquired && r != nil && r.reads.Err() == nil {
			t.Error("the reader of the lease acquired during the stop is not halted")
		}
	})
}

// An owner without a heartbeat row is dead when its row has stood still for the failover time. Each look
// while it counts as alive must not move that on: the stopped KCL's shards would wait for two of them.
func TestStoppedKCLIsDeadAfterOneFailoverTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, _ := newTable(t, dynamofake.Options{})
		if err := table.Create(t.Context(), Lease{Shard: shardID(0), Owner: "java", Epoch: 1, Counter: 40, Checkpoint: "100"}); err != nil {
			t.Fatal(err)
		}
		m := newMember(t, table, "a", shardsUpTo(1))
		began := time.Now()
		for !m.turn(shardID(0)) {
			time.Sleep(time.Second)
			_ = m.look()
		}
		if d := time.Since(began); d > failover+5*time.Second {
			t.Errorf("taken after %v, the failover time is %v", d, failover)
		}
	})
}

// Far behind, with large answers, the pace is that of the bytes (10 MB: 5 s), not the poll interval: calls
// in between are refused by Kinesis.
func TestFetchPaceOfLargeAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := newStream(t, 1, kinesisfake.Options{})
		putRecords(t, srv, 40, 1<<20)
		f, seen := newFetcher(t, srv, 64<<20)
		for n, at := 0, trimHorizon; n < 40; {
			var a *answer
			a, at = f.mustFetch(t, at)
			n += len(a.records)
			f.release(a)
		}
		if n := len(seen.of("GetRecords")); n > 6 {
			t.Errorf("%d calls for five answers", n)
		}
	})
}

// Also while every iterator turns out to be expired there are no more than 5 calls a second a shard.
func TestFetchPaceWhileIteratorsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := newStream(t, 1, kinesisfake.Options{})
		putRecords(t, srv, 1, 10)
		f, seen := newFetcher(t, srv, 64<<20)
		srv.Control("GetRecords", func(c faults.Call, _ func()) error {
			if c.Occurrence < 30 {
				return &faults.Error{Status: 400, Code: "ExpiredIteratorException", Message: "Iterator expired."}
			}
			return nil
		})
		a, _ := f.mustFetch(t, trimHorizon)
		f.release(a)
		for _, op := range []string{"GetRecords", "GetShardIterator"} {
			if m := seen.most(op); m > 5 {
				t.Errorf("%d calls of %s in a second", m, op)
			}
		}
	})
}
