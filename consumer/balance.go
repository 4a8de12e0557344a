package consumer

import (
	"slices"
	"time"
)

// free says whether a shard can be acquired now. The caller holds l.mu.
func (l *leases) free(shard string, now time.Time) bool {
	return l.held[shard] == nil && !now.Before(l.cool[shard]) && l.leasable(shard) && l.ownerless(shard, now)
}

// orphan: the row says that this worker owns it, but no reader lives in that epoch: an acquisition or a release whose
// answer was lost. Nobody else may take it while this worker lives, so room or not, it does. The caller holds l.mu.
func (l *leases) orphan(shard string) bool {
	return !l.stopping && l.held[shard] == nil && l.snap.Leases[shard].Owner == l.me
}

// leasable: not finished, and every parent is. A parent that is still listed must have a row that says so, or
// have had one, which a child acquired shows; one that is trimmed counts as finished unless its row says
// otherwise (rule 2). Of a damaged row nothing is known.
func (l *leases) leasable(shard string) bool {
	row, ok := l.snap.Leases[shard]
	if l.snap.Damaged[shard] != nil || ok && row.Checkpoint == shardEnd || !ok && l.outlived[shard] {
		return false
	}
	parents := l.shards[shard].Parents
	if ok && len(parents) == 0 {
		parents = row.Parents
	}
	for _, p := range parents {
		prow, has := l.snap.Leases[p]
		_, listed := l.shards[p]
		if l.snap.Damaged[p] != nil || has && prow.Checkpoint != shardEnd || !has && listed && !l.outlived[p] {
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

// working: a worker has joined, and its heartbeat moves. The caller holds l.mu.
func (l *leases) working(worker string, now time.Time) bool {
	return l.snap.Workers[worker].Beat > 0 && l.live.alive(worker, now)
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
		} else if (room || l.orphan(id)) && l.free(id, now) {
			ids, free = append(ids, id), true
		}
	}
	return ids, free
}

// endedSince says whether a snapshot shows a shard's end that the latest one did not: its children may be new.
// Until they are listed this worker would divide fewer shards than there are.
func (l *leases) endedSince(snap *Snapshot) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, row := range snap.Leases {
		if row.Checkpoint == shardEnd && l.snap.Leases[id].Checkpoint != shardEnd {
			return true
		}
	}
	return false
}

// count is how many shards may have to be read, finished ones included.
func (l *leases) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.known())
}

// owned are the shards that nobody has to acquire now. The caller holds mu.
func (l *leases) owned(now time.Time) (ids []string) {
	for _, id := range l.known() {
		if l.held[id] != nil || !l.leasable(id) || !l.ownerless(id, now) {
			ids = append(ids, id)
		}
	}
	return ids
}

// unowned counts the shards that could be read and that no living worker owns.
func (l *leases) unowned() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.known()) - len(l.owned(time.Now()))
}
