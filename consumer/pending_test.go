//go:build pending

package consumer

import (
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/dynamofake"
	"standpipe/internal/faults"
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
