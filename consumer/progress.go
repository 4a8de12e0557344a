package consumer

import (
	"sync"
	"time"
)

// progress is how far behind the tip of its shard a reader is, for others to ask. Safe for concurrent use.
type progress struct {
	mu       sync.Mutex
	behind   time.Duration
	answered time.Time
	position string // up to where its records were given to the sink, "" before the first
	records  int64  // so many of them since the lease was acquired, those read again counted again
	bytes    int64
}

// took notes what was given to the sink.
func (p *progress) took(through string, records, bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.position, p.records, p.bytes = through, p.records+int64(records), p.bytes+int64(bytes)
}

// status says where the reader is.
func (p *progress) status() (position string, records, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.position, p.records, p.bytes
}

// note takes a good answer into account.
func (p *progress) note(behind time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behind, p.answered = behind, time.Now()
}

// lag is how far behind the last answer was, and what has passed since, if that is more than the time between
// two answers of a healthy shard.
func (p *progress) lag() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answered.IsZero() {
		return 0
	}
	if since := time.Since(p.answered); since > attempt {
		return p.behind + since
	}
	return p.behind
}
