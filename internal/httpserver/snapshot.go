package httpserver

import "time"

// Snapshot is what the probes judge: the state of one worker at one moment.
type Snapshot struct {
	Started  time.Time     // when the process began its work
	Scanned  time.Time     // when the lease table was last read; zero: never yet
	Looked   time.Time     // when that was last tried, with or without success
	Failing  error         // why the lease table or the stream could not be read since; nil: it could
	Unowned  int           // shards that could be read and that no living worker owns
	Oldest   time.Duration // how long the oldest record that is not yet visible has been held; 0: there is none
	Troubles []Trouble     // operations that keep failing
}

// Trouble is an operation that has failed since a moment and is still repeated.
type Trouble struct {
	Op    string
	Since time.Time
	Count int
	Last  error
}

// Limits are the configured times from which the probes derive what is too long.
type Limits struct {
	Failover time.Duration // leases.failover
	Interval time.Duration // buffer.interval
}

// stale is the age of the last look at the lease table above which a worker counts as dead.
func (l Limits) stale() time.Duration { return max(time.Minute, 4*l.Failover) }

// orphaned is how long shards may be without an owner.
func (l Limits) orphaned() time.Duration { return 2 * l.Failover }

// late is how long a record may wait to become visible: a batch fills for an interval and commits while
// the next one fills.
func (l Limits) late() time.Duration { return 2*l.Interval + time.Minute }

// stuck is how long an operation may keep failing.
const stuck = time.Minute
