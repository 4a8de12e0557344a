package consumer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	kclconfig "github.com/vmware/vmware-go-kcl-v2/clientlibrary/config"
	"github.com/vmware/vmware-go-kcl-v2/clientlibrary/worker"

	"standpipe/internal/pause"
	"standpipe/sink"
)

// Options configures a Consumer.
type Options struct {
	Application string
	Stream      string
	ARN         string // of the stream; needed when it belongs to another account, "" otherwise
	Region      string
	Start       string        // TRIM_HORIZON, LATEST or an RFC 3339 time: where the application begins, once
	Poll        time.Duration // between two calls for a shard that is caught up; 0 = 1 s
	Failover    time.Duration // a worker whose heartbeat stands still for so long is dead; 0 = 30 s
	MaxLeases   int           // 0 = no limit
	StopWithin  time.Duration // how long a stop may take; 0 = 18 s
	Worker      string        // unique for each start of a process

	Jitter func() float64 // spreads retries, in [0, 1); nil = math/rand/v2

	DropOutOfRange bool // KPL user records outside their shard's hash range
	PartitionKeys  bool // user records of KPL aggregates carry their partition keys; 4 bytes a key, and a copy of each

	Replay *Replay // only the records of a time, then Run ends; Start is not used. nil = all, for ever

	// Report says at each heartbeat how this worker is, in at most room bytes; others read it in Heartbeat.Report. It rides on
	// a write that is made anyway, and must not wait. nil, "" or a longer one: nothing is said.
	Report func(room int) string

	Kinesis  *kinesis.Client // must not retry by itself
	Table    *Table
	Sink     *sink.Sink
	Steps    Steps // between the user records and the sink; nil = none
	Memory   *sink.Memory
	Log      zerolog.Logger
	Registry prometheus.Registerer // nil = metrics nobody sees
}

// Consumer reads a stream's shards into a sink. One Consumer lives once: New, Run.
type Consumer struct {
	opts   Options
	leases *leases
	api    *recordsAPI
	watch  *watcher
	replay *replay // nil = no limit

	retention retention
	trouble   sink.Troubles
	m         *metrics
	log       zerolog.Logger
}

func (c *Consumer) stream() streamRef { return streamRef{c.opts.Stream, c.opts.ARN} }

// New makes a consumer. Nothing is called before Run.
func New(opts Options) *Consumer {
	if opts.Poll == 0 {
		opts.Poll = time.Second
	}
	if opts.Failover == 0 {
		opts.Failover = 30 * time.Second
	}
	if opts.Jitter == nil {
		opts.Jitter = rand.Float64
	}
	if opts.StopWithin == 0 {
		opts.StopWithin = 18 * time.Second
	}
	c := &Consumer{opts: opts, log: opts.Log, api: newRecordsAPI(opts.Kinesis), replay: newReplay(opts.Replay)}
	if c.replay != nil {
		c.opts.Start = c.replay.start()
	}
	c.m = newMetrics(opts.Registry)
	c.leases = &leases{
		me: opts.Worker, max: opts.MaxLeases, table: opts.Table, log: opts.Log, m: c.m, start: c.newReader,
		held: map[string]*reader{}, draining: map[string]bool{}, armed: map[string]bool{}, cool: map[string]time.Time{}, released: map[string]release{}, unlisted: map[string]time.Time{},
		trouble: &c.trouble, snap: &Snapshot{Leases: map[string]Lease{}}, halting: make(chan struct{}), live: liveness{failover: opts.Failover, seen: map[string]sighting{}},
	}
	if opts.Steps == nil {
		c.opts.Steps = noSteps{}
	}
	c.watch = newWatcher(c)
	c.leases.kick, c.leases.ended = c.watch.kick, c.watch.ended
	if opts.Registry != nil {
		opts.Registry.MustRegister((*leaseCollector)(c))
	}
	return c
}

// Run reads until ctx ends, then stops reading, has everything committed, gives the leases up and returns.
// It returns nil when all of that was done; an error says what a user must mend, or that something was
// left to the next worker, which loses nothing. A replay also ends when each shard has been read, by whichever
// worker; Replayed tells.
func (c *Consumer) Run(ctx context.Context) error {
	silenceLogrus()
	base, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	c.leases.ctx = base
	if err := c.prepareAgain(ctx); err != nil {
		serr := c.opts.Sink.Stop(ctx)
		if ctx.Err() != nil {
			return serr // asked to stop before it began
		}
		return errors.Join(err, serr)
	}
	var wg sync.WaitGroup
	foreign := make(chan error, 1)
	beating, endBeats := context.WithCancel(base)
	beats := make(chan struct{})
	wg.Go(func() {
		defer close(beats)
		c.heartbeat(beating)
	})
	quiet := func() { // between two requests of a beat the row must not be removed
		endBeats()
		<-beats
	}
	if c.replay != nil {
		c.watch.ended() // what is done may be known as soon as shards were listed after the first look
	}
	wg.Go(func() { c.watch.run(base, foreign) })

	kcl := worker.NewWorker(c.leases, c.kclConfig()).WithKinesis(virtual(c.opts.Region, c.leases, c.watch.list)).WithCheckpointer(c.leases)
	if err := kcl.Start(); err != nil {
		end()
		wg.Wait()
		return errors.Join(fmt.Errorf("start the KCL worker: %w", err), c.opts.Sink.Stop(ctx))
	}
	c.log.Info().Str("stream", c.opts.Stream).Str("application", c.opts.Application).Int("shards", c.leases.count()).Int("unowned", c.leases.unowned()).Msg("started; shards owned by other workers are waited for")

	var cause error
	select {
	case <-ctx.Done():
	case cause = <-foreign:
	case <-c.replay.over():
	}
	stop, cancel := context.WithTimeout(base, c.opts.StopWithin)
	defer cancel()
	err := errors.Join(cause, c.stop(stop, kcl, quiet))
	end()
	wg.Wait()
	return err
}

// stop halts all readers, has one last batch a lane committed, and lets the library's consumers end, which
// gives their leases up.
func (c *Consumer) stop(ctx context.Context, kcl *worker.Worker, quiet func()) error {
	c.log.Info().Msg("stopping: no more records are read, the last batch is committed")
	c.opts.Sink.Refuse() // before any reader leaves, so that there is one cut and not one a shard
	c.leases.stop()
	told := make(chan struct{})
	go func() {
		defer close(told)
		if err := c.opts.Table.Leave(ctx, c.opts.Worker); err != nil {
			c.log.Warn().Err(err).Msg("others are not told that this worker leaves; they take its shards when it is gone")
		}
	}()
	err := c.commitLast(ctx)
	ended := make(chan struct{})
	go func() { // the library's Shutdown has no limit of its own
		defer close(ended)
		c.watch.kick()
		kcl.Shutdown()
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		err = errors.Join(err, errors.New("give the leases up: not done in time; other workers take them over after the failover time"))
	}
	quiet()
	<-told
	if ferr := c.opts.Table.Forget(ctx, c.opts.Worker); ferr != nil {
		c.log.Warn().Err(ferr).Msg("heartbeat row stays; it does no harm")
	}
	return err
}

// commitLast leaves the last three seconds of a stop for giving the leases up.
func (c *Consumer) commitLast(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-min(3*time.Second, c.opts.StopWithin/2)))
		defer cancel()
	}
	return c.opts.Sink.Stop(ctx)
}

// prepareAgain repeats prepare while what fails is throttling, the network or the server, as the SDK judges
// it, for half a minute at most.
func (c *Consumer) prepareAgain(ctx context.Context) error {
	deadline := time.Now().Add(30 * time.Second)
	for backoff := 200 * time.Millisecond; ; backoff *= 2 {
		err := c.prepare(ctx)
		passing := retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err).Bool() || errors.Is(err, context.DeadlineExceeded)
		if err == nil || !passing || time.Now().Add(backoff).After(deadline) {
			return err
		}
		c.log.Warn().Err(err).Int64("wait_ms", backoff.Milliseconds()).Msg("retrying")
		if pause.For(ctx, backoff) != nil {
			return err
		}
	}
}

// prepare finds the stream, makes the table, and looks at both for the first time.
func (c *Consumer) prepare(ctx context.Context) error {
	stream, err := c.describe(ctx)
	if err != nil {
		return err
	}
	if err := c.opts.Table.Ensure(ctx); err != nil {
		return err
	}
	shards, err := listShards(ctx, c.opts.Kinesis, c.stream(), c.replay.filter())
	if err != nil {
		return err
	}
	if err := c.remember(ctx, aws.ToTime(stream.StreamCreationTimestamp), shards); err != nil {
		return err
	}
	if err := c.beat(ctx); err != nil {
		return err
	}
	c.m.beats.Inc()
	snap, err := c.opts.Table.Snapshot(ctx)
	if err != nil {
		return err
	}
	return c.watch.see(snap, shards, time.Now())
}

// remember stores, at the application's first start, where reading begins: LATEST becomes the time of that
// start, so that nothing is skipped later. It refuses a stream that was deleted and made anew.
func (c *Consumer) remember(ctx context.Context, created time.Time, shards map[string]Shard) error {
	app := Application{Stream: c.opts.Stream, Created: created.UTC(), Start: c.opts.Start}
	switch c.opts.Start {
	case trimHorizon:
	case latest:
		app.Start = startAt(time.Now())
	default:
		t, err := time.Parse(time.RFC3339, c.opts.Start)
		if err != nil {
			return fmt.Errorf("start at %q: write TRIM_HORIZON, LATEST or a time like 2026-01-31T12:00:00Z", c.opts.Start)
		}
		app.Start = startAt(t)
	}
	for id := range shards {
		app.LastShard = max(app.LastShard, id)
	}
	c.replay.describe(&app)
	err := c.opts.Table.Remember(ctx, app)
	if err == nil {
		c.leases.app = app
		return nil
	}
	if !errors.Is(err, errConflict) {
		return err
	}
	known, err := c.opts.Table.Application(ctx)
	switch {
	case err != nil:
		return err
	case known == nil:
		return fmt.Errorf("read the application's row in table %s: it is gone again: start once more", c.opts.Table.name)
	case known.Stream != c.opts.Stream:
		return fmt.Errorf("use lease table %s: it belongs to stream %s, not %s: give this application its own leases.application or leases.table", c.opts.Table.name, known.Stream, c.opts.Stream)
	case known.Created.Unix() != created.Unix():
		return fmt.Errorf("use lease table %s: stream %s was created at %s, but the table remembers one created at %s: the stream was deleted and made anew, and its old checkpoints do not fit; name a new leases.application", c.opts.Table.name, c.opts.Stream, created.UTC().Format(time.RFC3339), known.Created.Format(time.RFC3339))
	case known.Replay != app.Replay:
		return fmt.Errorf("use lease table %s: %w", c.opts.Table.name, otherReplay(known.Replay, app.Replay))
	}
	c.leases.app = *known
	c.replay.goOn(*known)
	return nil
}

// newReader makes the reader of a lease just acquired.
func (c *Consumer) newReader(lease Lease) *reader {
	sh := c.leases.shards[lease.Shard]
	r := &reader{lease: lease, first: &lease, table: c.opts.Table, sink: c.opts.Sink, steps: c.opts.Steps, log: c.log, m: c.m, drop: c.opts.DropOutOfRange, keys: c.opts.PartitionKeys, began: time.Now()}
	if hr, err := ParseHashRange(sh.StartHash, sh.EndHash); err == nil {
		r.hash = &hr
	}
	r.epoch, r.endEpoch = context.WithCancel(c.leases.ctx)
	r.reads, r.endReads = context.WithCancelCause(r.epoch)
	r.fetcher = &fetcher{client: c.opts.Kinesis, api: c.api, stream: c.stream(), shard: lease.Shard, start: c.leases.app.Start, poll: c.opts.Poll, memory: c.opts.Memory, jitter: c.opts.Jitter, log: c.log, m: c.m, trouble: &c.trouble,
		retention: c.retention.get,
		gone:      func() bool { return c.watch.gone(lease.Shard) },
		closed:    func() bool { return c.watch.closed(lease.Shard) },
		replay:    c.replay, since: c.replay.since(sh, c.leases.shards, c.leases.app.Created)}
	return r
}

// heartbeat keeps this worker alive in the others' eyes. Leases are not renewed one by one.
func (c *Consumer) heartbeat(ctx context.Context) {
	period := c.opts.Failover / 5
	for pause.For(ctx, period) == nil {
		if err := c.beat(ctx); err != nil && ctx.Err() == nil {
			c.m.retries.WithLabelValues("dynamodb", "UpdateItem").Inc()
			if c.trouble.Note("heartbeat", "", err) {
				c.log.Warn().Err(err).Msg("heartbeat not written")
			}
		} else if err == nil {
			c.m.beats.Inc()
			c.trouble.Clear("heartbeat", "")
		}
	}
}

// beat moves the heartbeat. A worker without a row makes one: at its start, and when the others took it for dead long
// enough to remove the row. One that stops does not.
func (c *Consumer) beat(ctx context.Context) error {
	report := c.report()
	err := c.opts.Table.Beat(ctx, c.opts.Worker, c.opts.MaxLeases, report)
	if !errors.Is(err, errConflict) || c.leases.isStopping() {
		return err
	}
	if err := c.opts.Table.Join(ctx, c.opts.Worker, c.opts.MaxLeases); err != nil && !errors.Is(err, errConflict) {
		return err
	}
	return c.opts.Table.Beat(ctx, c.opts.Worker, c.opts.MaxLeases, report)
}

// kclConfig sets the library up: fast loops, none of its own renewals, stealing, fan-out or positions.
func (c *Consumer) kclConfig() *kclconfig.KinesisClientLibConfiguration {
	const never = 24 * 60 * 60 * 1000
	cfg := kclconfig.NewKinesisClientLibConfig(c.opts.Application, c.opts.Stream, c.opts.Region, c.opts.Worker).
		WithInitialPositionInStream(kclconfig.TRIM_HORIZON).
		WithShardSyncIntervalMillis(50).
		WithMaxRecords(10000).
		WithIdleTimeBetweenReadsInMillis(1).
		WithLeaseRefreshWaitTime(never).
		WithMaxLeasesForWorker(1 << 30).
		WithLeaseStealing(false).
		WithLogger(kclLog{c.log.With().Str("from", "kcl").Logger()})
	return cfg
}
