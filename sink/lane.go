package sink

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

var errEnded = errors.New("the worker had to end")

// maxShards is how many lease rows fit one transaction beside the batch item (DynamoDB: 100 items).
const maxShards = 99

// lane gathers one batch at a time of up to 99 shards. While one batch is committed the next one fills; if
// it fills first, appends wait. One goroutine (run) cuts and commits, in order.
type lane struct {
	s *Sink

	mu         sync.Mutex
	changed    chan struct{} // closed and replaced at every change that somebody may wait for
	members    map[*Reading]struct{}
	open       *batch
	committing *batch
	stopping   bool
}

func newLane(s *Sink) *lane {
	return &lane{s: s, changed: make(chan struct{}), members: map[*Reading]struct{}{}}
}

// notify wakes everybody who waits on the lane. The caller holds l.mu.
func (l *lane) notify() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// enter admits an append to the open batch.
func (l *lane) enter(ctx context.Context, r *Reading) (*batch, error) {
	l.mu.Lock()
	for {
		switch {
		case r.err != nil:
			defer l.mu.Unlock()
			return nil, r.err
		case r.stopped || l.stopping:
			defer l.mu.Unlock()
			return nil, ErrStopped
		}
		if l.open == nil || !l.open.wantsCut() {
			break
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = newBatch(l.s.ctx, l)
		l.notify()
	}
	b := l.open
	b.active++
	if b.spans[r] == nil {
		b.spans[r] = &Span{Shard: r.shard, Epoch: r.epoch, After: r.at, Through: r.at}
	}
	return b, nil
}

// leave ends an append of n records, the last of which arrived at last. err is what happened while its bytes were
// written.
func (l *lane) leave(b *batch, r *Reading, resp Response, n int64, last time.Time, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	b.active--
	if err == nil && b.err == nil && resp.After != r.at {
		err = fmt.Errorf("append to shard %s: records after %q, expected after %q", r.shard, resp.After, r.at)
	}
	if err != nil {
		l.drop(b, err)
	}
	l.notify()
	if b.err != nil {
		return r.err
	}
	sp := b.spans[r]
	sp.Through, r.at = resp.Through, resp.Through
	if sp.Records += n; n > 0 {
		sp.Time = last
	}
	if resp.Gap != nil {
		sp.Gaps = append(sp.Gaps, *resp.Gap)
	}
	if resp.Through == ShardEnd && b.ended.IsZero() {
		b.ended = time.Now()
	}
	return nil
}

// drop gives up a batch that will not be committed: its readings are over, and so is the open batch if it
// holds more of any of them. The caller holds l.mu. No attempt of its intent may be under way.
func (l *lane) drop(b *batch, cause error) {
	if b.err != nil || b.decided {
		return
	}
	b.err, b.decided = cause, true
	b.cancel()
	for r := range b.spans {
		r.end(ErrDropped)
	}
	if l.open == b {
		l.open = nil
	} else if l.open != nil {
		for r := range l.open.spans {
			if b.spans[r] != nil {
				l.drop(l.open, fmt.Errorf("it continues batch %s, which was dropped", b.id))
				break
			}
		}
	}
	l.s.metrics.dropped.Inc()
	l.s.log.Warn().Str("batch", b.id).Err(cause).Int("shards", len(b.spans)).Msg("batch dropped; its shards are read again from their checkpoints")
	l.s.wg.Go(func() { l.discard(b) })
	l.notify()
}

// end sets why a reading is over. The caller holds the lane's mutex.
func (r *Reading) end(err error) {
	if r.err == nil {
		r.err = err
		r.cancel(err)
	}
}

// discard aborts a dropped batch's uploads, as far as that goes, and returns its memory.
func (l *lane) discard(b *batch) {
	l.mu.Lock()
	for b.active > 0 || l.committing == b {
		changed := l.changed
		l.mu.Unlock()
		<-changed
		l.mu.Lock()
	}
	l.mu.Unlock()
	_ = b.closers.Wait()
	ctx, cancel := context.WithTimeout(l.s.ctx, 30*time.Second)
	defer cancel()
	var g errgroup.Group
	g.SetLimit(smallRequests)
	abort := func(u Upload) {
		if u.ID != "" && ctx.Err() == nil {
			g.Go(func() error { return l.s.store.Abort(ctx, u) })
		}
	}
	abort(b.journal)
	for _, o := range b.all {
		o.flushing.Wait()
		o.sending.Wait()
		abort(o.journalLine().Upload)
	}
	_ = g.Wait()
	b.free()
}

func (l *lane) lost(r *Reading) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.end(ErrDropped)
	cause := fmt.Errorf("the lease of shard %s was lost", r.shard)
	if b := l.committing; b != nil && b.spans[r] != nil && !b.attempted {
		l.drop(b, cause)
	}
	if b := l.open; b != nil && b.spans[r] != nil {
		l.drop(b, cause)
	}
	l.notify()
}

func (l *lane) remove(r *Reading) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.open; b != nil && b.spans[r] != nil {
		l.drop(b, fmt.Errorf("shard %s left it", r.shard))
	}
	r.end(ErrStopped)
	delete(l.members, r)
	l.notify()
}

// await waits until no batch with bytes of r is undecided, or, with advanced, none is unfinished.
func (l *lane) await(ctx context.Context, r *Reading, advanced bool) error {
	l.mu.Lock()
	for {
		if r.err != nil {
			defer l.mu.Unlock()
			return r.err
		}
		in := l.open != nil && l.open.spans[r] != nil
		if b := l.committing; b != nil && b.spans[r] != nil && (advanced || !b.decided) {
			in = true
		}
		if !in {
			l.mu.Unlock()
			return nil
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
		l.mu.Lock()
	}
}

// settled waits until no undecided batch holds bytes of r.
func (l *lane) settled(ctx context.Context, r *Reading) error {
	l.mu.Lock()
	for l.committing != nil && l.committing.spans[r] != nil && !l.committing.decided {
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
		l.mu.Lock()
	}
	l.mu.Unlock()
	return nil
}

// requestCut asks for the open batch to be cut if it holds bytes of r (of anybody, when r is nil).
func (l *lane) requestCut(r *Reading, cause Cause) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open != nil && (r == nil || l.open.spans[r] != nil) {
		l.open.want = cause
		l.notify()
	}
}

// stop refuses further appends and has what is there committed.
func (l *lane) stop() {
	l.mu.Lock()
	l.stopping = true
	l.notify()
	l.mu.Unlock()
}

// run cuts and commits until the lane is stopped and empty, or the sink's context ends.
func (l *lane) run(ctx context.Context) {
	defer l.dropOpen()
	for {
		b := l.nextCut(ctx)
		if b == nil {
			return
		}
		l.commit(ctx, b)
		l.mu.Lock()
		l.committing = nil
		l.notify()
		l.mu.Unlock()
	}
}

// dropOpen gives up what was never cut because everything had to end.
func (l *lane) dropOpen() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open != nil {
		l.drop(l.open, errEnded)
	}
}

// nextCut waits for a reason to cut and seals the open batch; nil when there will be none.
func (l *lane) nextCut(ctx context.Context) *batch {
	l.mu.Lock()
	for {
		cause, wait := l.due(time.Now())
		if cause != "" {
			b := l.open
			l.open, l.committing = nil, b
			b.cause = cause
			l.notify()
			for b.active > 0 && b.err == nil {
				changed := l.changed
				l.mu.Unlock()
				select {
				case <-changed:
				case <-ctx.Done():
					l.mu.Lock()
					l.drop(b, errEnded)
					l.committing = nil
					l.notify() // discard waits for it; drop tells nobody if the batch was dropped before
					l.mu.Unlock()
					return nil
				}
				l.mu.Lock()
			}
			l.mu.Unlock()
			return b
		}
		if l.stopping && l.open == nil {
			l.mu.Unlock()
			return nil
		}
		changed := l.changed
		l.mu.Unlock()
		t := time.NewTimer(wait)
		select {
		case <-changed:
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil
		}
		t.Stop()
		l.mu.Lock()
	}
}

// due says why the open batch is to be cut now, or how long until that may change by itself.
func (l *lane) due(now time.Time) (Cause, time.Duration) {
	b := l.open
	if b == nil {
		return "", time.Hour
	}
	age := now.Sub(b.opened)
	switch {
	case l.stopping:
		return CauseShutdown, 0
	case b.want != "":
		return b.want, 0
	case b.wantsCut():
		return CauseSize, 0
	case age >= l.s.opts.Interval:
		return CauseInterval, 0
	}
	wait := l.s.opts.Interval - age
	if !b.ended.IsZero() {
		gather := min(5*time.Second, l.s.opts.Interval) - now.Sub(b.ended)
		if gather <= 0 {
			return CauseShardEnd, 0
		}
		wait = min(wait, gather)
	}
	return "", wait
}
