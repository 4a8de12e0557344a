package sink

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"standpipe/internal/tally"
)

// Stage is how far a batch is.
type Stage string

const (
	StageFilling    Stage = "filling"    // it takes records
	StageClosing    Stage = "closing"    // its objects and its journal get their last parts; nothing is promised
	StageIntent     Stage = "intent"     // the promise is being stored
	StageCompleting Stage = "completing" // promised: its objects are being made visible, then the checkpoints advance
	StageDropping   Stage = "dropping"   // given up: its uploads are being aborted, its records are read again
)

// shownPaths is how many of the open paths a status names.
const shownPaths = 100

// Status is what a sink holds and did at one moment.
type Status struct {
	Batches []BatchStatus // of each lane, the one that is committed before the one that fills
	Commits []Commit      // the latest, newest first: 64 at most
	Paths   []PathStatus  // of batches that fill: the 100 with the most bytes, largest first
	Open    int           // how many paths are open in all

	Used, Budget int64         // bytes of memory taken, and buffer.memory
	Oldest       time.Duration // how long the oldest record that is not visible has been here; 0 = there is none
}

// BatchStatus is a batch that is not yet visible.
type BatchStatus struct {
	ID      string
	Stage   Stage
	Cause   Cause // why it was cut, "" while it fills
	Opened  time.Time
	Shards  int
	Objects int
	Records int64 // of all objects
	Bytes   int64 // before compression
}

// PathStatus is a path with an open object.
type PathStatus struct {
	Output  string
	Path    string
	Records int64
	Bytes   int64 // before compression
	Held    int64 // bytes of memory
}

// Commit is a batch that this worker made visible.
type Commit struct {
	Batch    string
	Cause    Cause
	Visible  time.Time
	Open     time.Duration // from its first record to the cut
	Closing  time.Duration // until all was uploaded, the journal too
	Intent   time.Duration // until it was promised
	Complete time.Duration // until everything was visible and the checkpoints had advanced
	Shards   int
	Objects  int
	Records  int64
	Bytes    int64 // before compression
	Stored   int64
}

// Took is how long the commit took, from the cut on.
func (c Commit) Took() time.Duration { return c.Closing + c.Intent + c.Complete }

// Status may be called at any time, concurrently. It takes a lane's lock for as long as it takes to copy what its batches
// are, and each object's for as long as it takes to read three numbers; 10,000 objects take about a millisecond.
func (s *Sink) Status() Status {
	st := Status{Commits: s.recent.list(), Used: s.memory.Used(), Budget: s.memory.Limit()}
	s.mu.Lock()
	lanes := slices.Clone(s.lanes)
	s.mu.Unlock()
	for _, l := range lanes {
		l.mu.Lock()
		var seen [2]BatchStatus
		var objects [2][]*object
		var filling [2]bool
		for i, b := range []*batch{l.committing, l.open} {
			if b != nil {
				seen[i] = b.status()
				objects[i] = b.all[:len(b.all):len(b.all)] // only ever appended to
				filling[i] = b == l.open
			}
		}
		l.mu.Unlock()
		for i, b := range seen {
			if b.ID == "" {
				continue
			}
			st.Oldest = max(st.Oldest, time.Since(b.Opened))
			st.gather(&b, objects[i], filling[i])
			st.Batches = append(st.Batches, b)
		}
	}
	st.trim(shownPaths)
	return st
}

// status says what the lane's lock guards. The caller holds it.
func (b *batch) status() BatchStatus {
	s := BatchStatus{ID: b.id, Stage: StageFilling, Cause: b.cause, Opened: b.opened, Shards: len(b.spans), Objects: len(b.all)}
	switch {
	case b.err != nil:
		s.Stage = StageDropping
	case b.cause == "":
	case b.decided:
		s.Stage = StageCompleting
	case b.attempted:
		s.Stage = StageIntent
	default:
		s.Stage = StageClosing
	}
	return s
}

// gather adds up a batch's objects, and takes the open ones among the paths.
func (st *Status) gather(b *BatchStatus, objects []*object, filling bool) {
	for _, o := range objects {
		o.mu.Lock()
		records, raw, closing := o.records, o.raw, o.closing
		o.mu.Unlock()
		b.Records += records
		b.Bytes += raw
		if !filling || closing {
			continue
		}
		st.Open++
		st.Paths = append(st.Paths, PathStatus{o.out.Name, o.at.path, records, raw, o.held.Load()})
		if len(st.Paths) >= 4*shownPaths { // so that no more than these are held
			st.trim(shownPaths)
		}
	}
}

// trim leaves the n largest paths, sorted.
func (st *Status) trim(n int) {
	slices.SortFunc(st.Paths, func(a, b PathStatus) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Output, b.Output))
	})
	st.Paths = st.Paths[:min(n, len(st.Paths))]
}

// Totals are what a sink has counted since its start.
type Totals struct {
	Records  float64            // lines made visible
	Bytes    float64            // of these lines, before compression
	Stored   float64            // of the objects
	Dropped  float64            // batches given up before their intent
	Undone   float64            // promised batches taken back
	Rejected map[string]float64 // records sent to the error output, by error code
	Retries  map[string]float64 // attempts that had to be repeated, by service and operation: "s3 UploadPart"
}

// Totals may be called at any time, concurrently.
func (s *Sink) Totals() Totals {
	m := s.metrics
	return Totals{
		Records: tally.Sum(m.records), Bytes: tally.Sum(m.bytes), Stored: tally.Sum(m.stored), Dropped: tally.Sum(m.dropped), Undone: tally.Sum(m.undone),
		Rejected: tally.By(m.rejected, "code"), Retries: tally.By(m.retries, "service", "op"),
	}
}

// commits are the latest commits. The zero value is ready. Safe for concurrent use.
type commits struct {
	mu   sync.Mutex
	ring [64]Commit
	n    int
}

func (c *commits) add(done Commit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ring[c.n%len(c.ring)] = done
	c.n++
}

// list gives them, the newest first.
func (c *commits) list() []Commit {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []Commit
	for i := c.n - 1; i >= max(0, c.n-len(c.ring)); i-- {
		out = append(out, c.ring[i%len(c.ring)])
	}
	return out
}
