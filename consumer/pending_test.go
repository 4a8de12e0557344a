//go:build pending

package consumer

import (
	"testing"
	"testing/synctest"

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
