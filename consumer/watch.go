package consumer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"standpipe/internal/pause"
)

const listEvery = 10 * time.Second

// watcher looks at the table and the stream at regular times, and acts on what it sees: lost leases,
// batches whose maker is gone, an uneven spread. It never decides anything a row's condition does not
// decide again.
type watcher struct {
	c     *Consumer
	kicks chan struct{}

	mu       sync.Mutex
	listed   time.Time            // of the last ListShards
	relist   bool                 // a shard has ended: its children may be listed now
	scanned  time.Time            // of the last snapshot
	looked   time.Time            // of the last look, also of a failed one
	failing  error                // why the last look failed
	sweeping map[string]bool      // batches being carried out
	firstSaw map[string]time.Time // of batches that are not finished
	damaged  map[string]error     // rows, in the last snapshot
	fresh    chan struct{}        // closed and replaced at each look
}

func newWatcher(c *Consumer) *watcher {
	return &watcher{c: c, kicks: make(chan struct{}, 1), sweeping: map[string]bool{}, firstSaw: map[string]time.Time{}, fresh: make(chan struct{})}
}

// kick asks for a look soon.
func (w *watcher) kick() {
	select {
	case w.kicks <- struct{}{}:
	default:
	}
}

// ended asks for a look that lists shards too.
func (w *watcher) ended() {
	w.listAgain()
	w.kick()
}

func (w *watcher) listAgain() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.relist = true
}

// run looks until ctx ends. A foreign KCL application at work on the table is reported on foreign.
func (w *watcher) run(ctx context.Context, foreign chan<- error) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		t := time.NewTimer(w.period())
		select {
		case <-t.C:
		case <-w.kicks:
			// Kicks come in bursts; a tenth of a second gathers them.
			if pause.For(ctx, 100*time.Millisecond) != nil {
				return
			}
		case <-ctx.Done():
			t.Stop()
			return
		}
		t.Stop()
		w.look(ctx, &wg, foreign)
	}
}

// period is half a second while this worker should have more shards, else at most two, which is how long a
// shard that another worker lets go may wait. It ends when what this worker has too much may be handed over.
// Looking less often saves request units.
func (w *watcher) period() time.Duration {
	idle := min(max(w.c.opts.Failover/6, 200*time.Millisecond), 2*time.Second)
	l := w.c.leases
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.room(now) {
		return min(idle, 500*time.Millisecond)
	}
	if d := l.settlesIn(now); d > 0 {
		return min(idle, d)
	}
	return idle
}

func (w *watcher) look(ctx context.Context, wg *sync.WaitGroup, foreign chan<- error) {
	began := time.Now()
	snap, err := w.c.opts.Table.Snapshot(ctx)
	op := [2]string{"dynamodb", "Scan"}
	var shards map[string]Shard
	if err == nil && w.c.leases.endedSince(snap) {
		w.listAgain()
	}
	if err == nil && w.mayList() {
		op = [2]string{"kinesis", "ListShards"}
		shards, err = listShards(ctx, w.c.opts.Kinesis, w.c.stream(), w.c.replay.filter())
		if err == nil && w.c.retention.stale() {
			_, err = w.c.describe(ctx)
		}
	}
	if ctx.Err() != nil {
		return
	}
	w.note(op, err)
	if snap == nil {
		return
	}
	if err := w.see(snap, shards, began); err != nil {
		select {
		case foreign <- err:
		default:
		}
		return
	}
	if !w.mayList() { // else shards may be missing in the sum
		surplus := w.c.leases.surplus(time.Now())
		haltAll(surplus, "hand-over")
		w.c.m.handed.Add(float64(len(surplus)))
	}
	if shards != nil {
		w.removeFinished(ctx)
		w.c.replay.finish(w.c.leases, began)
	}
	w.sweep(ctx, wg, snap)
}

// see takes a snapshot begun at a time (and a listing, unless nil) into use, and ends the readers whose
// lease is lost.
func (w *watcher) see(snap *Snapshot, shards map[string]Shard, began time.Time) error {
	l := w.c.leases
	now := time.Now()
	l.mu.Lock()
	l.live.looked = now
	var foreign error
	for id, hb := range snap.Workers {
		l.live.observe(id, hb.Beat, now)
	}
	for id, row := range snap.Leases {
		if _, ours := snap.Workers[row.Owner]; row.Owner == "" || ours || row.Owner == l.me {
			continue
		}
		// An owner without a heartbeat row: one of ours that is gone, or another KCL, which renews by the
		// row's counter. Row by row, since their counters differ.
		if l.live.observe(rowSign(row), row.Counter, now) && row.Epoch == l.snap.Leases[id].Epoch {
			foreign = fmt.Errorf("read stream %s: worker %q of another KCL application renews leases in table %s: stop that application first, or name another leases.table", w.c.opts.Stream, row.Owner, w.c.opts.Table.name)
		}
	}
	lost := map[*reader]string{}
	for id, r := range l.held {
		row, exists := snap.Leases[id]
		switch {
		case !r.began.Before(began):
			snap.Leases[id] = r.lease // acquired while the scan was under way, which says nothing of it
		case snap.Damaged[id] != nil:
			lost[r] = snap.Damaged[id].Error()
		case !exists:
			lost[r] = "its row is gone"
		case row.Epoch != r.lease.Epoch || row.Owner != l.me && !l.draining[id]:
			lost[r] = fmt.Sprintf("lease belongs to %q in epoch %d", row.Owner, row.Epoch)
		}
	}
	for id, rel := range l.released {
		row := snap.Leases[id]
		switch {
		case rel.at.Before(began):
			delete(l.released, id)
		case row.Owner == l.me && row.Epoch == rel.epoch:
			row.Owner = ""
			snap.Leases[id] = row
		}
	}
	for id, until := range l.cool {
		if now.After(until) {
			delete(l.cool, id)
		}
	}
	if shards != nil {
		l.shards = shards
	}
	l.snap = snap
	l.noteParents()
	if shards != nil {
		l.noteUnlisted(now)
	}
	l.live.forget(snap)
	l.reshape(now)
	owned := l.owned(now)
	l.mu.Unlock()
	for _, id := range owned { // acquired by another worker, or by this one without being told
		l.trouble.Clear("acquire lease", id)
	}
	for r, cause := range lost {
		r.lose(cause)
	}
	w.warn(snap.Damaged)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scanned = now
	if shards != nil {
		w.listed, w.relist = now, false
	}
	close(w.fresh)
	w.fresh = make(chan struct{})
	return foreign
}

// warn brings damaged rows into the log, every 30 s, and into /readyz as long as they are there.
func (w *watcher) warn(damaged map[string]error) {
	w.mu.Lock()
	before := w.damaged
	w.damaged = damaged
	w.mu.Unlock()
	for key, err := range damaged {
		if w.c.trouble.Note("row "+key, "", err) {
			msg := "a row of the lease table is damaged"
			if newer := (*NewerError)(nil); errors.As(err, &newer) {
				msg = "a row of the lease table was written by a newer version"
			}
			w.c.log.Error().Err(err).Msg(msg)
		}
	}
	for key := range before {
		if damaged[key] == nil {
			w.c.trouble.Clear("row "+key, "")
		}
	}
}

// note remembers why the last look failed, nil when it did not.
func (w *watcher) note(op [2]string, err error) {
	w.mu.Lock()
	w.failing, w.looked = err, time.Now()
	w.mu.Unlock()
	if err == nil {
		return
	}
	w.c.m.retries.WithLabelValues(op[0], op[1]).Inc()
	if w.c.trouble.Note(op[1], "", err) {
		w.c.log.Warn().Err(err).Msg("retrying")
	}
	w.c.trouble.Clear(op[1], "") // /readyz shows it by failing
}

func (w *watcher) mayList() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.relist || time.Since(w.listed) > listEvery
}

// sweep carries out batches that nobody has finished for the failover time, or whose maker is dead.
func (w *watcher) sweep(ctx context.Context, wg *sync.WaitGroup, snap *Snapshot) {
	now := time.Now()
	for _, worker := range w.c.leases.longDead(snap, now) { // calls and the leases' lock: not under w.mu
		if err := w.c.opts.Table.Forget(ctx, worker); err == nil {
			w.c.log.Info().Str("owner", worker).Msg("heartbeat of a dead worker removed")
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range w.firstSaw {
		if _, there := snap.Batches[id]; !there {
			delete(w.firstSaw, id)
		}
	}
	for id, b := range snap.Batches {
		first, seen := w.firstSaw[id]
		if !seen {
			w.firstSaw[id] = now
			continue
		}
		if w.sweeping[id] || now.Sub(first) < w.c.opts.Failover {
			continue
		}
		w.sweeping[id] = true
		wg.Go(func() {
			what := "carrying out a batch left behind"
			if b.Owner == w.c.opts.Worker { // CarryOut waits for its maker's turn to end
				what = "a batch of this worker takes longer than leases.failover"
			}
			w.c.log.Info().Str("batch", id).Str("owner", b.Owner).Msg(what)
			if err := w.c.opts.Sink.CarryOut(ctx, id); err != nil && ctx.Err() == nil {
				w.c.log.Error().Err(err).Str("batch", id).Msg("batch not carried out; trying again")
			}
			w.mu.Lock()
			delete(w.sweeping, id)
			w.mu.Unlock()
		})
	}
}

// list is the library's ListShards. When there is nothing to acquire it waits for news, at most a second,
// so that the library's fast loop costs nothing.
func (w *watcher) list() []string {
	ids, free := w.c.leases.candidates()
	if free {
		return ids
	}
	w.mu.Lock()
	fresh := w.fresh
	w.mu.Unlock()
	t := time.NewTimer(time.Second)
	defer t.Stop()
	select {
	case <-fresh:
	case <-t.C:
	case <-w.c.leases.halting:
	}
	ids, _ = w.c.leases.candidates()
	return ids
}

// gone says whether a shard is missing in the last listing.
func (w *watcher) gone(shard string) bool {
	l := w.c.leases
	l.mu.Lock()
	defer l.mu.Unlock()
	_, listed := l.shards[shard]
	return !listed
}

// closed says whether a shard gets no more records, as the last listing has it: it is closed there, or missing. If not, it
// has the shards listed again, for the next question.
func (w *watcher) closed(shard string) bool {
	l := w.c.leases
	l.mu.Lock()
	sh, listed := l.shards[shard]
	l.mu.Unlock()
	if !listed || sh.Closed {
		return true
	}
	w.ended()
	return false
}
