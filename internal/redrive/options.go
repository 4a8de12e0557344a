package redrive

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/rs/zerolog"

	"standpipe/consumer"
	"standpipe/internal/s3read"
	"standpipe/partition"
	"standpipe/sink"
)

// Output is the name of the sink's output that takes what was redriven; see [Remember]. No output of a configuration can
// have it.
const Output = "standpipe#redriven"

// Remember is the output that a sink must have for [Run], beside those of the configuration. Its objects lie below the
// journals: they are what keeps a record from being redriven twice, and nobody may delete or change them.
func Remember(journalBucket, journalPrefix string) (*sink.Output, error) {
	prefix, err := partition.Parse(journalPrefix+"redriven/", partition.Data)
	if err != nil {
		return nil, err
	}
	return &sink.Output{Name: Output, Bucket: journalBucket, Prefix: prefix, Compression: "gzip", Named: true}, nil
}

// Source is where error objects lie.
type Source struct {
	s3read.Place
	Takes func(key string) bool // which of the objects there; nil = all
}

// Filter says which error records are redriven; those that it leaves out may be redriven later. The zero Filter takes all.
type Filter struct {
	Since, Until time.Time // of arrival: not before Since, and before Until
	Types, Codes []string
}

// Options says what is redriven, and by what.
type Options struct {
	Source Source
	Filter Filter

	// EnterAfter has all records enter behind the step of this name, in place of the one that they name themselves; "" is
	// the beginning. nil: as they say.
	EnterAfter *string
	Chain      Chain
	Outputs    []string // names of those that the configuration has

	// MemoryLost takes error objects for not yet redriven that are older than what is left of the memory of it. Without it
	// they are left alone.
	MemoryLost bool
	DryRun     bool // only count

	Worker   string // of this process, unique for each start
	Failover time.Duration
	Stop     time.Duration // how long what was read may take to be committed once the context has ended; 0 = 18 s
	Table    Table
	Sink     *sink.Sink // with the output of Remember; it is stopped in the end
	Memory   *sink.Memory
	Own      func(batch string) bool // whether the sink made this batch; nil = none

	Store    Store
	Redriven s3read.Place // where the objects of the output of Remember lie

	Parallel int                                 // objects read at once; 0 = 16
	Progress func(stage string, done, total int) // called one at a time; nil = nobody wants to know
	Log      zerolog.Logger
}

// Chain is the steps of a configuration; *steps.Chain has these methods once [Chained] has made one of it.
type Chain interface {
	// Run gives what becomes of records that enter behind the step after, "" for the beginning. See steps.Chain.
	Run(ctx context.Context, after, shard string, in iter.Seq[sink.Record]) (out iter.Seq[sink.Record], done func(), err error)
	// Has says whether there is a step of that name; "" there always is.
	Has(after string) bool
}

// Store is S3 as this package needs it, with retries; s3read.S3 is one.
type Store interface {
	List(ctx context.Context, p s3read.Place, after string) iter.Seq2[s3read.Object, error]
	OpenListed(ctx context.Context, bucket string, o s3read.Object) (io.ReadCloser, error)
}

// Table is the lease table, with retries; *consumer.Table is one.
type Table interface {
	Snapshot(ctx context.Context) (*consumer.Snapshot, error)
	Lease(ctx context.Context, shard string) (*consumer.Lease, error)
	AcquireRedrive(ctx context.Context, worker, checkpoint string, failover time.Duration, waiting func(owner string)) (consumer.Lease, error)
	BeatRedrive(ctx context.Context, worker string) error
	Release(ctx context.Context, shard string, epoch int64, worker, at string, idle time.Time) error
}

var (
	_ Store = s3read.S3{}
	_ Table = (*consumer.Table)(nil)
)
