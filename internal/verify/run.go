package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/semaphore"

	"standpipe/consumer"
)

// margin is how far beyond the time asked for journals are read: batches follow each other by the clocks of several
// workers, and an object may be begun this long before its batch is cut (buffer.interval's limit).
const margin = time.Hour

// journalMemory bounds the journals in memory, and so the size of one. A batch's journal takes about 100 bytes a part, so
// that of a terabyte has 20 MB.
const journalMemory = 64 << 20

// verifier is one proof under way.
type verifier struct {
	Options
	names  *naming
	memory *semaphore.Weighted

	counting *semaphore.Weighted // Parquet files

	first   *consumer.Snapshot // of the lease table, before anything else was read; nil without a table
	parents map[string][]string

	mu       sync.Mutex // guards what follows while goroutines run
	report   Report
	journals []journalRef
	batches  map[batchID]int // index in journals
	chains   map[string]*chain
	rows     map[string]*consumer.Lease // by shard, those that first lacks; nil values are known to be missing
	folders  map[Place]bool             // that batches of the time asked for wrote to
	index    index
	earliest time.Time // when the first batch was cut
	suspects []suspect
	unkept   int             // suspects beyond what is kept
	touched  map[string]bool // shards of which something is wrong
	foreign  map[Place]*foreigners
	done     int
}

// Run makes the proof. The error says why it could not be made; what was found wrong is in the report. It writes nothing.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Parallel <= 0 {
		o.Parallel = 64
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	began := time.Now()
	v := &verifier{
		Options: o, names: newNaming(o.Application), memory: semaphore.NewWeighted(journalMemory), counting: semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))),
		report:  Report{From: o.From, To: o.To, Deep: o.Deep, Counts: map[Kind]int{}, Problems: []Problem{}, Notes: []Problem{}, Shards: []Shard{}},
		batches: map[batchID]int{}, chains: map[string]*chain{}, rows: map[string]*consumer.Lease{}, folders: map[Place]bool{},
		foreign: map[Place]*foreigners{}, touched: map[string]bool{},
	}
	for _, step := range []func(context.Context) error{v.readTable, v.readParents, v.readJournals, v.lookThrough, v.findMissing, v.judgeSuspects, v.judgeShards} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	v.report.Took = time.Since(began)
	v.report.finish()
	return &v.report, nil
}

// windowed says whether a time was asked for.
func (v *verifier) windowed() bool { return !v.From.IsZero() || !v.To.IsZero() }

// asked says whether a batch cut at a time is one of those asked for.
func (v *verifier) asked(cut time.Time) bool {
	return !cut.Before(v.From) && (v.To.IsZero() || cut.Before(v.To))
}

// problem notes something wrong.
func (v *verifier) problem(p Problem) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.report.Counts[p.Kind]++
	for _, r := range p.Ranges {
		v.touched[r.Shard] = v.touched[r.Shard] || p.Kind != Loss
	}
	if len(v.report.Problems) < maxListed {
		v.report.Problems = append(v.report.Problems, p)
	}
}

// note says something that is no problem; beyond a thousand such the rest is like them.
func (v *verifier) note(kind Kind, format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.report.Notes) == maxListed {
		return
	}
	v.report.Notes = append(v.report.Notes, Problem{Kind: kind, Text: fmt.Sprintf(format, args...)})
}

// readTable reads the lease table before anything else. What it calls a checkpoint was visible by then: a batch that ends
// at a checkpoint or before it must be there whole, whatever workers do meanwhile.
func (v *verifier) readTable(ctx context.Context) error {
	if v.Table == nil {
		return nil
	}
	snap, err := v.Table.Snapshot(ctx)
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		v.Table = nil
		v.note(Unproved, "the lease table does not exist: whether the newest journals are there, and which batches are in flight, can not be told")
		return nil
	case err != nil:
		return fmt.Errorf("find out how far each shard is: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(snap.Damaged)) {
		if !strings.HasPrefix(key, "standpipe#") { // a shard's; nobody knows how far it is, journals or not
			return fmt.Errorf("find out how far shard %s is: %w", key, snap.Damaged[key])
		}
	}
	redrive, err := v.Table.Lease(ctx, consumer.RedriveShard) // no shard to a worker, but it has a chain of its own
	switch {
	case err != nil:
		return fmt.Errorf("find out how far redriving is: %w", err)
	case redrive != nil:
		snap.Leases[consumer.RedriveShard] = *redrive
	}
	v.first = snap
	return nil
}

// readParents takes each shard's parents from the stream, and those of shards that it has trimmed from their rows.
func (v *verifier) readParents(ctx context.Context) error {
	v.parents = map[string][]string{}
	if v.first != nil {
		for shard, row := range v.first.Leases {
			if len(row.Parents) > 0 {
				v.parents[shard] = row.Parents
			}
		}
	}
	if v.Parents == nil {
		return nil
	}
	listed, err := v.Parents(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		v.note(Unproved, "the stream can not be asked for its shards (%v): parents are those that the lease rows name", err)
		return nil
	}
	for shard, parents := range listed {
		if len(parents) > 0 {
			v.parents[shard] = parents
		}
	}
	return nil
}

// row gives a shard's row as it was first, or as it is now if it was not there.
func (v *verifier) row(ctx context.Context, shard string) (*consumer.Lease, error) {
	if v.first == nil {
		return nil, nil
	}
	if row, ok := v.first.Leases[shard]; ok {
		return &row, nil
	}
	v.mu.Lock()
	row, known := v.rows[shard]
	v.mu.Unlock()
	if known {
		return row, nil
	}
	row, err := v.Table.Lease(ctx, shard)
	if err != nil {
		return nil, fmt.Errorf("find out how far shard %s is: %w", shard, err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rows[shard] = row
	return row, nil
}

// settled says whether a range was delivered before verify began. That of a shard whose row came later was not; one without
// any row belongs to a shard that ended long ago.
func (v *verifier) settled(ctx context.Context, after string, shard string) (bool, error) {
	row, err := v.row(ctx, shard)
	if err != nil || row == nil {
		return err == nil, err
	}
	if _, old := v.first.Leases[shard]; !old {
		return false, nil
	}
	return compare(after, row.Checkpoint) < 0, nil
}
