package catalog

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/rs/zerolog"

	"standpipe/internal/awserr"
	"standpipe/internal/tables"
)

// Client is Glue as a table and its partitions are registered there. It may be called concurrently.
type Client interface {
	Getter
	CreateTable(context.Context, *glue.CreateTableInput, ...func(*glue.Options)) (*glue.CreateTableOutput, error)
	BatchCreatePartition(context.Context, *glue.BatchCreatePartitionInput, ...func(*glue.Options)) (*glue.BatchCreatePartitionOutput, error)
}

var _ Client = (*glue.Client)(nil)

const (
	perCall  = 100    // partitions that Glue takes at once, https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html
	mostOpen = 10_000 // partitions that wait; more are found again in the journals
	mostDone = 10_000 // partitions that are remembered as registered; when there are more they are asked for again

	gather    = 200 * time.Millisecond // so that the partitions of one batch go in one call
	firstWait = time.Second
	longWait  = 5 * time.Minute
)

// Register has the partitions of one output registered in a table, which it creates where there is none. Add never
// waits for Glue; Run does the work.
type Register struct {
	Output string
	Table  Ref
	Glue   Client
	Layout *tables.Listed
	Jitter func() float64 // in [0, 1); nil = math/rand/v2
	Log    zerolog.Logger
	Metric *Metrics

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced when something was added or registered
	open     map[string]folder
	done     map[string]bool // paths of partitions that are registered
	overflow bool            // something was not taken for lack of room
	ready    bool            // the table is there and fits
	since    time.Time       // when it was created
	said     string          // the last failure in the log
}

// folder is a partition that waits.
type folder struct {
	values   []string
	location string
	refused  int // times that Glue took others of a call and not this one
}

// start readies what New would make.
func (r *Register) start() {
	if r.changed == nil {
		r.changed, r.open, r.done = make(chan struct{}), map[string]folder{}, map[string]bool{}
	}
}

// notify wakes whoever waits. The caller holds r.mu.
func (r *Register) notify() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// Add takes the partition of an evaluated prefix, whose objects are visible, unless it is registered or waits already.
func (r *Register) Add(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.start()
	values, location, ok := r.Layout.Partition(path)
	if !ok || r.done[location] {
		return
	}
	if _, waits := r.open[location]; waits {
		return
	}
	if len(r.open) >= mostOpen {
		r.overflow = true
		return
	}
	r.open[location] = folder{values: values, location: location}
	r.Metric.waiting.WithLabelValues(r.Output).Set(float64(len(r.open)))
	r.notify()
}

// knows says whether the partition of a path needs nothing more than it has; also where it has none.
func (r *Register) knows(path string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.start()
	_, location, ok := r.Layout.Partition(path)
	_, waits := r.open[location]
	return !ok || waits || r.done[location]
}

// Run registers what Add takes until ctx ends, trying again what fails, with back-off. It begins with the table.
func (r *Register) Run(ctx context.Context) {
	r.mu.Lock()
	r.start()
	r.mu.Unlock()
	jitter := r.Jitter
	if jitter == nil {
		jitter = rand.Float64
	}
	r.Metric.registered.WithLabelValues(r.Output)
	r.Metric.waiting.WithLabelValues(r.Output).Set(0)
	for _, op := range []string{"CreateTable", "BatchCreatePartition"} {
		r.Metric.failures.WithLabelValues(op)
	}
	wait := firstWait
	for ctx.Err() == nil {
		r.mu.Lock()
		changed, idle := r.changed, r.ready && len(r.open) == 0
		r.mu.Unlock()
		if idle {
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
			pause(ctx, gather)
			continue
		}
		before := r.waiting()
		if err := r.flush(ctx); err == nil {
			wait = firstWait
			continue
		} else if ctx.Err() == nil {
			r.say(err)
		}
		if r.waiting() < before {
			wait = firstWait
		}
		pause(ctx, time.Duration((1-jitter()/2)*float64(wait)))
		wait = min(2*wait, longWait)
	}
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// saw notes that the table is there. One that was created anew has none of the partitions of the one before.
func (r *Register) saw(t *types.Table) {
	r.mu.Lock()
	defer r.mu.Unlock()
	since := aws.ToTime(t.CreateTime).UTC().Round(time.Second)
	if !since.Equal(r.since) {
		clear(r.done)
	}
	if !r.ready || !since.Equal(r.since) {
		r.ready, r.since = true, since
		r.notify()
	}
}

// await waits until the table is there, or with all until nothing waits to be registered, and gives the time of the
// table's creation. false: not within the limit.
func (r *Register) await(ctx context.Context, limit time.Duration, all bool) (since time.Time, ok bool) {
	ok = r.until(ctx, limit, func() bool {
		since = r.since
		return r.ready && (!all || len(r.open) == 0)
	})
	return since, ok
}

// Settle waits until nothing waits to be registered any more, but no longer than a limit: for a stop.
func (r *Register) Settle(ctx context.Context, limit time.Duration) {
	r.until(ctx, limit, func() bool { return len(r.open) == 0 })
}

// until waits for something that holds under r.mu. false: not within the limit.
func (r *Register) until(ctx context.Context, limit time.Duration, holds func() bool) bool {
	late := time.NewTimer(limit)
	defer late.Stop()
	for {
		r.mu.Lock()
		r.start()
		ok, changed := holds(), r.changed
		r.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-late.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

func (r *Register) waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.open)
}

// overflowed says whether something was not taken since the last time this was asked.
func (r *Register) overflowed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.overflow
	r.overflow = false
	return was
}

// say logs a failure when it is another than the last one.
func (r *Register) say(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if text := awserr.Cause(err); text != r.said {
		r.said = text
		r.Log.Error().Str("output", r.Output).Str("table", r.Table.String()).Str("cause", text).Int("waiting", len(r.open)).
			Msg("partitions can not be registered in Glue: records are delivered all the same, and it is tried again")
	}
}

// flush registers a call's worth of what waits, and sees to the table first. What Glue has refused comes last, so that it
// holds nothing else back.
func (r *Register) flush(ctx context.Context) error {
	t, err := r.table(ctx)
	if err != nil {
		return err
	}
	r.mu.Lock()
	some := slices.SortedFunc(maps.Values(r.open), func(a, b folder) int {
		return cmp.Or(cmp.Compare(a.refused, b.refused), cmp.Compare(a.location, b.location))
	})
	some = some[:min(len(some), perCall)]
	r.mu.Unlock()
	if len(some) == 0 {
		return nil
	}
	input := &glue.BatchCreatePartitionInput{CatalogId: r.Table.catalog(), DatabaseName: &r.Table.Database, TableName: &r.Table.Table}
	by := map[string]folder{}
	for _, p := range some {
		values, err := r.ordered(t, p.values)
		if err != nil {
			return err
		}
		storage := *t.StorageDescriptor
		storage.Location = &p.location
		input.PartitionInputList = append(input.PartitionInputList, types.PartitionInput{Values: values, StorageDescriptor: &storage})
		by[strings.Join(values, "\x00")] = p
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	out, err := r.Glue.BatchCreatePartition(ctx, input)
	if err != nil {
		r.Metric.failures.WithLabelValues("BatchCreatePartition").Inc()
		return fmt.Errorf("create %d partitions of table %s: %w", len(some), r.Table, err)
	}
	fresh := len(some)
	for _, e := range out.Errors {
		fresh--
		code, message := "", ""
		if e.ErrorDetail != nil {
			code, message = aws.ToString(e.ErrorDetail.ErrorCode), aws.ToString(e.ErrorDetail.ErrorMessage)
		}
		if code == "AlreadyExistsException" {
			continue
		}
		key := strings.Join(e.PartitionValues, "\x00")
		r.refuse(by[key])
		delete(by, key)
		r.Metric.failures.WithLabelValues("BatchCreatePartition").Inc()
		err = fmt.Errorf("create partition %s of table %s: %s: %s", strings.Join(e.PartitionValues, "/"), r.Table, code, message)
	}
	r.registered(slices.Collect(maps.Values(by)), fresh)
	return err
}

// refuse puts a folder behind those that Glue has not refused as often.
func (r *Register) refuse(f folder) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, waits := r.open[f.location]; waits {
		f.refused++
		r.open[f.location] = f
	}
}

// registered notes what is in the table now, fresh of them by this call.
func (r *Register) registered(all []folder, fresh int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.done)+len(all) > mostDone {
		clear(r.done)
	}
	for _, p := range all {
		delete(r.open, p.location)
		r.done[p.location] = true
	}
	r.Metric.registered.WithLabelValues(r.Output).Add(float64(fresh))
	r.Metric.waiting.WithLabelValues(r.Output).Set(float64(len(r.open)))
	if fresh > 0 {
		r.Log.Info().Str("output", r.Output).Str("table", r.Table.String()).Int("partitions", fresh).Int("waiting", len(r.open)).Msg("partitions registered in Glue")
	}
	if r.said != "" && len(r.open) == 0 {
		r.said = ""
		r.Log.Info().Str("output", r.Output).Str("table", r.Table.String()).Msg("nothing waits to be registered in Glue any more")
	}
	r.notify()
}
