package kinesisfake

import (
	"time"

	"standpipe/internal/faults"
)

// split divides an open shard at a hash key (nil: its middle), at once or after the delay.
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SplitShard.html
func (s *Server) split(now time.Time, st *stream, id string, at *hashKey, delay time.Duration) error {
	if err := s.room(now, 1); err != nil {
		return err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	parents, err := s.eligible(now, st, id)
	if err != nil {
		return err
	}
	p := parents[0]
	key := middle(p.lo, p.hi)
	if at != nil {
		key = *at
	}
	if !p.lo.plus(1).less(key) || !key.less(p.hi) {
		return invalidArgument("NewStartingHashKey %s used in SplitShard() on shard %s in stream %s under account %s is not "+
			"both greater than one plus the shard's StartingHashKey %s and less than the shard's EndingHashKey %s.",
			key, id, st.name, account, p.lo, p.hi)
	}
	st.change(now, delay, func(at time.Time) {
		epoch := s.nextEpoch(at, p.epoch)
		n := uint32(len(st.shards))
		left := newShard(n, p.lo, key.minus(hashKey{0, 1}), epoch, at.UnixMilli())
		right := newShard(n+1, key, p.hi, epoch, at.UnixMilli())
		left.parent, right.parent = p.id, p.id
		st.replace(at, parents, []*shard{left, right})
	})
	return nil
}

// merge joins two open neighbours, at once or after the delay.
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_MergeShards.html
func (s *Server) merge(now time.Time, st *stream, a, b string, delay time.Duration) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	parents, err := s.eligible(now, st, a, b)
	if err != nil {
		return err
	}
	low, high := parents[0], parents[1]
	if high.lo.less(low.lo) {
		low, high = high, low
	}
	if low.hi == maxHash || low.hi.plus(1) != high.lo {
		return invalidArgument("Shards %s and %s in stream %s under account %s are not an adjacent pair of shards eligible "+
			"for merging", a, b, st.name, account)
	}
	st.change(now, delay, func(at time.Time) {
		epoch := s.nextEpoch(at, max(low.epoch, high.epoch))
		child := newShard(uint32(len(st.shards)), low.lo, high.hi, epoch, at.UnixMilli())
		child.parent, child.adjacent = a, b
		st.replace(at, parents, []*shard{child})
	})
	return nil
}

// change applies fn now or leaves it pending for the delay. The caller holds mu.
func (st *stream) change(now time.Time, delay time.Duration, fn func(at time.Time)) {
	if delay <= 0 {
		fn(now)
		return
	}
	st.pending = &change{now.Add(delay), fn}
}

// eligible finds open shards of an ACTIVE stream. The caller holds the stream's mu.
func (s *Server) eligible(now time.Time, st *stream, ids ...string) ([]*shard, *faults.Error) {
	if status := st.status(now); status != active {
		return nil, notActive(st.name, status)
	}
	shards := make([]*shard, len(ids))
	for i, id := range ids {
		sh := st.shard(id, s.cutoff(now))
		if sh == nil {
			return nil, refuse("ResourceNotFoundException", "Could not find shard %s in stream %s under account %s.",
				id, st.name, account)
		}
		if sh.closedAt() != 0 {
			return nil, invalidArgument("Shard %s in stream %s under account %s has already been merged or split, and thus "+
				"is not eligible for merging or splitting.", id, st.name, account)
		}
		shards[i] = sh
	}
	return shards, nil
}
