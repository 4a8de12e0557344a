package consumer

import (
	"strings"
	"time"
)

// ReplayProgress is how far a replay is, as this worker knows it.
type ReplayProgress struct {
	Done     bool      // every shard is finished, and what it held is visible
	To       time.Time // as the application's first start has set it
	Shards   int       // that have to do with the time, as far as they are known
	Finished int       // of these
	At       time.Time // what had arrived before is read, of every shard; From when that is not known
	Part     float64   // of the work, from 0 to 1, guessed from the times that the shards are at
	Records  int64     // read of the time by this worker since its start; what was read again counts again
	Bytes    int64
}

// Replayed says how far the replay is; the zero value without one. It may be called at any time, concurrently.
func (c *Consumer) Replayed() ReplayProgress {
	p := c.replay
	if p == nil {
		return ReplayProgress{}
	}
	l := c.leases
	l.mu.Lock()
	defer l.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	out := ReplayProgress{Done: p.done, To: p.to, At: p.to, Records: p.records, Bytes: p.bytes}
	parents := map[string]bool{}
	for _, sh := range l.shards {
		for _, id := range sh.Parents {
			parents[id] = true
		}
	}
	var front int // shards that are read now or can be, and finished ones that none follows
	var sum float64
	for _, id := range l.known() {
		out.Shards++
		at := p.to
		switch {
		case l.finished(id):
			out.Finished++
			if parents[id] {
				continue
			}
		case !l.leasable(id):
			continue
		default:
			at = p.place(l.snap.Leases[id])
			if at.Before(out.At) {
				out.At = at
			}
		}
		front++
		if span := p.to.Sub(p.From); span > 0 {
			sum += float64(at.Sub(p.From)) / float64(span)
		}
	}
	switch {
	case p.done:
		out.Part = 1
	case front > 0:
		out.Part = sum / float64(front)
	default: // nothing is listed yet
		out.At = p.From
	}
	return out
}

// place is the time that an unfinished shard is at. The caller holds p.mu.
func (p *replay) place(row Lease) time.Time {
	at := p.at[row.Shard]
	if row.Time.After(at) {
		at = row.Time
	}
	if at.Before(p.From) {
		return p.From
	}
	if at.After(p.to) {
		return p.to
	}
	return at
}

// finished: the shard's checkpoint is SHARD_END, or its row was one and has been removed. The caller holds l.mu.
func (l *leases) finished(shard string) bool {
	row, ok := l.snap.Leases[shard]
	return l.snap.Damaged[shard] == nil && (ok && row.Checkpoint == shardEnd || !ok && l.outlived[shard])
}

// finish ends a replay whose every shard is finished. It is asked after a listing that was begun, at a time, after the
// snapshot: so the children of every shard that the snapshot shows at its end are in it, but for those that Kinesis did
// not list yet. The time must be Margin after To, so that they were born after it.
func (p *replay) finish(l *leases, began time.Time) {
	if p == nil || began.Add(p.Ahead).Before(p.until().Add(p.Margin)) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for key := range l.snap.Damaged {
		if !strings.HasPrefix(key, "standpipe#") {
			return
		}
	}
	for _, id := range l.known() {
		if !l.finished(id) {
			return
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.done {
		p.done = true
		close(p.complete)
	}
}
