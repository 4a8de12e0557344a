package leasetest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"

	"standpipe/consumer"
	"standpipe/sink"
)

func intentMakesTheBatchPending(s *suite) {
	t := s.with(lease(0, "a"), lease(1, "a"), lease(2, "a"))
	it := item("a", 0, 1)
	it.Spans[1].Through = sink.ShardEnd
	s.must(t.Intend(s.Context(), it))
	for n, to := range []string{"200", sink.ShardEnd} {
		want := lease(n, "a")
		want.Pending, want.PendingTo = it.ID, to
		s.wantRow(want)
	}
	s.wantRow(lease(2, "a"))
	got, err := t.Item(s.Context(), it.ID)
	s.must(err)
	if got == nil || got.ID != it.ID || got.Owner != "a" || got.State != sink.Committed || fmt.Sprint(got.Spans) != fmt.Sprint(it.Spans) ||
		fmt.Sprint(*got.Journal) != fmt.Sprint(*it.Journal) {
		s.Errorf("stored %+v\nwant   %+v", got, it)
	}
	if none, err := t.Item(s.Context(), uuid.NewString()); none != nil || err != nil {
		s.Errorf("an item nobody stored is %+v, %v", none, err)
	}
}

// The token makes a repeated intent a success, also when others have carried the batch out meanwhile.
func intentAgainIsASuccess(s *suite) {
	t := s.with(lease(0, "a"))
	it := item("a", 0)
	for range 3 {
		s.must(t.Intend(s.Context(), it))
	}
	s.wantItem(it.ID, sink.Committed)
	s.must(t.Advance(s.Context(), it))
	s.must(t.Intend(s.Context(), it))
	s.wantItem(it.ID, "")
	want := lease(0, "a")
	want.Checkpoint = "200"
	s.wantRow(want)
}

func intentRefusals(s *suite) {
	s.with()
	n := 0
	for _, c := range []struct {
		name    string
		row     func(*consumer.Lease)
		before  func(t *consumer.Table, it sink.Item) // after the row was made
		final   bool
		pending bool
	}{
		{name: "stolen by another worker", row: func(l *consumer.Lease) { l.Owner = "b" }, final: true},
		{name: "no owner", row: func(l *consumer.Lease) { l.Owner = "" }, final: true},
		{name: "same owner, later epoch", row: func(l *consumer.Lease) { l.Epoch = 2 }, final: true},
		{name: "another checkpoint", row: func(l *consumer.Lease) { l.Checkpoint = "150" }, final: true},
		{name: "finished", row: func(l *consumer.Lease) { l.Checkpoint = sink.ShardEnd }, final: true},
		{name: "no row", row: nil, final: true},
		{name: "another batch is pending", row: func(*consumer.Lease) {}, pending: true, before: func(t *consumer.Table, it sink.Item) {
			other := it
			other.ID = uuid.NewString()
			s.must(t.Intend(s.Context(), other))
		}},
		{name: "the item exists", row: func(*consumer.Lease) {}, before: func(t *consumer.Table, it sink.Item) {
			s.putRaw(attrs{"leaseKey": str("standpipe#batch#" + it.ID), "entityType": str("STANDPIPE_BATCH"), "batchState": str("committed")})
		}},
	} {
		n++
		it := item("a", n)
		l := lease(n, "a")
		if c.row != nil {
			c.row(&l)
			s.must(s.table.Create(s.Context(), l))
		}
		if c.before != nil {
			c.before(s.table, it)
		}
		before, stored := s.raw(shard(n)), s.raw("standpipe#batch#"+it.ID)
		no := s.refused(s.table.Intend(s.Context(), it))
		if no.Final != c.final || (len(no.Pending) == 1) != c.pending || no.Op != "intend" || no.Batch != it.ID {
			s.Errorf("%s: refusal is %+v", c.name, no)
		}
		if c.pending && no.Pending[0] != s.row(n).Pending {
			s.Errorf("%s: the refusal names %v", c.name, no.Pending)
		}
		s.sameRaw(shard(n), before)
		s.sameRaw("standpipe#batch#"+it.ID, stored)
	}
}

func intentRefusedForSeveralReasons(s *suite) {
	t := s.with(lease(0, "a"), lease(1, "b"), lease(2, "a"), lease(3, "a"))
	first, second := item("a", 0), item("a", 2)
	s.must(t.Intend(s.Context(), first))
	s.must(t.Intend(s.Context(), second))
	no := s.refused(t.Intend(s.Context(), item("a", 0, 2, 3)))
	slices.Sort(no.Pending)
	want := []string{first.ID, second.ID}
	slices.Sort(want)
	if no.Final || !slices.Equal(no.Pending, want) || len(no.Reasons) != 2 {
		s.Errorf("two pending batches: %+v", no)
	}
	no = s.refused(t.Intend(s.Context(), item("a", 0, 1, 3)))
	if !no.Final || len(no.Reasons) != 2 {
		s.Errorf("one pending, one stolen: %+v", no)
	}
}

func intentIsAllOrNothing(s *suite) {
	t := s.with(lease(0, "a"), lease(1, "a"), lease(2, "b"))
	it := item("a", 0, 1, 2)
	if no := s.refused(t.Intend(s.Context(), it)); !no.Final {
		s.Errorf("refusal is %+v", no)
	}
	s.wantItem(it.ID, "")
	s.wantRow(lease(0, "a"))
	s.wantRow(lease(1, "a"))
	s.wantRow(lease(2, "b"))
}

func intentOfEndsOnly(s *suite) {
	t := s.with(lease(0, "a"), lease(1, "a"))
	it := item("a", 0, 1)
	it.Journal = nil
	it.Spans[0].Through, it.Spans[1].Through = sink.ShardEnd, sink.ShardEnd
	s.must(t.Intend(s.Context(), it))
	got, err := t.Item(s.Context(), it.ID)
	s.must(err)
	if got == nil || got.Journal != nil || len(got.Spans) != 2 {
		s.Fatalf("stored %+v", got)
	}
	s.must(t.Advance(s.Context(), *got))
	if a, b := s.row(0), s.row(1); a.Checkpoint != sink.ShardEnd || b.Checkpoint != sink.ShardEnd {
		s.Errorf("rows are %+v and %+v", a, b)
	}
}

func intentOfNinetyNineShards(s *suite) {
	t := s.with()
	it := item("a")
	for n := range 99 {
		s.must(t.Create(s.Context(), lease(n, "a")))
		it.Spans = append(it.Spans, item("a", n).Spans...)
	}
	s.must(t.Intend(s.Context(), it))
	s.must(t.Intend(s.Context(), it))
	no := s.refused(t.Intend(s.Context(), sink.Item{ID: uuid.NewString(), Owner: "a", State: sink.Committed, Spans: it.Spans}))
	if no.Final || len(no.Pending) != 99 {
		s.Errorf("the refusal of a second batch is final: %v, with %d pending", no.Final, len(no.Pending))
	}
	s.must(t.Advance(s.Context(), it))
	snap, err := t.Snapshot(s.Context())
	s.must(err)
	for id, l := range snap.Leases {
		if l.Checkpoint != "200" || l.Pending != "" {
			s.Errorf("%s is %+v", id, l)
		}
	}
	if len(snap.Leases) != 99 || len(snap.Batches) != 0 {
		s.Errorf("%d rows, %d batches", len(snap.Leases), len(snap.Batches))
	}
}

// Two batches with the same records: only one is promised, whatever the order.
func intentsForOneShardExcludeEachOther(s *suite) {
	t := s.with(lease(0, "a"), lease(1, "a"), lease(2, "a"))
	batches := []sink.Item{item("a", 0, 1), item("a", 1, 2), item("a", 0, 2)}
	errs := make([]error, len(batches))
	var wg sync.WaitGroup
	for i, it := range batches {
		wg.Go(func() { errs[i] = t.Intend(s.Context(), it) })
	}
	wg.Wait()
	promised := 0
	for i, it := range batches {
		stored, err := t.Item(s.Context(), it.ID)
		s.must(err)
		if stored == nil {
			if errs[i] == nil {
				s.Errorf("batch %d was answered with success and is not stored", i)
			}
			continue
		}
		promised++
		for _, sp := range it.Spans {
			l, err := t.Lease(s.Context(), sp.Shard)
			s.must(err)
			if l.Pending != it.ID {
				s.Errorf("batch %d is stored, %s has %q pending", i, sp.Shard, l.Pending)
			}
		}
	}
	if promised > 1 {
		s.Errorf("%d batches with common records are promised", promised)
	}
	for i, it := range batches { // an undecided answer is made definite by asking again
		if errs[i] != nil && promised == 1 {
			err := t.Intend(s.Context(), it)
			if err == nil {
				s.Errorf("batch %d was promised beside another one", i)
			}
		}
	}
}

func itemOfANewerVersionIsNotRead(s *suite) {
	t := s.with()
	s.putRaw(attrs{"leaseKey": str("standpipe#batch#b"), "entityType": str("STANDPIPE_BATCH"), "version": number(3), "batchOwner": str("a"),
		"batchState": str("committed"), "batch": str(`{"spans":[]}`)})
	if it, err := t.Item(s.Context(), "b"); err == nil {
		s.Errorf("read %+v", it)
	}
	s.putRaw(attrs{"leaseKey": str("standpipe#batch#c"), "entityType": str("STANDPIPE_BATCH"), "version": number(2), "batchOwner": str("a"),
		"batchState": str("committed"), "batch": str(`{"spans":`)})
	if it, err := t.Item(s.Context(), "c"); err == nil {
		s.Errorf("read %+v", it)
	}
}
