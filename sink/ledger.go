package sink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ShardEnd is the checkpoint of a shard whose every record has been delivered, as the KCL writes it.
const ShardEnd = "SHARD_END"

// State of a batch item.
type State string

const (
	Committed State = "committed" // the batch will become visible
	Undoing   State = "undoing"   // an upload vanished: the batch is being taken back
)

// Span is what a batch holds of one shard: everything after After, which is the row's checkpoint when the
// batch is promised, up to and including Through, which becomes the checkpoint.
type Span struct {
	Shard   string
	Epoch   int64 // the lease epoch in which the records were read
	After   string
	Through string
	Time    time.Time // arrival of the record at Through; zero when there is none
	Records int64     // Kinesis user records; for the journal, not stored in the item
	Gaps    []Gap     // for the journal, not stored in the item
}

// Gap is a time in which records may have come into a shard and left its retention before they were read.
type Gap struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Item is a stored intent: the promise that a batch will become visible.
type Item struct {
	ID      string
	Owner   string // the worker that made it
	State   State
	Spans   []Span
	Journal *Upload // nil for a batch that holds only bare ends of shards
}

// Ledger is what the sink needs of the lease table. Each call is one attempt: the caller repeats it while
// the answer is unclear. Every write is atomic and durable when it returns nil. All methods may be called
// concurrently, and by several workers for the same batch.
type Ledger interface {
	// Intend promises the batch (rule 8 of the commit protocol). Calling it again with an equal item is
	// harmless. A *RefusedError says that this attempt changed nothing; any other error leaves that open.
	Intend(ctx context.Context, item Item) error
	// Item reads a batch item, strongly consistent; nil when there is none.
	Item(ctx context.Context, id string) (*Item, error)
	// Advance moves the checkpoints of the batch's shards to Through and removes the item (rule 13).
	Advance(ctx context.Context, item Item) error
	// Mark turns a committed item into an undoing one (rule 15).
	Mark(ctx context.Context, id string) error
	// Clear frees the batch's shards with their checkpoints untouched and removes the item (rule 17).
	Clear(ctx context.Context, item Item) error
}

// RefusedError is a definite no: the conditions of a write did not hold and it has changed nothing.
type RefusedError struct {
	Op      string
	Batch   string
	Final   bool     // of an intent: it can never succeed any more (rule 9)
	Pending []string // of an intent: other batches that are pending on its shards
	Reasons []string // what did not hold, for the log
	Damaged error    // of an intent: a row can not be trusted, so whether it can ever succeed is not known
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s batch %s: refused: %s", e.Op, e.Batch, strings.Join(e.Reasons, "; "))
}

func refused(err error) (*RefusedError, bool) {
	var r *RefusedError
	ok := errors.As(err, &r)
	return r, ok
}
