package consumer

import (
	"slices"
	"time"
)

// room says whether this worker should own more shards than it does. The caller holds l.mu.
func (l *leases) room(now time.Time) bool {
	held := len(l.held)
	if l.stopping || l.max > 0 && held >= l.max {
		return false
	}
	share, others := l.share(now)
	return held < share || len(others) == 0
}

// free says whether a shard can be acquired now. The caller holds l.mu.
func (l *leases) free(shard string, now time.Time) bool {
	return l.held[shard] == nil && !now.Before(l.cool[shard]) && l.leasable(shard) && l.ownerless(shard, now)
}

// leasable: not finished, and every parent is. A parent that is still listed must have a row that says so;
// one that is trimmed counts as finished unless its row says otherwise (rule 2).
func (l *leases) leasable(shard string) bool {
	row, ok := l.snap.Leases[shard]
	if ok && row.Checkpoint == shardEnd {
		return false
	}
	parents := l.shards[shard].Parents
	if ok && len(parents) == 0 {
		parents = row.Parents
	}
	for _, p := range parents {
		prow, has := l.snap.Leases[p]
		_, listed := l.shards[p]
		if has && prow.Checkpoint != shardEnd || !has && listed {
			return false
		}
	}
	return true
}

// ownerless: nobody owns it, its owner looks dead, or the owner is this process but no reader lives in
// that epoch (rule 1).
func (l *leases) ownerless(shard string, now time.Time) bool {
	row, ok := l.snap.Leases[shard]
	if !ok || row.Owner == "" || row.Owner == l.me {
		return true
	}
	if _, beats := l.snap.Workers[row.Owner]; beats {
		return !l.live.alive(row.Owner, now)
	}
	return !l.live.alive(rowSign(row), now)
}

// known gives every shard that may have to be read: those listed, and those with an unfinished row that
// are listed no more, sorted. The caller holds l.mu.
func (l *leases) known() []string {
	ids := make([]string, 0, len(l.shards))
	for id := range l.shards {
		ids = append(ids, id)
	}
	for id, row := range l.snap.Leases {
		if _, listed := l.shards[id]; !listed && row.Checkpoint != shardEnd {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// share is this worker's fair number of leases, and who else has fewer than that and could take more.
func (l *leases) share(now time.Time) (share int, others []string) {
	total := 0
	owned := map[string]int{}
	for _, id := range l.known() {
		if !l.leasable(id) {
			continue
		}
		total++
		if l.held[id] != nil {
			owned[l.me]++
		} else if row := l.snap.Leases[id]; row.Owner != "" && row.Owner != l.me {
			owned[row.Owner]++
		}
	}
	workers := 1
	for w := range l.snap.Workers {
		if w != l.me && l.live.alive(w, now) {
			workers++
		}
	}
	share = (total + workers - 1) / workers
	floor := total / workers
	for w, hb := range l.snap.Workers {
		if w != l.me && l.live.alive(w, now) && owned[w] < max(floor, 1) && (hb.MaxLeases == 0 || owned[w] < hb.MaxLeases) {
			others = append(others, w)
		}
	}
	return share, others
}

// surplus picks the readers to hand over: what is above the fair share, while somebody else has less than
// his. They leave together, in one cut.
func (l *leases) surplus(now time.Time) []*reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopping || len(l.draining) > 0 {
		return nil
	}
	for _, r := range l.held {
		if r.cause() != "" {
			return nil // the last ones are still leaving
		}
	}
	share, others := l.share(now)
	n := len(l.held) - share
	if n <= 0 || len(others) == 0 {
		return nil
	}
	ids := make([]string, 0, len(l.held))
	for id := range l.held {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var out []*reader
	for _, id := range ids[len(ids)-n:] {
		out = append(out, l.held[id])
	}
	return out
}

// longDead lists workers whose heartbeat has stood still for ten failover times and who own nothing.
func (l *leases) longDead(snap *Snapshot, now time.Time) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	owners := map[string]bool{l.me: true}
	for _, row := range snap.Leases {
		owners[row.Owner] = true
	}
	var dead []string
	for w := range snap.Workers {
		if !owners[w] && now.Sub(l.live.seen[w].moved) > 10*l.live.failover {
			dead = append(dead, w)
		}
	}
	return dead
}

// candidates are the shards the library is told of: those held, and those to be acquired.
func (l *leases) candidates() (ids []string, free bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	room := l.room(now)
	for _, id := range l.known() {
		if l.held[id] != nil {
			ids = append(ids, id)
		} else if room && l.free(id, now) {
			ids, free = append(ids, id), true
		}
	}
	return ids, free
}

// unowned counts the shards that could be read and that no living worker owns.
func (l *leases) unowned() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	n := 0
	for _, id := range l.known() {
		if l.held[id] == nil && l.leasable(id) && l.ownerless(id, now) {
			n++
		}
	}
	return n
}
