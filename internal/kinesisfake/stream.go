package kinesisfake

import (
	"sort"
	"sync"
	"time"

	"standpipe/internal/faults"
)

const (
	creating = "CREATING"
	active   = "ACTIVE"
	updating = "UPDATING"
	deleting = "DELETING"
)

// stream is one stream. Lock order: Server.mu, stream.mu, shard.mu.
type stream struct {
	name      string
	id        uint64 // tells it from a deleted stream of the same name
	created   int64  // Unix milliseconds
	ready     time.Time
	maxRecord int // bytes of key and data

	mu      sync.RWMutex
	shards  []*shard // all ever, by number
	open    []*shard // by range
	pending *change
	gone    time.Time // when a deletion takes effect; zero: not deleted
}

// change is a split or merge that is still under way.
type change struct {
	at    time.Time
	apply func(at time.Time)
}

// settle carries out a pending change whose time has come.
func (st *stream) settle(now time.Time) {
	st.mu.RLock()
	due := st.pending != nil && !now.Before(st.pending.at)
	st.mu.RUnlock()
	if !due {
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if c := st.pending; c != nil && !now.Before(c.at) {
		c.apply(c.at)
		st.pending = nil
	}
}

// status is the StreamStatus at a time. The caller holds mu.
func (st *stream) status(now time.Time) string {
	switch {
	case !st.gone.IsZero():
		return deleting
	case now.Before(st.ready):
		return creating
	case st.pending != nil:
		return updating
	}
	return active
}

// usable refuses a stream without readable shards: one in creation or deletion. The caller holds mu.
func (st *stream) usable(now time.Time) *faults.Error {
	if s := st.status(now); s != active && s != updating {
		return noStream(st.name)
	}
	return nil
}

// shard finds a shard that is not expired. The caller holds mu.
func (st *stream) shard(id string, cutoff int64) *shard {
	for _, sh := range st.shards {
		if sh.id == id && !sh.expired(cutoff) {
			return sh
		}
	}
	return nil
}

// route is the open shard a hash key belongs to. The caller holds mu.
func (st *stream) route(h hashKey) *shard {
	return st.open[sort.Search(len(st.open), func(i int) bool { return h.less(st.open[i].lo) })-1]
}

// visible are the shards that are not expired. The caller holds mu.
func (st *stream) visible(cutoff int64) []*shard {
	shards := make([]*shard, 0, len(st.shards))
	for _, sh := range st.shards {
		if !sh.expired(cutoff) {
			shards = append(shards, sh)
		}
	}
	return shards
}

// replace puts children in the place of open parents. The caller holds mu.
func (st *stream) replace(at time.Time, parents, children []*shard) {
	ms := at.UnixMilli()
	for _, p := range parents {
		p.close(ms, children...)
	}
	open := make([]*shard, 0, len(st.open)+1)
	for _, sh := range st.open {
		if sh != parents[0] && sh != parents[len(parents)-1] {
			open = append(open, sh)
		}
	}
	st.shards = append(st.shards, children...)
	st.open = append(open, children...)
	sort.Slice(st.open, func(i, j int) bool { return st.open[i].lo.less(st.open[j].lo) })
}
