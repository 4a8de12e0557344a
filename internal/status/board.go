package status

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"standpipe/consumer"
	"standpipe/sink"
)

// Reader is a worker's reading side, a *consumer.Consumer. Its methods may be called at any time, concurrently, and wait for
// nothing but short locks.
type Reader interface {
	Status() consumer.Status
	View() consumer.View
	Totals() consumer.Totals
}

// Writer is a worker's writing side, a *sink.Sink, under the same terms.
type Writer interface {
	Status() sink.Status
	Totals() sink.Totals
}

// Options says what a Board stands for.
type Options struct {
	Application string
	Stream      string
	Table       string
	Worker      string
	Program     string // its version
	Started     time.Time
	Limits      Limits

	Reader   Reader
	Writer   Writer
	Troubles func() []sink.Trouble // what fails now, of everything
	Unready  func() []string       // the lines of /readyz; nil = nobody judges
}

// fresh is how long a snapshot serves everybody who asks.
const fresh = time.Second

// Board knows how a worker is. Safe for concurrent use.
type Board struct {
	opts Options

	mu     sync.Mutex // of what samples leave
	last   totals
	ring   ring
	shards [minute + 1]map[string]amount // what was read of each shard at the last samples
	turns  [minute + 1]time.Time
	n      int
	seen   string // the newest commit that a sample has counted

	making sync.Mutex
	made   *Snapshot
	at     time.Time
	first  map[string]int64 // workers' heartbeats as they were first seen; of making
}

type amount struct{ records, bytes int64 }

// totals are the counters at one moment.
type totals struct {
	at     time.Time
	reader consumer.Totals
	writer sink.Totals
}

// NewBoard makes a board. Nothing is sampled before Run.
func NewBoard(opts Options) *Board { return &Board{opts: opts} }

// Heed has the verdict say what /readyz says. It is called before anybody asks for a snapshot.
func (b *Board) Heed(unready func() []string) { b.opts.Unready = unready }

// Run samples until ctx ends.
func (b *Board) Run(ctx context.Context) {
	b.sample(time.Now())
	t := time.NewTicker(Every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			b.sample(time.Now())
		case <-ctx.Done():
			return
		}
	}
}

// sample adds what has happened since the last sample to the ring.
func (b *Board) sample(now time.Time) {
	next := totals{now, b.opts.Reader.Totals(), b.opts.Writer.Totals()}
	read, written := b.opts.Reader.Status(), b.opts.Writer.Status()
	b.mu.Lock()
	defer b.mu.Unlock()
	amounts := make(map[string]amount, len(read.Shards))
	p := point{at: now, took: now.Sub(b.last.at).Seconds(), oldest: seconds(written.Oldest), memory: float64(written.Used)}
	for _, s := range read.Shards {
		amounts[s.Shard] = amount{s.Records, s.Bytes}
		p.lag = max(p.lag, seconds(s.Behind))
	}
	b.shards[b.n%len(b.shards)], b.turns[b.n%len(b.turns)] = amounts, now
	b.n++
	for _, c := range written.Commits {
		if c.Batch == b.seen {
			break
		}
		p.commits++
		if c.Took().Seconds() > p.closing+p.intent+p.complete {
			p.closing, p.intent, p.complete = c.Closing.Seconds(), c.Intent.Seconds(), c.Complete.Seconds()
		}
	}
	if len(written.Commits) > 0 {
		b.seen = written.Commits[0].Batch
	}
	before := b.last
	b.last = next
	if before.at.IsZero() || p.took <= 0 {
		return
	}
	p.read, p.readBytes = next.reader.Records-before.reader.Records, next.reader.Bytes-before.reader.Bytes
	p.visible, p.stored = next.writer.Records-before.writer.Records, next.writer.Stored-before.writer.Stored
	p.dropped, p.undone, p.gaps = next.writer.Dropped-before.writer.Dropped, next.writer.Undone-before.writer.Undone, next.reader.Gaps-before.reader.Gaps
	p.retries = grown(before.reader.Retries, next.reader.Retries)
	for k, v := range grown(before.writer.Retries, next.writer.Retries) {
		if p.retries == nil {
			p.retries = map[string]float64{}
		}
		p.retries[k] += v
	}
	p.rejected = grown(before.writer.Rejected, next.writer.Rejected)
	b.ring.add(p)
}

// rate is what was read a second of a shard since the oldest sample that knows it, of the last minute; nil when it is too
// early to say. The caller holds b.mu.
func (b *Board) rate(s consumer.ShardStatus, now time.Time) (records, bytes *float64) {
	for i := max(0, b.n-len(b.shards)); i < b.n; i++ {
		was, known := b.shards[i%len(b.shards)][s.Shard]
		took := now.Sub(b.turns[i%len(b.turns)]).Seconds()
		if known && took >= 1 && s.Records >= was.records { // fewer: the lease was acquired anew
			return ptr(short(float64(s.Records-was.records) / took)), ptr(short(float64(s.Bytes-was.bytes) / took))
		}
	}
	return nil, nil
}

// Snapshot is how the application is, as this worker sees it. One that is less than a second old is given again; nobody may
// change it.
func (b *Board) Snapshot() *Snapshot {
	b.making.Lock()
	defer b.making.Unlock()
	if now := time.Now(); b.made == nil || now.Sub(b.at) >= fresh {
		b.made, b.at = b.make(now), now
	}
	return b.made
}

func (b *Board) make(now time.Time) *Snapshot {
	o := &b.opts
	s := &Snapshot{Form: Form, Time: now.UTC().Truncate(time.Millisecond), Application: o.Application, Stream: o.Stream, Table: o.Table, Worker: o.Worker, Program: o.Program, Started: o.Started.UTC().Truncate(time.Millisecond)}
	read, written, view := o.Reader.Status(), o.Writer.Status(), o.Reader.View()
	failing := o.Troubles()
	s.Troubles = troubles(failing)
	s.Memory = &Memory{written.Used, written.Budget}
	s.Paths = &Paths{Open: written.Open, Shown: []Path{}}
	for _, p := range written.Paths {
		s.Paths.Shown = append(s.Paths.Shown, Path(p))
	}
	for _, c := range written.Commits[:min(len(written.Commits), 20)] {
		s.Commits = append(s.Commits, commit(c))
	}
	own := map[string]consumer.ShardStatus{}
	for _, sh := range read.Shards {
		own[sh.Shard] = sh
	}
	b.mu.Lock()
	mine := b.report(now, read, written, s.Troubles)
	b.mu.Unlock()
	b.doubt(view, now)
	s.take(view, o.Worker, &mine, own)
	s.Batches = []Batch{}
	for _, x := range written.Batches {
		s.Batches = append(s.Batches, Batch{ID: x.ID, Owner: o.Worker, Stage: string(x.Stage), Cause: string(x.Cause), Opened: x.Opened.UTC(), Shards: x.Shards, Objects: x.Objects, Records: x.Records, Bytes: x.Bytes})
	}
	s.promised(view, o.Worker)
	b.mu.Lock()
	for i := range s.Shards.Shown {
		if sh := &s.Shards.Shown[i]; sh.Owner == o.Worker {
			if mine, ok := own[sh.ID]; ok {
				sh.Records, sh.Bytes = b.rate(mine, now)
			}
		}
	}
	s.History, s.Hour = b.ring.history(), b.hour()
	b.mu.Unlock()
	var found []Finding
	if read.Scanned.IsZero() {
		found = append(found, Finding{Watch, "It is starting: lease table and stream have not been read yet.", "it is starting"})
	}
	s.judge(o.Limits, view.Retention, view.Unusable(), b.unready(failing), found...)
	return s
}

// doubt takes workers from the living that were never seen to move their heartbeat and whose last report is old: those that
// died before this one started. Leases heed no clock, so they are taken for alive for leases.failover; a page need not.
func (b *Board) doubt(view consumer.View, now time.Time) {
	first := make(map[string]int64, len(view.Workers))
	for id, hb := range view.Workers {
		was, known := b.first[id]
		if !known {
			was = hb.Beat
		}
		first[id] = was
		if r := readReport(hb.Report); id != b.opts.Worker && hb.Beat == was && r != nil && !r.recent(now, b.opts.Limits.Failover) {
			delete(view.Alive, id)
		}
	}
	b.first = first
}

// unready are the lines of /readyz, but for those that say that an operation fails or that the worker starts: the verdict says
// that in words of its own.
func (b *Board) unready(failing []sink.Trouble) (lines []string) {
	if b.opts.Unready == nil {
		return nil
	}
	known := make(map[string]bool, len(failing))
	for _, t := range failing {
		known[t.Op] = true
	}
	for _, line := range b.opts.Unready() {
		if op, _, fails := strings.Cut(line, " fails for "); fails && known[op] || strings.HasPrefix(line, "starting: ") {
			continue
		}
		lines = append(lines, line)
	}
	return lines
}

// hour counts. The caller holds b.mu.
func (b *Board) hour() *Hour {
	h := &Hour{Rejected: map[string]int64{}, Retries: map[string]int64{}}
	took := 0.0
	b.ring.each(points, func(p *point) {
		took += p.took
		h.Records += int64(p.read)
		h.Bytes += int64(p.readBytes)
		h.Visible += int64(p.visible)
		h.Stored += int64(p.stored)
		h.Commits += p.commits
		h.Dropped, h.Undone, h.Gaps = h.Dropped+int64(p.dropped), h.Undone+int64(p.undone), h.Gaps+int64(p.gaps)
		for k, v := range p.rejected {
			h.Rejected[k] += int64(v)
		}
		for k, v := range p.retries {
			_, op, _ := strings.Cut(k, " ") // behind its service
			doing, _, _ := said(op)
			h.Retries[doing] += int64(v)
		}
	})
	h.Seconds = int64(took)
	return h
}

// commit is a commit of a sink's.
func commit(c sink.Commit) Commit {
	return Commit{Batch: c.Batch, Cause: string(c.Cause), Visible: c.Visible.UTC().Truncate(time.Millisecond), Seconds: seconds(c.Took()), Closing: seconds(c.Closing), Intent: seconds(c.Intent), Complete: seconds(c.Complete),
		Open: seconds(c.Open), Shards: c.Shards, Objects: c.Objects, Records: c.Records, Bytes: c.Bytes, Stored: c.Stored}
}

// promised adds the batches of all workers but me, by their reports, and those that the lease table holds and nobody who
// is alive tells of.
func (s *Snapshot) promised(view consumer.View, me string) {
	telling := map[string]bool{}
	for id, hb := range view.Workers {
		r := readReport(hb.Report)
		if id == me || r == nil || !view.Alive[id] {
			continue
		}
		for _, x := range r.Batches {
			s.Batches = append(s.Batches, Batch{Owner: id, Stage: x.Stage, Opened: time.Unix(x.Opened, 0).UTC(), Bytes: x.Bytes})
			telling[id] = telling[id] || x.Stage == string(sink.StageIntent) || x.Stage == string(sink.StageCompleting)
		}
	}
	for id, x := range view.Batches {
		if !telling[x.Owner] && !slices.ContainsFunc(s.Batches, func(k Batch) bool { return k.ID == id }) {
			s.Batches = append(s.Batches, Batch{ID: id, Owner: x.Owner, Stage: "promised"})
		}
	}
	slices.SortFunc(s.Batches, func(a, b Batch) int {
		return cmp.Or(b.rank()-a.rank(), cmp.Compare(a.Owner, b.Owner), a.Opened.Compare(b.Opened), cmp.Compare(a.ID, b.ID))
	})
	s.Batches = s.Batches[:min(len(s.Batches), 100)]
}

func (b Batch) rank() int {
	return slices.Index([]string{"filling", "dropping", "closing", "intent", "promised", "completing"}, b.Stage)
}
