package consumer

import (
	"maps"
	"time"

	"standpipe/internal/tally"
	"standpipe/sink"
)

// Status is what this worker is doing, for /readyz, metrics and the status page.
type Status struct {
	Shards  []ShardStatus
	Unowned int       // shards that could be read and that no living worker owns
	Workers int       // alive, this one included
	Scanned time.Time // when the lease table was last read
	Looked  time.Time // when that was last tried
	Failing error     // why it, or the stream, could not be read since
}

// ShardStatus is one shard this worker reads.
type ShardStatus struct {
	Shard    string
	Epoch    int64
	Behind   time.Duration
	Position string // up to where its records were given to the sink, "" before the first
	Records  int64  // of Kinesis, read since the lease was acquired
	Bytes    int64  // of these
	Leaving  string // why it is read no more, "" while it is
}

// Status may be called at any time, concurrently.
func (c *Consumer) Status() Status {
	s := Status{Workers: 1, Unowned: c.leases.unowned()}
	for _, r := range c.leases.readers() {
		sh := ShardStatus{Shard: r.lease.Shard, Epoch: r.lease.Epoch, Behind: r.fetcher.progress.lag(), Leaving: r.cause()}
		sh.Position, sh.Records, sh.Bytes = r.fetcher.progress.status()
		s.Shards = append(s.Shards, sh)
	}
	c.leases.mu.Lock()
	now := time.Now()
	for id := range c.leases.snap.Workers {
		if id != c.leases.me && c.leases.working(id, now) {
			s.Workers++
		}
	}
	c.leases.mu.Unlock()
	c.watch.mu.Lock()
	defer c.watch.mu.Unlock()
	s.Scanned, s.Looked, s.Failing = c.watch.scanned, c.watch.looked, c.watch.failing
	return s
}

// Troubles lists the operations that keep failing, for /readyz.
func (c *Consumer) Troubles() []sink.Trouble { return c.trouble.List() }

// View is the whole application as a worker sees it.
type View struct {
	Snapshot
	Alive   map[string]bool // the workers whose heartbeat moves
	Unowned map[string]bool // shards that could be read and that no living worker owns
	Waiting map[string]bool // shards whose parents are not finished

	Retention time.Duration // of the stream; 0 = not known
}

// View may be called at any time, concurrently. It copies what the last look at the lease table found, and calls nothing.
func (c *Consumer) View() View {
	l := c.leases
	v := View{Alive: map[string]bool{l.me: true}, Unowned: map[string]bool{}, Waiting: map[string]bool{}, Retention: c.retention.get()}
	l.mu.Lock()
	defer l.mu.Unlock()
	v.Snapshot = *l.snap
	v.Leases = maps.Clone(l.snap.Leases) // the others are replaced, never changed
	now := time.Now()
	for id := range v.Workers {
		if l.working(id, now) {
			v.Alive[id] = true
		}
	}
	for _, id := range l.known() {
		switch {
		case l.held[id] != nil, v.Damaged[id] != nil:
		case l.leasable(id):
			if l.ownerless(id, now) {
				v.Unowned[id] = true
			}
		case v.Leases[id].Checkpoint != shardEnd && !l.outlived[id]:
			v.Waiting[id] = true
		}
	}
	return v
}

// Totals are what a consumer has counted since its start.
type Totals struct {
	Records float64            // of Kinesis
	Bytes   float64            // of these
	Gaps    float64            // times in which records may have left the stream unread
	Retries map[string]float64 // attempts that had to be repeated, by service and operation: "kinesis GetRecords"
}

// Totals may be called at any time, concurrently.
func (c *Consumer) Totals() Totals {
	return Totals{Records: tally.Sum(c.m.records), Bytes: tally.Sum(c.m.bytes), Gaps: tally.Sum(c.m.gaps), Retries: tally.By(c.m.retries, "service", "op")}
}
