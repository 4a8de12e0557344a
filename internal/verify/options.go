package verify

import (
	"context"
	"io"
	"iter"
	"time"

	"standpipe/consumer"
	"standpipe/internal/s3read"
	"standpipe/sink"
)

// Place is where keys begin alike.
type Place = s3read.Place

// Options says what is to be proved.
type Options struct {
	Application string
	Journal     Place   // journal.bucket and journal.prefix
	Places      []Place // where outputs and errors go: prefixes up to their first expression

	// From and To leave out batches that were cut before From, and at To or later. Zero: no limit. With either, only folders
	// that a batch of the time has written to are looked through for objects that no batch lists.
	From, To time.Time

	Deep   bool // read every object
	Strict bool // take objects that are not ours for a problem

	Store Store
	// Table is the lease table. When it is nil or does not exist, ends of chains are not compared with checkpoints and nobody
	// knows what is in flight; the report says so.
	Table Table
	// Parents gives the parents of each shard that the stream still lists, and may be nil. Its error becomes a note.
	Parents func(context.Context) (map[string][]string, error)

	Parallel int                                 // requests under way at a time; 0 = 64
	Progress func(stage string, done, total int) // called one at a time; total is 0 while it is not known
}

// Object is an object as a listing or a HEAD shows it.
type Object = s3read.Object

var _ Store = s3read.S3{}

// Store is S3 as verify needs it, with retries. A missing key answers sink.ErrNotFound. All methods may be called
// concurrently. None writes.
type Store interface {
	// List gives the objects whose keys begin with a place's head and come after a key, in any order.
	List(ctx context.Context, p Place, after string) iter.Seq2[Object, error]
	// Head looks at one object.
	Head(ctx context.Context, bucket, key string) (Object, error)
	// Open gives an object's bytes from an offset on, which is less than its size or 0. When a connection breaks the reader
	// takes up where it was.
	Open(ctx context.Context, bucket, key string, from int64) (io.ReadCloser, error)
}

// Table is the lease table as verify needs it, with retries and strongly consistent; *consumer.Table is one.
type Table interface {
	Snapshot(ctx context.Context) (*consumer.Snapshot, error)
	Item(ctx context.Context, id string) (*sink.Item, error)
	Lease(ctx context.Context, shard string) (*consumer.Lease, error)
}

var _ Table = (*consumer.Table)(nil)
