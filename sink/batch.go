package sink

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"standpipe/partition"
	"standpipe/sink/parquet"
)

// Cause says why a batch was cut.
type Cause string

const (
	CauseSize     Cause = "size"      // every open object is full, or too many full ones wait
	CauseInterval Cause = "interval"  // the oldest record has waited for the interval
	CauseMemory   Cause = "memory"    // room could not be had otherwise
	CauseShardEnd Cause = "shard-end" // shards ended
	CauseHandOver Cause = "hand-over" // leases are about to be handed over
	CauseShutdown Cause = "shutdown"  // the worker stops
	CauseSchema   Cause = "schema"    // the columns of a Parquet output have changed
)

const (
	// smallRequests is how many requests of objects that are not large are under way at once, for each batch.
	smallRequests = 64
	// maxListed is how many bytes a journal may take before its batch is cut: it is read whole, by workers and by verify.
	maxListed = 24 << 20
	// lineCost is what the journal takes for an object beside its path and key.
	lineCost = 320
)

// maxFullObjects is how many full objects may wait for their batch to be cut.
const maxFullObjects = 8

// batch is all that a lane's readings gave between two cuts: the unit of commit. Its fields are guarded by
// the lane's mutex, except those set at birth.
type batch struct {
	id     string
	lane   *lane
	ctx    context.Context // lives as long as the batch: ended when it is dropped or done
	cancel context.CancelFunc
	trace  *batchTrace // nil without traces
	opened time.Time

	formats []*parquet.Format // of the sink's outputs, nil for lines

	active  int // appends in progress
	spans   map[*Reading]*Span
	objects map[objectKey]*object // those that take lines
	all     []*object
	full    int
	ended   time.Time // when the first shard end came in
	want    Cause     // why somebody asked for a cut
	cause   Cause     // why it was cut
	journal Upload    // set by the committing goroutine

	attempted bool  // the intent may have been sent
	decided   bool  // committed, or dropped
	err       error // why it was dropped

	closing []*object      // those that are to be closed
	busy    int            // goroutines that close them
	closers errgroup.Group // of these

	paths  []map[string]struct{} // of the outputs whose open paths are limited
	listed int64                 // bytes that the journal will take, about
}

type objectKey struct {
	out  int
	path string
}

func newBatch(ctx context.Context, l *lane) *batch {
	b := &batch{id: l.s.opts.NewID(), lane: l, opened: time.Now(), spans: map[*Reading]*Span{}, objects: map[objectKey]*object{}, formats: *l.s.formats.Load(), paths: make([]map[string]struct{}, len(l.s.outputs))}
	ctx, b.trace = l.s.traced(ctx, "batch", b.id, b.opened)
	b.ctx, b.cancel = context.WithCancel(ctx)
	return b
}

// write appends to the object of this output and path, opening one if need be.
func (b *batch) write(k objectKey, st *staged) error {
	for {
		o := b.object(k, st.arrival)
		err := o.append(b.ctx, st)
		if err != errClosed {
			return err
		}
		b.forget(o)
	}
}

func (b *batch) object(k objectKey, arrival time.Time) *object {
	l := b.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	if o := b.objects[k]; o != nil {
		return o
	}
	out := b.lane.s.outputs[k.out]
	id := fmt.Sprintf("%s-%d", b.id, len(b.all))
	name := partition.ObjectName(l.s.opts.Application, arrival, out.Location, id, out.ObjectExtension())
	o := &object{s: l.s, b: b, out: out, format: b.formats[k.out], at: k, creating: make(chan struct{}, 1),
		upload: Upload{Bucket: out.Bucket, Key: partition.ObjectKey(k.path, l.s.opts.Random, name)}}
	o.enc = newEncoder(o, id)
	o.hold(objectCost)
	b.objects[k] = o
	b.all = append(b.all, o)
	if b.listed += lineCost + int64(len(k.path)+len(o.upload.Key)); b.listed > maxListed && b.want == "" {
		b.want = CauseMemory
		l.notify()
	}
	return o
}

// forget takes an object that is closing out of those that take lines.
func (b *batch) forget(o *object) {
	b.lane.mu.Lock()
	defer b.lane.mu.Unlock()
	if b.objects[o.at] == o {
		delete(b.objects, o.at)
	}
}

// isFull closes an object that has reached the buffer size.
func (b *batch) isFull(o *object) {
	b.lane.mu.Lock()
	b.full++
	b.closeEarly(o)
	b.lane.notify()
	b.lane.mu.Unlock()
}

// closeEarly ends an object before its batch is cut. The caller holds the lane's mutex and has set, or
// owns the right to set, o.closing.
func (b *batch) closeEarly(o *object) {
	if b.objects[o.at] == o {
		delete(b.objects, o.at)
	}
	b.closing = append(b.closing, o)
	if b.busy < smallRequests {
		b.busy++
		b.closers.Go(b.close)
	}
}

// close closes objects until none is to be closed.
func (b *batch) close() (failed error) {
	for {
		b.lane.mu.Lock()
		if len(b.closing) == 0 {
			b.busy--
			b.lane.mu.Unlock()
			return failed
		}
		o := b.closing[0]
		b.closing[0] = nil
		b.closing = b.closing[1:]
		b.lane.mu.Unlock()
		if err := o.finish(b.ctx); failed == nil {
			failed = err
		}
	}
}

// closeObjects gives every object its last part and waits for all of them.
func (b *batch) closeObjects() error {
	b.lane.mu.Lock()
	for _, o := range b.objects {
		b.closeEarly(o)
	}
	b.lane.mu.Unlock()
	return b.closers.Wait()
}

// wantsCut says whether size demands a cut: every open object is full, or too many full ones wait.
func (b *batch) wantsCut() bool {
	return b.full > 0 && len(b.objects) == 0 || b.full >= maxFullObjects
}

// item is the batch's intent. Spans that hold nothing are left out. One may hold records and stand still: the rest of
// an aggregate that another KCL application had delivered in part.
func (b *batch) item() Item {
	it := Item{ID: b.id, Owner: b.lane.s.opts.Worker, State: Committed}
	for _, sp := range b.spans {
		if sp.After != sp.Through || sp.Records > 0 {
			it.Spans = append(it.Spans, *sp)
		}
	}
	return it
}
