package leasetest

import (
	"sync"
	"time"

	"standpipe/consumer"
	"standpipe/sink"
)

// pending gives the suite shards 0 and 1 with a batch of worker a's pending on both.
func (s *suite) pending() (*consumer.Table, sink.Item) {
	s.Helper()
	t := s.with(lease(0, "a"), lease(1, "a"), lease(2, "a"))
	it := item("a", 0, 1)
	it.Spans[1].Through = sink.ShardEnd
	s.must(t.Intend(s.Context(), it))
	return t, it
}

func advanced(n int, owner, checkpoint string, epoch int64) consumer.Lease {
	l := lease(n, owner)
	l.Checkpoint, l.Epoch = checkpoint, epoch
	return l
}

func advanceMovesTheCheckpoints(s *suite) {
	t, it := s.pending()
	s.must(t.Advance(s.Context(), it))
	s.wantRow(advanced(0, "a", "200", 1))
	s.wantRow(advanced(1, "a", sink.ShardEnd, 1))
	s.wantRow(lease(2, "a"))
	s.wantItem(it.ID, "")
}

// Anybody may advance, whoever owns the rows by now.
func advanceAsksForNoOwner(s *suite) {
	t, it := s.pending()
	_, err := t.Acquire(s.Context(), shard(0), 1, "b")
	s.must(err)
	s.must(t.Release(s.Context(), shard(1), 1, "a", "", time.Time{}))
	s.must(t.Advance(s.Context(), it))
	want := advanced(0, "b", "200", 2)
	want.Counter = 2
	s.wantRow(want)
	s.wantRow(advanced(1, "", sink.ShardEnd, 1))
}

func advanceTwice(s *suite) {
	t, it := s.pending()
	s.must(t.Advance(s.Context(), it))
	next := item("a", 0)
	next.Spans[0].After, next.Spans[0].Through = "200", "300"
	s.must(t.Intend(s.Context(), next))
	before := s.raw(shard(0))
	if no := s.refused(t.Advance(s.Context(), it)); no.Op != "advance" || no.Batch != it.ID {
		s.Errorf("refusal is %+v", no)
	}
	s.sameRaw(shard(0), before) // and the next batch is still pending
	s.wantItem(next.ID, sink.Committed)
}

func markOnce(s *suite) {
	t, it := s.pending()
	before := s.raw(shard(0))
	s.must(t.Mark(s.Context(), it.ID))
	s.wantItem(it.ID, sink.Undoing)
	s.sameRaw(shard(0), before)
	got, err := t.Item(s.Context(), it.ID)
	s.must(err)
	if got.Journal == nil || len(got.Spans) != 2 || got.Owner != "a" {
		s.Errorf("marking has changed more than the state: %+v", got)
	}
	if no := s.refused(t.Mark(s.Context(), it.ID)); no.Op != "mark" || no.Batch != it.ID {
		s.Errorf("refusal is %+v", no)
	}
	s.refused(t.Mark(s.Context(), "never-there"))
	s.wantItem("never-there", "") // an update must not make an item
}

func clearFreesTheRowsInANewEpoch(s *suite) {
	t, it := s.pending()
	s.refused(t.Clear(s.Context(), it)) // it is not undoing
	s.must(t.Mark(s.Context(), it.ID))
	_, err := t.Acquire(s.Context(), shard(1), 1, "b") // whoever owns a row by then is fenced too
	s.must(err)
	s.must(t.Clear(s.Context(), it))
	s.wantRow(advanced(0, "", "100", 2))
	want := advanced(1, "", "100", 3)
	want.Counter = 2
	s.wantRow(want)
	s.wantRow(lease(2, "a"))
	s.wantItem(it.ID, "")
	s.conflict(t.Release(s.Context(), shard(0), 1, "a", "", time.Time{}))
}

func clearTwice(s *suite) {
	t, it := s.pending()
	s.must(t.Mark(s.Context(), it.ID))
	s.must(t.Clear(s.Context(), it))
	before := s.raw(shard(0))
	if no := s.refused(t.Clear(s.Context(), it)); no.Op != "clear" || no.Batch != it.ID {
		s.Errorf("refusal is %+v", no)
	}
	s.sameRaw(shard(0), before)
}

// The maker's intent comes in once more after its batch was undone: by its token it changes nothing, and
// its shards are fenced.
func clearedBatchIsNeverPromisedAgain(s *suite) {
	t, it := s.pending()
	s.must(t.Mark(s.Context(), it.ID))
	s.must(t.Clear(s.Context(), it))
	before := s.raw(shard(0))
	s.must(t.Intend(s.Context(), it))
	s.wantItem(it.ID, "")
	s.sameRaw(shard(0), before)
	again := item("a", 0)
	if no := s.refused(t.Intend(s.Context(), again)); !no.Final {
		s.Errorf("a batch of the old epoch is refused with %+v", no)
	}
}

func advanceAndUndoExcludeEachOther(s *suite) {
	t, it := s.pending()
	s.must(t.Mark(s.Context(), it.ID))
	before := s.raw(shard(0))
	s.refused(t.Advance(s.Context(), it))
	s.sameRaw(shard(0), before)
	s.wantItem(it.ID, sink.Undoing)
	s.must(t.Clear(s.Context(), it))
	s.refused(t.Advance(s.Context(), it))
	s.wantRow(advanced(0, "", "100", 2))

	other := item("a", 2)
	s.must(t.Intend(s.Context(), other))
	s.must(t.Advance(s.Context(), other))
	s.refused(t.Mark(s.Context(), other.ID))
	s.refused(t.Clear(s.Context(), other))
	s.wantRow(advanced(2, "a", "200", 1))
	s.wantItem(other.ID, "")
}

func advanceAndMarkAtOnce(s *suite) {
	t := s.with()
	for n := range 10 {
		s.must(t.Create(s.Context(), lease(n, "a")))
		it := item("a", n)
		s.must(t.Intend(s.Context(), it))
		var wg sync.WaitGroup
		wg.Go(func() { _ = t.Advance(s.Context(), it) })
		wg.Go(func() { _ = t.Mark(s.Context(), it.ID) })
		wg.Wait()
		stored, err := t.Item(s.Context(), it.ID)
		s.must(err)
		switch l := s.row(n); {
		case stored == nil && l.Checkpoint == "200" && l.Pending == "":
		case stored != nil && stored.State == sink.Undoing && l.Checkpoint == "100" && l.Pending == it.ID:
		case stored != nil && stored.State == sink.Committed && l.Pending == it.ID: // both met a conflict
		default:
			s.Errorf("item %+v, row %+v", stored, l)
		}
	}
}

// A resolver that works from an old item touches no row on which another batch is pending.
func rowsOfAnotherBatchStay(s *suite) {
	t, it := s.pending()
	stale := it
	stale.Spans = append(append([]sink.Span(nil), it.Spans...), sink.Span{Shard: shard(2), Epoch: 1, After: "100", Through: "200"})
	s.refused(t.Advance(s.Context(), stale))
	s.wantRow(lease(2, "a"))
	s.wantItem(it.ID, sink.Committed)
	if l := s.row(0); l.Pending != it.ID || l.Checkpoint != "100" {
		s.Errorf("row is %+v", l)
	}
}

// Rule 6: only a row at SHARD_END with nothing pending is deleted, whoever owned it.
func removeOnlyWhatIsFinished(s *suite) {
	t := s.with(lease(0, "a"), lease(1, "a"))
	before := s.raw(shard(0))
	s.conflict(t.Remove(s.Context(), shard(0)))
	s.sameRaw(shard(0), before)
	it := item("a", 0)
	it.Spans[0].Through = "SHARD_END"
	s.must(t.Intend(s.Context(), it)) // the end is promised, not reached
	before = s.raw(shard(0))
	s.conflict(t.Remove(s.Context(), shard(0)))
	s.sameRaw(shard(0), before)
	s.must(t.Advance(s.Context(), it))
	odd := s.raw(shard(0))
	odd["pendingBatch"] = str("another")
	s.putRaw(odd)
	s.conflict(t.Remove(s.Context(), shard(0)))
	s.sameRaw(shard(0), odd)
	delete(odd, "pendingBatch")
	s.putRaw(odd)
	s.must(t.Remove(s.Context(), shard(0)))
	if l, err := t.Lease(s.Context(), shard(0)); err != nil || l != nil {
		s.Errorf("the removed row is %+v, %v", l, err)
	}
	s.conflict(t.Remove(s.Context(), shard(0))) // somebody else was faster
	_, err := t.Acquire(s.Context(), shard(0), 1, "b")
	s.conflict(err) // by a snapshot from before
	s.wantRow(lease(1, "a"))
}
