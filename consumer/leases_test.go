package consumer

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	chk "github.com/vmware/vmware-go-kcl-v2/clientlibrary/checkpoint"

	"standpipe/internal/dynamofake"
	"standpipe/internal/faults"
)

func isNoCheckpoint(err error) bool { return err == chk.ErrSequenceIDNotFound }

func notAcquired(err error) bool {
	var no chk.ErrLeaseNotAcquired
	return errors.As(err, &no)
}

// The library does not wait for its renewals when a consumer ends: one in flight must not take the lease
// back, or nobody would read the shard (hazard 17).
func TestLateRenewalAfterReleaseTouchesNothing(t *testing.T) {
	table, srv := newTable(t, dynamofake.Options{})
	m := newMember(t, table, "a", shardsUpTo(1))
	if !m.turn(shardID(0)) {
		t.Fatal("not acquired")
	}
	if err := m.GetLease(m.status(shardID(0)), "a"); err != nil {
		t.Errorf("renewal of a held lease: %v", err)
	}
	m.consumerEnds(shardID(0))
	released, calls := m.rowOf(shardID(0)), srv.Calls()
	if err := m.GetLease(m.status(shardID(0)), "a"); !notAcquired(err) {
		t.Errorf("late renewal: %v", err)
	}
	if n := srv.Calls() - calls; n != 0 {
		t.Errorf("the late renewal made %d requests", n)
	}
	if now := m.rowOf(shardID(0)); now.Owner != "" || now.Epoch != released.Epoch {
		t.Errorf("the late renewal changed the row to %+v", now)
	}
	if m.status(shardID(0)).GetLeaseOwner() != "" {
		t.Error("the library believes that it owns the shard")
	}
}

// The library clears its owner before it calls RemoveLeaseOwner; the event loop must not acquire the shard
// while the old reader drains (hazard 18).
func TestShardIsNotAcquiredWhileItDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, srv := newTable(t, dynamofake.Options{})
		m := newMember(t, table, "a", shardsUpTo(1))
		id := shardID(0)
		if !m.turn(id) {
			t.Fatal("not acquired")
		}
		m.status(id).SetLeaseOwner("")
		if err := m.FetchCheckpoint(m.status(id)); err == nil || isNoCheckpoint(err) {
			t.Errorf("between SetLeaseOwner and RemoveLeaseOwner the event loop is told %v", err)
		}
		goOn := make(chan struct{})
		srv.Control("UpdateItem", func(_ faults.Call, next func()) error { <-goOn; return nil })
		ended := make(chan struct{})
		go func() { defer close(ended); _ = m.RemoveLeaseOwner(id) }()
		synctest.Wait()
		if err := m.FetchCheckpoint(m.status(id)); err == nil || isNoCheckpoint(err) {
			t.Errorf("while draining the event loop is told %v", err)
		}
		if err := m.GetLease(m.status(id), "a"); !notAcquired(err) {
			t.Errorf("while draining the lease is %v", err)
		}
		close(goOn)
		<-ended
		if l := m.rowOf(id); l.Owner != "" || l.Epoch != 1 {
			t.Errorf("released row is %+v", l)
		}
	})
}

// A lease lost before its consumer ended is not released: the row is another's.
func TestLostLeaseIsNotReleased(t *testing.T) {
	table, _ := newTable(t, dynamofake.Options{})
	m := newMember(t, table, "a", shardsUpTo(1))
	m.turn(shardID(0))
	r := m.reader(shardID(0))
	if _, err := table.Acquire(t.Context(), shardID(0), 1, "b"); err != nil {
		t.Fatal(err)
	}
	_ = m.look()
	if r.epoch.Err() == nil || r.reads.Err() == nil {
		t.Fatal("the reader of a stolen lease goes on")
	}
	if err := m.GetLease(m.status(shardID(0)), "a"); !notAcquired(err) {
		t.Errorf("a stolen lease is renewed: %v", err)
	}
	m.consumerEnds(shardID(0))
	if l := m.rowOf(shardID(0)); l.Owner != "b" || l.Epoch != 2 {
		t.Errorf("row is %+v", l)
	}
}

// An undo moves the epoch and removes the owner: the idle reader learns it from the next look (rules 4, 18).
func TestUndoneLeaseEndsItsReader(t *testing.T) {
	table, _ := newTable(t, dynamofake.Options{})
	m := newMember(t, table, "a", shardsUpTo(1))
	m.turn(shardID(0))
	r := m.reader(shardID(0))
	if _, err := table.Acquire(t.Context(), shardID(0), 1, "b"); err != nil {
		t.Fatal(err)
	}
	if err := table.Release(t.Context(), shardID(0), 2, "b", "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	_ = m.look()
	if r.epoch.Err() == nil {
		t.Error("the reader of an undone lease goes on")
	}
}

// The answer to an acquisition is lost: the row says this worker owns the shard, but no reader lives in that
// epoch. It is acquired again, in one more epoch (rule 1, hazard 19).
func TestLostAnswerOfAnAcquisitionMakesANewEpoch(t *testing.T) {
	for _, first := range []bool{true, false} { // by creating the row, by updating it
		synctest.Test(t, func(t *testing.T) {
			table, srv := newTable(t, dynamofake.Options{})
			id, op, took := shardID(0), "PutItem", int64(1)
			if !first {
				if err := table.Create(t.Context(), Lease{Shard: id, Epoch: 4, Counter: 4, Checkpoint: "100"}); err != nil {
					t.Fatal(err)
				}
				op, took = "UpdateItem", 5
			}
			m := newMember(t, table, "a", shardsUpTo(1))
			remove := srv.Control(op, func(_ faults.Call, next func()) error { next(); return faults.ErrLost })
			if m.turn(id) {
				t.Fatal("acquired without an answer")
			}
			remove()
			if l := m.rowOf(id); l.Owner != "a" || l.Epoch != took {
				t.Fatalf("row is %+v", l)
			}
			if m.turn(id) {
				t.Fatal("acquired by an epoch that was never told")
			}
			time.Sleep(2 * time.Second) // it does not hurry after a failure
			_ = m.look()
			if !m.turn(id) {
				t.Fatal("the shard is an orphan")
			}
			if l := m.rowOf(id); l.Epoch != took+1 || m.reader(id).lease.Epoch != took+1 {
				t.Errorf("row is in epoch %d, the reader in %d", l.Epoch, m.reader(id).lease.Epoch)
			}
		})
	}
}

// A worker that starts again under the name of one that crashed owns rows that nobody reads.
func TestStableWorkerIDReadsItsOldShards(t *testing.T) {
	table, _ := newTable(t, dynamofake.Options{})
	old := newMember(t, table, "a", shardsUpTo(3))
	for i := range 3 {
		old.turn(shardID(i))
	}
	m := newMember(t, table, "a", shardsUpTo(3))
	for i := range 3 {
		if !m.turn(shardID(i)) {
			t.Errorf("shard %d is an orphan", i)
		}
		if l := m.rowOf(shardID(i)); l.Epoch != 2 {
			t.Errorf("row is %+v", l)
		}
	}
	_ = old.look()
	for i, r := range old.readers() {
		if r.epoch.Err() == nil {
			t.Errorf("the old process reads shard %d on", i)
		}
	}
}

func TestLibraryMayNotWriteCheckpointsNorDeleteRows(t *testing.T) {
	table, srv := newTable(t, dynamofake.Options{})
	m := newMember(t, table, "a", shardsUpTo(1))
	m.turn(shardID(0))
	before, calls := m.rowOf(shardID(0)), srv.Calls()
	s := m.status(shardID(0))
	s.SetCheckpoint("banana")
	if err := m.CheckpointSequence(s); err == nil {
		t.Error("the library has written a checkpoint")
	}
	if err := m.RemoveLeaseInfo(shardID(0)); err != nil {
		t.Errorf("RemoveLeaseInfo: %v", err)
	}
	if err := m.ClaimShard(s, "b"); err == nil {
		t.Error("the library has claimed a shard")
	}
	if _, err := m.GetLeaseOwner(shardID(0)); err == nil {
		t.Error("GetLeaseOwner is answered")
	}
	if _, err := m.ListActiveWorkers(nil); err == nil {
		t.Error("ListActiveWorkers is answered")
	}
	if n := srv.Calls() - calls; n != 0 {
		t.Errorf("%d requests were made", n)
	}
	if now := m.rowOf(shardID(0)); now.Checkpoint != before.Checkpoint || now.Owner != "a" {
		t.Errorf("row is %+v", now)
	}
}

func TestGetLeaseWithoutTheEventLoopIsRefused(t *testing.T) {
	table, srv := newTable(t, dynamofake.Options{})
	m := newMember(t, table, "a", shardsUpTo(2))
	calls := srv.Calls()
	if err := m.GetLease(m.status(shardID(0)), "a"); !notAcquired(err) {
		t.Errorf("got %v", err)
	}
	// The event loop's question for one shard does not arm another.
	_ = m.FetchCheckpoint(m.status(shardID(1)))
	if err := m.GetLease(m.status(shardID(0)), "a"); !notAcquired(err) {
		t.Errorf("got %v", err)
	}
	if srv.Calls() != calls {
		t.Error("requests were made")
	}
	// One question arms one call.
	m.stopping = true
	_ = m.FetchCheckpoint(m.status(shardID(0)))
	_ = m.GetLease(m.status(shardID(0)), "a")
	m.stopping = false
	if err := m.GetLease(m.status(shardID(0)), "a"); !notAcquired(err) {
		t.Errorf("got %v", err)
	}
}

// The library takes its position from FetchCheckpoint and never clears it by itself.
func TestFetchCheckpointGivesNoPositionAndNoOwner(t *testing.T) {
	table, _ := newTable(t, dynamofake.Options{})
	m := newMember(t, table, "a", shardsUpTo(1))
	m.turn(shardID(0))
	s := m.status(shardID(0))
	s.SetCheckpoint("SHARD_END")
	if err := m.FetchCheckpoint(s); !isNoCheckpoint(err) { // by the consumer, which owns it
		t.Errorf("got %v", err)
	}
	if s.GetCheckpoint() != "" || s.GetLeaseOwner() != "a" {
		t.Errorf("status is %+v", s)
	}
}

// A shard whose consumer ended at once is not acquired again at once.
func TestShortLivedConsumerCoolsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, _ := newTable(t, dynamofake.Options{})
		m := newMember(t, table, "a", shardsUpTo(1))
		m.turn(shardID(0))
		m.consumerEnds(shardID(0))
		_ = m.look()
		if m.turn(shardID(0)) {
			t.Error("acquired again at once")
		}
		time.Sleep(time.Second)
		if !m.turn(shardID(0)) {
			t.Error("not acquired after a second")
		}
	})
}

// A release whose answers stay unclear is given up after some attempts; the row is then acquired in a new
// epoch, by us as well.
func TestReleaseThatStaysUnclear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, srv := newTable(t, dynamofake.Options{})
		m := newMember(t, table, "a", shardsUpTo(1))
		m.turn(shardID(0))
		attempts := 0
		remove := srv.Control("UpdateItem", func(faults.Call, func()) error { attempts++; return dynamofake.Throttled() })
		began := time.Now()
		m.consumerEnds(shardID(0))
		if attempts < 3 || time.Since(began) > 20*time.Second {
			t.Errorf("%d attempts in %v", attempts, time.Since(began))
		}
		remove()
		_ = m.look()
		time.Sleep(time.Second)
		if !m.turn(shardID(0)) || m.rowOf(shardID(0)).Epoch != 2 {
			t.Errorf("not acquired in a new epoch: %+v", m.rowOf(shardID(0)))
		}
	})
}

func TestStopHaltsEveryReaderAndAcquiresNoMore(t *testing.T) {
	table, _ := newTable(t, dynamofake.Options{})
	m := newMember(t, table, "a", shardsUpTo(3))
	m.turn(shardID(0))
	m.turn(shardID(1))
	m.stop()
	m.stop()
	for _, r := range m.readers() {
		if r.reads.Err() == nil || r.cause() != "shutdown" || r.isLost() {
			t.Errorf("reader of %s goes on", r.lease.Shard)
		}
	}
	if m.turn(shardID(2)) {
		t.Error("acquired after the stop")
	}
	select {
	case <-m.halting:
	default:
		t.Error("nobody is told of the stop")
	}
}

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
