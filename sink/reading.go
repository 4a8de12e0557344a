package sink

import (
	"context"
	"errors"
	"iter"

	"standpipe/partition"
)

var (
	// ErrDropped says that a batch with bytes of this reading was dropped: read again from the checkpoint.
	ErrDropped = errors.New("batch was dropped: read again from the checkpoint")
	// ErrUndecided says that the sink ended before it knew whether a batch with bytes of this reading is
	// promised. The lease is to be kept until the failover time hands it to the next worker.
	ErrUndecided = errors.New("intent is undecided")
	// ErrStopped says that the sink, or this reading, takes no more.
	ErrStopped = errors.New("sink takes no more records")
)

// Response is one whole answer of GetRecords, de-aggregated.
type Response struct {
	// Records yields the records in order. It is run over at most once, and ended early when the answer can not be
	// taken. nil is no records, as at a shard's end. It is no slice, so that an aggregate of a million tiny user
	// records takes no memory of its own.
	Records iter.Seq[Record]
	After   string // the position it was read from
	Through string // the position it leads to: its last record, or ShardEnd
	Gap     *Gap   // what may be missing before it

	// Read says what Records are made of, complete once they were run over. nil: of nothing but themselves.
	Read *Read
}

// Reading is one shard being read in one lease epoch, from its checkpoint on. Its methods but Lost and
// Stop are for one goroutine. Everything appended is in exactly one batch; when a batch that holds any of
// it is dropped, the reading is over.
type Reading struct {
	lane  *lane
	shard string
	epoch int64

	ctx     context.Context // ended, with err as its cause, when err is set
	cancel  context.CancelCauseFunc
	at      string // guarded by lane.mu, as are the next two
	err     error
	stopped bool
	clock   *Clock // nil without traces

	paths     []*partition.Evaluator // one for each of the sink's outputs
	shredders []shredding            // likewise, of the format that was last written
	keys      [][]partition.Key      // likewise, of the outputs' prefixes
	values    []string               // of the keys of one record
	ends      []string               // likewise, what stands behind each line or record
	lacking   []int                  // outputs that one record does not fit
	staged    map[objectKey]*staged
	last      []lastStaged // of each output, the object that was written last, which most often is the next

	stagedBytes int64 // of memory that staged takes
	counted     int64 // of these, in the budget
}

// Context ends when the reading is over, with ErrDropped or what else ended it as its cause.
func (r *Reading) Context() context.Context { return r.ctx }

// Append adds a whole answer to the open batch, blocking while the sink is behind. The records' bytes are
// not kept. On an error nothing of the answer will be delivered by this reading.
func (r *Reading) Append(ctx context.Context, resp Response) error {
	b, err := r.lane.enter(ctx, r)
	if err != nil {
		return err
	}
	n, last, err := r.write(b, resp)
	return r.lane.leave(b, r, resp, n, last, err)
}

// Committed waits until everything appended so far is promised by an intent, and gives the reading's error
// if it was dropped instead. It does not cause a cut.
func (r *Reading) Committed(ctx context.Context) error { return r.lane.await(ctx, r, false) }

// Advanced waits until everything appended so far is visible and the checkpoint has moved.
func (r *Reading) Advanced(ctx context.Context) error { return r.lane.await(ctx, r, true) }

// Stop refuses further appends. Several readings that are to be handed over are stopped first, then
// drained, and so leave in one cut.
func (r *Reading) Stop() {
	r.lane.mu.Lock()
	r.stopped = true
	r.lane.notify()
	r.lane.mu.Unlock()
}

// Drain stops the reading, has its bytes cut and promised, and leaves the lane. nil: the lease may be
// given away. With an error (dropped, or ctx ended) what was not promised is read again by the next owner.
func (r *Reading) Drain(ctx context.Context) error {
	r.Stop()
	r.lane.requestCut(r, CauseHandOver)
	err := r.Committed(ctx)
	if serr := r.Settled(ctx); err == nil { // an earlier batch may be undecided although a later one is dropped
		err = serr
	}
	r.Close()
	return err
}

// Lost tells the sink that the epoch is over. If the open batch holds bytes of this reading it is dropped
// whole (rule 4).
func (r *Reading) Lost() { r.lane.lost(r) }

// Settled waits until no batch with bytes of this reading is undecided, be the reading over or not. Only
// then does the shard's row say where to read on.
func (r *Reading) Settled(ctx context.Context) error { return r.lane.settled(ctx, r) }

// Close leaves the lane. What the reading gave and is not yet promised is dropped.
func (r *Reading) Close() { r.lane.remove(r) }
