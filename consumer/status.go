package consumer

import (
	"time"

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
	Shard  string
	Epoch  int64
	Behind time.Duration
}

// Status may be called at any time, concurrently.
func (c *Consumer) Status() Status {
	s := Status{Workers: 1, Unowned: c.leases.unowned()}
	for _, r := range c.leases.readers() {
		s.Shards = append(s.Shards, ShardStatus{r.lease.Shard, r.lease.Epoch, r.fetcher.progress.lag()})
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
