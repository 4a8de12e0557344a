package leasetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/consumer"
)

func ensureMakesATablePaidPerRequest(s *suite) {
	s.must(s.table.Ensure(s.Context()))
	out, err := s.Client.DescribeTable(s.Context(), &dynamodb.DescribeTableInput{TableName: &s.name})
	s.must(err)
	if out.Table.TableStatus != types.TableStatusActive {
		s.Errorf("table is %s", out.Table.TableStatus)
	}
	if b := out.Table.BillingModeSummary; b == nil || b.BillingMode != types.BillingModePayPerRequest {
		s.Errorf("billing mode is %+v", b)
	}
	s.must(s.table.Create(s.Context(), lease(0, "a")))
	s.must(s.table.Ensure(s.Context())) // again: what is there stays
	s.wantRow(lease(0, "a"))
}

func ensureRefusesAForeignKey(s *suite) {
	s.create("ShardID") // as vmware-go-kcl-v2 itself names it
	err := s.table.Ensure(s.Context())
	if err == nil || !strings.Contains(err.Error(), s.name) || !strings.Contains(err.Error(), "ShardID") {
		s.Errorf("got %v, want an error that names table and key", err)
	}
}

func createOnlyWhatIsNotThere(s *suite) {
	first := consumer.Lease{Shard: shard(2), Owner: "a", Epoch: 1, Counter: 1, Checkpoint: "TRIM_HORIZON", Parents: []string{shard(0), shard(1)}}
	t := s.with(first)
	s.wantRow(first)
	second := first
	second.Owner, second.Checkpoint = "b", "LATEST"
	s.conflict(t.Create(s.Context(), second))
	s.wantRow(first)
	if l, err := t.Lease(s.Context(), shard(9)); err != nil || l != nil {
		s.Errorf("a row that is not there is %+v, %v", l, err)
	}
}

func acquireGivesTheRowAsItIsThen(s *suite) {
	old := consumer.Lease{Shard: shard(0), Epoch: 1, Counter: 7, Checkpoint: "100", Parents: []string{shard(8), shard(9)}}
	t := s.with(old)
	got, err := t.Acquire(s.Context(), shard(0), 1, "a")
	s.must(err)
	want := old
	want.Owner, want.Epoch, want.Counter = "a", 2, 8
	slices.Sort(got.Parents)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.Fatalf("the answer is %+v\nwant          %+v", got, want)
	}
	s.wantRow(want)

	// The checkpoint moved, and a batch became pending, after the row was read: the answer says so.
	it := item("a", 0)
	it.Spans[0].Epoch = 2
	s.must(t.Intend(s.Context(), it))
	got, err = t.Acquire(s.Context(), shard(0), 2, "b")
	s.must(err)
	if got.Pending != it.ID || got.PendingTo != "200" || got.Checkpoint != "100" || got.Epoch != 3 || got.Owner != "b" {
		s.Errorf("acquired %+v, which does not show batch %s pending", got, it.ID)
	}
	s.must(t.Advance(s.Context(), it))
	got, err = t.Acquire(s.Context(), shard(0), 3, "c")
	s.must(err)
	if got.Pending != "" || got.PendingTo != "" || got.Checkpoint != "200" || got.Epoch != 4 {
		s.Errorf("acquired %+v after the advance", got)
	}
}

func acquireAfterTheEpochMoved(s *suite) {
	t := s.with(lease(0, ""))
	_, err := t.Acquire(s.Context(), shard(0), 1, "a")
	s.must(err)
	before := s.raw(shard(0))
	for _, epoch := range []int64{1, 3, 0} { // 0 is that of a row without the attribute
		_, err = t.Acquire(s.Context(), shard(0), epoch, "b")
		s.conflict(err)
	}
	_, err = t.Acquire(s.Context(), shard(1), 1, "a")
	s.conflict(err)
	_, err = t.Acquire(s.Context(), shard(1), 0, "a")
	s.conflict(err)
	s.sameRaw(shard(0), before)
	if l, err := t.Lease(s.Context(), shard(1)); err != nil || l != nil {
		s.Errorf("acquiring a row that is not there has made %+v, %v", l, err)
	}
}

func acquireARowOfTheKCL(s *suite) {
	t := s.with()
	s.putRaw(attrs{"leaseKey": str(shard(0)), "leaseOwner": str("java"), "leaseCounter": number(41), "checkpoint": str("100"),
		"checkpointSubSequenceNumber": number(0), "ownerSwitchesSinceCheckpoint": number(3), "startingHashKey": str("0")})
	snap, err := t.Snapshot(s.Context())
	s.must(err)
	if l := snap.Leases[shard(0)]; l.Epoch != 0 || l.Owner != "java" || l.Counter != 41 {
		s.Fatalf("the KCL's row is seen as %+v", l)
	}
	got, err := t.Acquire(s.Context(), shard(0), 0, "a")
	s.must(err)
	if got.Epoch != 1 || got.Owner != "a" || got.Checkpoint != "100" || got.Counter != 42 {
		s.Errorf("acquired %+v", got)
	}
	if row := s.raw(shard(0)); row["startingHashKey"] == nil || row["ownerSwitchesSinceCheckpoint"] == nil {
		s.Errorf("attributes of the KCL are gone: %s", text(row))
	}
	_, err = t.Acquire(s.Context(), shard(0), 0, "b")
	s.conflict(err)
}

func acquireOfOneEpochSucceedsOnce(s *suite) {
	t := s.with(lease(0, ""))
	const workers = 8
	var wg sync.WaitGroup
	won := make([]bool, workers)
	for i := range workers {
		wg.Go(func() {
			l, err := t.Acquire(s.Context(), shard(0), 1, fmt.Sprint("w", i))
			won[i] = err == nil && l.Epoch == 2
		})
	}
	wg.Wait()
	winner := slices.Index(won, true)
	if winner < 0 || slices.Index(won[winner+1:], true) >= 0 {
		s.Fatalf("one of %d must win: %v", workers, won)
	}
	if l := s.row(0); l.Owner != fmt.Sprint("w", winner) || l.Epoch != 2 || l.Counter != 2 {
		s.Errorf("worker %d won, the row is %+v", winner, l)
	}
}

func releaseByItsOwnerInItsEpoch(s *suite) {
	t := s.with(lease(0, "a"))
	before := s.raw(shard(0))
	s.conflict(t.Release(s.Context(), shard(0), 2, "a", "", time.Time{}))
	s.conflict(t.Release(s.Context(), shard(0), 1, "b", "", time.Time{}))
	s.conflict(t.Release(s.Context(), shard(1), 1, "a", "", time.Time{}))
	s.sameRaw(shard(0), before)
	s.must(t.Release(s.Context(), shard(0), 1, "a", "", time.Time{}))
	s.wantRow(lease(0, "")) // the epoch stays
	s.conflict(t.Release(s.Context(), shard(0), 1, "a", "", time.Time{}))
	if l, err := t.Lease(s.Context(), shard(1)); err != nil || l != nil {
		s.Errorf("releasing a row that is not there has made %+v, %v", l, err)
	}

	// A release that arrives late, after the same worker has acquired the shard anew (release race).
	_, err := t.Acquire(s.Context(), shard(0), 1, "a")
	s.must(err)
	s.conflict(t.Release(s.Context(), shard(0), 1, "a", "", time.Time{}))
	if l := s.row(0); l.Owner != "a" {
		s.Errorf("a late release has taken the row from its new epoch: %+v", l)
	}
}

func beatMoves(s *suite) {
	t := s.with(lease(0, "a"))
	s.conflict(t.Beat(s.Context(), "a", 0, "")) // it has not joined
	s.must(t.Join(s.Context(), "a", 3))
	snap, err := t.Snapshot(s.Context())
	s.must(err)
	if len(snap.Workers) != 1 || snap.Workers["a"] != (consumer.Heartbeat{Worker: "a", MaxLeases: 3}) {
		s.Errorf("a has joined, but workers are %+v", snap.Workers)
	}
	for i, max := range []int{0, 0, 5} {
		s.must(t.Beat(s.Context(), "a", max, []string{"old", `{"v":1}`, ""}[i])) // none leaves the last report
	}
	s.conflict(t.Join(s.Context(), "a", 3)) // it changes nothing any more
	s.must(t.Join(s.Context(), "b", 0))
	s.must(t.Beat(s.Context(), "b", 0, ""))
	snap, err = t.Snapshot(s.Context())
	s.must(err)
	if len(snap.Workers) != 2 || snap.Workers["a"] != (consumer.Heartbeat{Worker: "a", Beat: 3, MaxLeases: 5, Report: `{"v":1}`}) || snap.Workers["b"].Beat != 1 {
		s.Errorf("workers are %+v", snap.Workers)
	}
	if len(snap.Leases) != 1 {
		s.Errorf("a heartbeat is taken for a lease: %+v", snap.Leases)
	}
	s.must(t.Leave(s.Context(), "a"))
	s.must(t.Beat(s.Context(), "a", 5, "")) // a last beat: it leaves all the same
	snap, err = t.Snapshot(s.Context())
	s.must(err)
	if snap.Workers["a"] != (consumer.Heartbeat{Worker: "a", Beat: 4, MaxLeases: 5, Leaving: true, Report: `{"v":1}`}) || snap.Workers["b"].Leaving {
		s.Errorf("a leaves, but workers are %+v", snap.Workers)
	}
	s.must(t.Forget(s.Context(), "a"))
	s.must(t.Forget(s.Context(), "a"))
	s.conflict(t.Leave(s.Context(), "a")) // too late: it must not come back
	s.conflict(t.Beat(s.Context(), "a", 5, "late"))
	snap, err = t.Snapshot(s.Context())
	s.must(err)
	if _, there := snap.Workers["a"]; there || len(snap.Workers) != 1 {
		s.Errorf("a forgotten worker is still there: %+v", snap.Workers)
	}
}

// A Scan's page holds at most 1 MB.
func snapshotReadsAllPages(s *suite) {
	t := s.with()
	const rows = 30
	for n := range rows {
		s.must(t.Create(s.Context(), lease(n, "")))
		row := s.raw(shard(n))
		row["filler"] = str(strings.Repeat("x", 90_000))
		s.putRaw(row)
	}
	s.must(t.Join(s.Context(), "a", 0))
	it := item("a", 3)
	_, err := t.Acquire(s.Context(), shard(3), 1, "a")
	s.must(err)
	it.Spans[0].Epoch = 2
	s.must(t.Intend(s.Context(), it))
	snap, err := t.Snapshot(s.Context())
	s.must(err)
	if len(snap.Leases) != rows || len(snap.Workers) != 1 || len(snap.Batches) != 1 || snap.Application != nil {
		s.Fatalf("snapshot has %d leases, %d workers, %d batches, application %v", len(snap.Leases), len(snap.Workers), len(snap.Batches), snap.Application)
	}
	if b := snap.Batches[it.ID]; b.ID != it.ID || b.Owner != "a" {
		s.Errorf("batch is %+v", b)
	}
	if l := snap.Leases[shard(3)]; l.Pending != it.ID || l.PendingTo != "200" {
		s.Errorf("lease is %+v", l)
	}
	out, err := s.Client.Scan(s.Context(), &dynamodb.ScanInput{TableName: &s.name})
	s.must(err)
	if len(out.LastEvaluatedKey) == 0 {
		s.Error("the server gave everything in one page: the test shows nothing")
	}
}

func rememberOnlyTheFirst(s *suite) {
	t := s.with(lease(0, ""))
	if a, err := t.Application(s.Context()); a != nil || err != nil {
		s.Fatalf("there is an application already: %+v, %v", a, err)
	}
	first := consumer.Application{Stream: "clicks", Created: time.UnixMilli(1_700_000_000_123).UTC(), Start: "AT_TIMESTAMP@2026-01-31T12:00:00Z", LastShard: shard(3)}
	s.must(t.Remember(s.Context(), first))
	second := first
	second.Start = "TRIM_HORIZON"
	s.conflict(t.Remember(s.Context(), second))
	got, err := t.Application(s.Context())
	s.must(err)
	if got == nil || *got != first {
		s.Errorf("remembered %+v\nwant       %+v", got, first)
	}
	snap, err := t.Snapshot(s.Context())
	s.must(err)
	if snap.Application == nil || *snap.Application != first || len(snap.Leases) != 1 {
		s.Errorf("the snapshot has application %+v and leases %v", snap.Application, snap.Leases)
	}
}
