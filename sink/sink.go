package sink

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/semaphore"

	"standpipe/sink/parquet"
)

// Options configures a Sink.
type Options struct {
	Application string // the first part of object names
	Version     string // of the program, for the footers of Parquet files
	Worker      string // this worker's id, for items and journals

	Outputs []*Output // at least one
	Errors  *Output   // takes what can not be delivered

	JournalBucket string
	JournalPrefix string // ends with "/"; nobody else's

	Size     int64         // an object is full at this many bytes before compression
	Interval time.Duration // a batch is cut when its oldest record is this old
	Memory   *Memory       // shared with the readers
	Uploads  int           // whole parts under way at once, of 5 MiB or a little more; 0 = 4. Of smaller ones up to 16 times as many.

	NewID  func() string  // batch ids: random, never used again
	Random func() string  // !{firehose:random-string}
	Jitter func() float64 // spreads retries, in [0, 1); nil = math/rand/v2

	// Visible is told, after each batch that became visible, of its objects: by whoever advanced it, and by its maker where
	// that is not known to be another. A crash in between means that nobody is told; the journal remains. It may be told
	// twice, is called on the way of the next batch, and must not wait. nil = nobody wants to know.
	Visible func([]JournalObject)

	// Tracer gets a trace of each batch; nil = none, which costs nothing. No span is begun for a record or an answer.
	Tracer trace.Tracer

	Ledger   Ledger
	Store    Store
	Log      zerolog.Logger
	Registry prometheus.Registerer // nil = metrics nobody sees
}

// Sink writes batches. All methods may be called concurrently.
type Sink struct {
	opts    Options
	ledger  Ledger
	store   Store
	memory  *Memory
	log     zerolog.Logger
	metrics *metrics

	data    []*Output                         // opts.Outputs
	outputs []*Output                         // data, then the error output
	formats atomic.Pointer[[]*parquet.Format] // of outputs, nil for lines; a slice never changes

	ctx     context.Context // of everything that outlives the call that began it; ended by Stop
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	cpu     chan struct{}       // slots to encode and compress
	uploads *semaphore.Weighted // bytes of parts under way
	appends atomic.Int64
	short   chan struct{} // memory is wanted

	trouble   Troubles
	resolving resolutions
	recent    commits

	mu       sync.Mutex
	lanes    []*lane
	stopping bool
}

// New makes a sink that works until Stop, or until ctx ends, which leaves everything where it is. It panics where an
// output names a codec or a level that there is not.
func New(ctx context.Context, opts Options) *Sink {
	if opts.Uploads == 0 {
		opts.Uploads = 4
	}
	if opts.Jitter == nil {
		opts.Jitter = rand.Float64
	}
	s := &Sink{
		opts: opts, ledger: opts.Ledger, store: opts.Store, memory: opts.Memory, log: opts.Log,
		data: opts.Outputs, outputs: append(append([]*Output(nil), opts.Outputs...), opts.Errors),
		cpu: make(chan struct{}, runtime.GOMAXPROCS(0)), uploads: semaphore.NewWeighted(int64(opts.Uploads) * partSize),
		short: make(chan struct{}, 1),
	}
	if opts.Tracer != nil {
		s.ledger, s.store = tracedLedger{s.ledger}, tracedStore{s.store}
	}
	formats := make([]*parquet.Format, len(s.outputs))
	for i, out := range s.outputs {
		if formats[i] = out.Parquet; out.Parquet != nil {
			continue
		}
		if c := out.codec(); out.Level < 0 || out.Level > c.levels {
			panic(fmt.Sprintf("sink: output %s: codec %s has no level %d", out.Name, c.name, out.Level))
		}
	}
	s.formats.Store(&formats)
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.metrics = newMetrics(opts.Registry, s)
	s.memory.pressure = func() {
		select {
		case s.short <- struct{}{}:
		default:
		}
	}
	s.wg.Go(s.relieve)
	return s
}

// Read begins reading a shard in a lease epoch from position at, which is its checkpoint. The reading's
// context is made from ctx. Close must be called in the end.
func (s *Sink) Read(ctx context.Context, shard string, epoch int64, at string) *Reading {
	r := &Reading{shard: shard, epoch: epoch, at: at, staged: map[objectKey]*staged{}, last: make([]lastStaged, len(s.outputs))}
	if s.opts.Tracer != nil {
		r.clock = &Clock{}
		ctx = context.WithValue(ctx, clockKey{}, r.clock)
	}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	for _, out := range s.outputs {
		r.paths = append(r.paths, out.Prefix.Evaluator())
		r.keys = append(r.keys, out.Prefix.Keys())
		r.ends = append(r.ends, out.end())
	}
	r.shredders = make([]shredding, len(s.outputs))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lanes {
		if l.join(r) {
			return r
		}
	}
	l := newLane(s)
	l.stopping = s.stopping
	l.join(r)
	s.lanes = append(s.lanes, l)
	s.wg.Go(func() { l.run(s.ctx) })
	return r
}

func (l *lane) join(r *Reading) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.members) >= maxShards {
		return false
	}
	r.lane = l
	l.members[r] = struct{}{}
	return true
}

// Refuse refuses further records and has what is there cut, once.
func (s *Sink) Refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	for _, l := range s.lanes {
		l.stop()
	}
}

// Stop refuses further records, commits what is there and ends the sink. When ctx ends first it gives up:
// an error says that something was left to the next worker; nothing is lost by that.
func (s *Sink) Stop(ctx context.Context) error {
	s.Refuse()
	s.mu.Lock()
	lanes := append([]*lane(nil), s.lanes...)
	s.mu.Unlock()
	var err error
	for _, l := range lanes {
		err = errors.Join(err, l.empty(ctx))
	}
	s.cancel()
	s.wg.Wait()
	return err
}

// empty waits until the lane has nothing left to commit.
func (l *lane) empty(ctx context.Context) error {
	l.mu.Lock()
	for l.open != nil || l.committing != nil {
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("commit the last batch: not done in time; the next worker reads its records again or finishes it: %w", ctx.Err())
		}
		l.mu.Lock()
	}
	l.mu.Unlock()
	return nil
}

// compute runs do, which encodes or compresses, on one of as many slots as there are cores.
func (s *Sink) compute(ctx context.Context, do func() error) error {
	select {
	case s.cpu <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.cpu }()
	return traceOf(ctx).encode(do)
}

// Troubles lists the operations that keep failing, for /readyz.
func (s *Sink) Troubles() []Trouble { return s.trouble.List() }

// Oldest is how long the oldest record that is not yet visible has been here; 0 when there is none.
func (s *Sink) Oldest() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var oldest time.Duration
	for _, l := range s.lanes {
		l.mu.Lock()
		for _, b := range []*batch{l.open, l.committing} {
			if b != nil {
				oldest = max(oldest, time.Since(b.opened))
			}
		}
		l.mu.Unlock()
	}
	return oldest
}
