package consumer

import (
	"cmp"
	"slices"
	"time"
)

// spread is how the readable shards are to be divided among the living workers: each reads base of them,
// and extra of the workers one more. Every worker works it out from its own snapshot; a mistake by an old
// one is mended with the next.
type spread struct {
	base, extra int
	owned       map[string]int // by living worker
	free        int            // shards nobody alive owns
	limited     map[string]int // workers whose limit is below their share, with it
}

// spread counts. The caller holds l.mu.
func (l *leases) spread(now time.Time) spread {
	s := spread{owned: map[string]int{l.me: len(l.held)}, limited: map[string]int{}}
	limits := map[string]int{l.me: l.max}
	for w, hb := range l.snap.Workers {
		if w != l.me && l.live.alive(w, now) {
			s.owned[w], limits[w] = 0, hb.MaxLeases
		}
	}
	total := 0
	for _, id := range l.known() {
		if !l.leasable(id) {
			continue
		}
		total++
		owner := l.snap.Leases[id].Owner
		_, living := s.owned[owner]
		switch {
		case l.held[id] != nil:
		case living && owner != l.me:
			s.owned[owner]++
		default:
			s.free++
		}
	}
	s.divide(total, limits)
	return s
}

// divide sets base and extra, those with a limit below their share taking what they may.
func (s *spread) divide(total int, limits map[string]int) {
	workers := len(limits)
	for again := true; again && workers > 0; {
		again = false
		s.base, s.extra = total/workers, total%workers
		for w, limit := range limits {
			if _, known := s.limited[w]; limit > 0 && limit <= s.base && !known {
				s.limited[w], again = limit, true
				total -= limit
				workers--
			}
		}
	}
}

// target is how many shards a worker is to read. Of those that have more than base already, extra may keep
// one more; when too few have, anybody may take one.
func (s *spread) target(worker string) int {
	if limit, ok := s.limited[worker]; ok {
		return limit
	}
	var over []string
	for w, n := range s.owned {
		if _, ok := s.limited[w]; n > s.base && !ok {
			over = append(over, w)
		}
	}
	slices.SortFunc(over, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.owned[b], s.owned[a]), cmp.Compare(a, b))
	})
	if at := slices.Index(over, worker); at >= 0 && at < s.extra || at < 0 && len(over) < s.extra {
		return s.base + 1
	}
	return s.base
}

// missing is how many shards the other workers lack: to what each should have at least, and of those that
// should have one more.
func (s *spread) missing(me string) int {
	n, more := 0, s.extra
	for w, owned := range s.owned {
		least := s.base
		if limit, ok := s.limited[w]; ok {
			least = limit
		} else if owned > s.base {
			more--
		}
		if w != me {
			n += max(0, least-owned)
		}
	}
	n += max(0, more)
	return n
}

// room says whether this worker should own more shards than it does. The caller holds l.mu.
func (l *leases) room(now time.Time) bool {
	held := len(l.held)
	if l.stopping || l.max > 0 && held >= l.max {
		return false
	}
	s := l.spread(now)
	return held < s.target(l.me)
}

// surplus picks the readers to hand over: those above the target, as far as others lack shards and no free
// ones are there for them. They leave together, in one cut.
func (l *leases) surplus(now time.Time) []*reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopping || len(l.draining) > 0 {
		return nil
	}
	ids := make([]string, 0, len(l.held))
	for id, r := range l.held {
		if r.cause() != "" {
			return nil // the last ones are still leaving
		}
		ids = append(ids, id)
	}
	s := l.spread(now)
	n := min(len(ids)-s.target(l.me), s.missing(l.me)-s.free)
	if n <= 0 {
		return nil
	}
	slices.Sort(ids)
	var out []*reader
	for _, id := range ids[len(ids)-n:] {
		out = append(out, l.held[id])
	}
	return out
}
