package consumer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// spread is how the readable shards are to be divided among the living workers: each reads base of them,
// and extra of the workers, the keepers, one more. Every worker works it out from its own snapshot, and those
// are of different moments; so it is made such that the moves of others do not change it. While the shape is
// the same, a worker that has moved to its target is as good a keeper as it was before, and one that has not
// yet moved is no better: whoever judges, earlier or later, finds the same targets. Then each worker moves once,
// by exactly what it has too much.
type spread struct {
	base, extra int
	total       int
	owned       map[string]int // by living worker
	limits      map[string]int // of the same workers; 0 = none
	limited     map[string]int // workers whose limit is below their share, with it
	keepers     []string
}

// shape is what the targets depend on: the number of shards, the workers and their limits, and how many each owns
// above base. A worker gives its shards up one by one; half way it may look like a keeper, so the others wait.
type shape struct {
	total   int
	workers string
}

// settling is how long a shape must last before leases are handed over because of it. It gathers workers that
// start together and shards that end together. And it makes sure that whoever sees a shard handed over to a new
// worker sees that worker too: its heartbeat is older than any scan that can show the shard free.
func (l *leases) settling() time.Duration { return min(l.live.failover/10, 3*time.Second) }

// spread counts. A worker that leaves is not counted, what it still owns is. The caller holds l.mu.
func (l *leases) spread(now time.Time) spread {
	s := spread{owned: map[string]int{l.me: 0}, limits: map[string]int{l.me: l.max}, limited: map[string]int{}}
	for w, hb := range l.snap.Workers {
		if w != l.me && !hb.Leaving && l.working(w, now) {
			s.owned[w], s.limits[w] = 0, hb.MaxLeases
		}
	}
	for _, id := range l.known() {
		if !l.leasable(id) {
			continue
		}
		s.total++
		owner := l.snap.Leases[id].Owner
		if l.held[id] != nil {
			owner = l.me
		}
		if _, living := s.owned[owner]; living {
			s.owned[owner]++
		}
	}
	s.divide()
	s.choose()
	return s
}

// divide sets base and extra, those with a limit below their share taking what they may.
func (s *spread) divide() {
	total, workers := s.total, len(s.limits)
	for again := true; again && workers > 0; {
		again = false
		s.base, s.extra = total/workers, total%workers
		for w, limit := range s.limits {
			if _, known := s.limited[w]; limit > 0 && limit <= s.base && !known {
				s.limited[w], again = limit, true
				total -= limit
				workers--
			}
		}
	}
}

// choose names the keepers: first those that own base+1 already, since for all others something moves
// anyway; then those that own more, then the rest. Among equals the name decides, not the number, which
// changes while they move.
func (s *spread) choose() {
	rank := func(w string) int {
		switch n := s.owned[w]; {
		case n == s.base+1:
			return 0
		case n > s.base:
			return 1
		}
		return 2
	}
	for w := range s.owned {
		if _, ok := s.limited[w]; !ok {
			s.keepers = append(s.keepers, w)
		}
	}
	slices.SortFunc(s.keepers, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
	s.keepers = s.keepers[:min(s.extra, len(s.keepers))]
}

// target is how many shards a worker is to read.
func (s *spread) target(worker string) int {
	if limit, ok := s.limited[worker]; ok {
		return limit
	}
	if slices.Contains(s.keepers, worker) {
		return s.base + 1
	}
	return s.base
}

func (s *spread) shape() shape {
	workers := make([]string, 0, len(s.limits))
	for w, limit := range s.limits {
		workers = append(workers, fmt.Sprintf("%s %d %d", w, limit, max(s.owned[w], s.base)))
	}
	slices.Sort(workers)
	return shape{s.total, strings.Join(workers, "\n")}
}

// room says whether this worker should own more shards than it does. The caller holds l.mu.
func (l *leases) room(now time.Time) bool {
	if l.stopping || l.max > 0 && len(l.held) >= l.max {
		return false
	}
	s := l.spread(now)
	return s.owned[l.me] < s.target(l.me)
}

// reshape takes note of the shape that a new snapshot shows. The caller holds l.mu.
func (l *leases) reshape(now time.Time) {
	s := l.spread(now)
	if sh := s.shape(); sh != l.shape {
		l.shape, l.shaped = sh, now
	}
}

// settlesIn is how long until the shape has lasted, if this worker owns too much; else zero. The caller
// holds l.mu.
func (l *leases) settlesIn(now time.Time) time.Duration {
	s := l.spread(now)
	if s.owned[l.me] <= s.target(l.me) {
		return 0
	}
	return l.settling() - now.Sub(l.shaped)
}

// surplus picks the readers to hand over: those above the target, once the shape has settled. They leave
// together, in one cut, and nothing more is picked before they have.
func (l *leases) surplus(now time.Time) []*reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopping || len(l.draining) > 0 {
		return nil
	}
	var ids []string
	for id, r := range l.held {
		if r.cause() != "" {
			return nil // the last ones are still leaving
		}
		if l.leasable(id) {
			ids = append(ids, id)
		}
	}
	s := l.spread(now)
	n := min(s.owned[l.me]-s.target(l.me), len(ids))
	if n <= 0 || s.shape() != l.shape || now.Sub(l.shaped) < l.settling() {
		return nil
	}
	slices.Sort(ids)
	var out []*reader
	for _, id := range ids[len(ids)-n:] {
		out = append(out, l.held[id])
	}
	return out
}
