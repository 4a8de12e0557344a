package consumer

import (
	"context"
	"errors"
	"slices"
	"time"
)

// A shard that has been read to its end keeps its row until the stream has let it go, and then an hour: one
// wrong answer of ListShards must not cost a checkpoint. Without this the table, and each scan of it, would grow
// with every resharding for ever.
const (
	keepFinished = time.Hour
	removeAtOnce = 10 // rows a listing, so that the watcher goes on soon
)

// noteUnlisted takes note of which finished shards a listing does not name, and since when. The caller holds l.mu.
func (l *leases) noteUnlisted(now time.Time) {
	for id, row := range l.snap.Leases {
		_, listed := l.shards[id]
		if _, noted := l.unlisted[id]; row.Checkpoint == shardEnd && !listed && !noted {
			l.unlisted[id] = now
		}
	}
	for id := range l.unlisted {
		_, listed := l.shards[id]
		if _, there := l.snap.Leases[id]; listed || !there {
			delete(l.unlisted, id)
		}
	}
}

// noteParents finds the shards with a child whose row this application has acquired: they were finished then
// (rule 2), and what is finished stays so, row or not. The caller holds l.mu.
func (l *leases) noteParents() {
	l.outlived = map[string]bool{}
	for id, row := range l.snap.Leases {
		if row.Epoch == 0 {
			continue // made by another KCL, which makes them early
		}
		for _, p := range slices.Concat(row.Parents, l.shards[id].Parents) {
			l.outlived[p] = true
		}
	}
}

// removable lists finished rows that may be deleted (rule 6): nothing pending, each child that is listed has a
// row, at least one child was acquired, and no parent has a row any more, so that the oldest go first.
func (l *leases) removable(now time.Time) (ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	waits := map[string]bool{}
	for id, sh := range l.shards {
		if _, has := l.snap.Leases[id]; !has {
			for _, p := range sh.Parents {
				waits[p] = true
			}
		}
	}
	for id, since := range l.unlisted {
		row := l.snap.Leases[id]
		older := slices.ContainsFunc(row.Parents, func(p string) bool { _, has := l.snap.Leases[p]; return has })
		if now.Sub(since) >= keepFinished && row.Checkpoint == shardEnd && row.Pending == "" && l.outlived[id] && !waits[id] && !older && l.held[id] == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids[:min(len(ids), removeAtOnce)]
}

// removeFinished deletes the rows of shards that nobody will read again. Of several workers one succeeds.
func (w *watcher) removeFinished(ctx context.Context) {
	for _, id := range w.c.leases.removable(time.Now()) {
		err := w.c.opts.Table.Remove(ctx, id)
		switch {
		case err == nil:
			w.c.m.removed.Inc()
			w.c.log.Info().Str("shard", id).Str("cause", "read to its end, and no longer in the stream").Msg("lease row removed")
		case !errors.Is(err, errConflict):
			return // the next listing tries again
		}
	}
}
