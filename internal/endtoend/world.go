package endtoend

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"standpipe/consumer"
	"standpipe/internal/dynamofake"
	"standpipe/internal/faults"
	"standpipe/internal/gluefake"
	"standpipe/internal/kinesisfake"
	"standpipe/internal/lambdafake"
	"standpipe/internal/s3fake"
	"standpipe/partition"
	"standpipe/sink"
	"standpipe/sink/steps"
)

// Names that every World uses.
const (
	Stream = "clicks"
	Bucket = "lake"
	Tables = "leases"

	replayTable = "leases-replay"
)

// World is a stream, a lease table and a bucket.
type World struct {
	T       testing.TB
	Kinesis *kinesisfake.Server
	Dynamo  *dynamofake.Server
	S3      *s3fake.Server
	Glue    *gluefake.Server // with the database lake, which is empty
	Lambda  *lambdafake.Server

	// Log takes the workers' log lines, as JSON; nil: the test's log, for people.
	Log io.Writer

	net  http.RoundTripper
	put  int
	seed *uint64

	kinesisClock, dynamoClock clock

	mu      sync.Mutex
	workers []*Worker
	truth   *truth
}

// New makes a world with a stream of so many shards.
func New(t testing.TB, shards int) *World {
	t.Helper()
	return NewKeeping(t, shards, 0)
}

// NewKeeping makes a world whose stream keeps records for a time; 0 = 24 h.
func NewKeeping(t testing.TB, shards int, retention time.Duration) *World {
	t.Helper()
	s3srv, err := s3fake.New(s3fake.Options{Buckets: []string{Bucket}})
	if err != nil {
		t.Fatal(err)
	}
	w := &World{T: t, S3: s3srv, Glue: gluefake.New(Bucket), Lambda: lambdafake.New(), truth: newTruth()}
	w.Kinesis = kinesisfake.New(kinesisfake.Options{Retention: retention, Now: w.kinesisClock.now})
	w.Dynamo = dynamofake.New(dynamofake.Options{Now: w.dynamoClock.now})
	w.net = faults.Transport(map[string]http.Handler{"kinesis": w.Kinesis, "dynamodb": w.Dynamo, "s3": w.S3, "glue": w.Glue, "lambda": w.Lambda})
	if err := w.Kinesis.CreateStream(Stream, shards); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.permitted)
	return w
}

// Settings of a worker; the zero value is what most tests want.
type Settings struct {
	Interval  time.Duration // 0 = 2 s
	Size      int64         // 0 = 128 MiB
	Memory    int64         // 0 = 64 MiB
	Failover  time.Duration // 0 = 10 s
	Start     string        // "" = TRIM_HORIZON
	Steps     []steps.Step  // between the records and the outputs
	Functions []string      // that records go through after the steps
	Outputs   []*sink.Output
	Errors    string // codec of the error output; "" = gzip
	MaxLeases int
	Poll      time.Duration
	S3        sink.S3Options   // how objects are encrypted
	Catalog   []string         // outputs that are registered in the Glue table of their name, of lines with the columns id and path
	Replay    *consumer.Replay // under the prefix replay/, with an application, a table and journals of its own
	Columns   []string         // outputs that take their columns from the Glue table of their name, which is looked at every 10 s
}

// Worker is one process' worth of Standpipe.
type Worker struct {
	Name     string
	Consumer *consumer.Consumer
	Sink     *sink.Sink
	Table    *consumer.Table

	plug   *plug
	cancel context.CancelFunc // a stop, as by SIGTERM
	end    context.CancelFunc // of everything, at once
	done   chan struct{}
	err    error
}

// Start runs a worker.
func (w *World) Start(set Settings) *Worker {
	w.T.Helper()
	wk := &Worker{plug: &plug{next: w.net}, done: make(chan struct{})}
	ctx, end := context.WithCancel(context.Background())
	run, cancel := context.WithCancel(ctx)
	wk.end, wk.cancel = end, cancel
	w.mu.Lock()
	w.workers = append(w.workers, wk)
	wk.Name = workerName(len(w.workers))
	wk.plug.name = wk.Name
	w.mu.Unlock()
	newID, jitter := uuid.NewString, rand.Float64
	if w.seed != nil {
		newID, jitter = seeded(*w.seed, wk.Name)
	}
	cfg := w.config(wk.plug)
	at := func(host string) *string { return aws.String("http://" + host) }
	application, table, under := "test", Tables, ""
	if set.Replay != nil {
		application, table, under = "test-replay", replayTable, "replay/"
	}
	wk.Table = consumer.NewTable(dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = at("dynamodb") }), table)
	store := sink.NewS3(s3.NewFromConfig(cfg, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = at("s3"), true }), set.S3)
	kc := kinesis.NewFromConfig(cfg, func(o *kinesis.Options) { o.BaseEndpoint = at("kinesis") })

	lines := w.Log
	if lines == nil {
		lines = zerolog.ConsoleWriter{Out: testWriter{w.T}, NoColor: true}
	}
	log := zerolog.New(lines).With().Str("worker", wk.Name).Logger().Level(zerolog.InfoLevel)
	memory := sink.NewMemory(or(set.Memory, 64<<20))
	outputs := set.Outputs
	if outputs == nil {
		outputs = []*sink.Output{w.Output("raw", under+"clicks/!{timestamp:yyyy/MM/dd/HH}/", "gzip")}
	}
	sources := w.sources(ctx, cfg, set.Columns)
	registers := w.registers(cfg, set.Catalog, outputs, log)
	outputs = withFormats(outputs, sources)
	wk.Sink = sink.New(ctx, sink.Options{
		Application: application, Worker: wk.Name, Outputs: outputs,
		Errors:        &sink.Output{Name: "errors", Bucket: Bucket, Prefix: prefix(w.T, under+"errors/!{firehose:error-output-type}/", partition.Errors), Compression: or(set.Errors, "gzip")},
		JournalBucket: Bucket, JournalPrefix: "_standpipe/" + application + "/",
		Size: or(set.Size, 128<<20), Interval: or(set.Interval, 2*time.Second), Memory: memory,
		NewID: newID, Random: newID, Jitter: jitter, Ledger: wk.Table, Store: store, Log: log,
		Visible: registered(registers),
	})
	start := set.Start
	if start == "" {
		start = "TRIM_HORIZON"
	}
	wk.Consumer = consumer.New(consumer.Options{
		Application: application, Stream: Stream, Region: "eu-west-1", Start: start, Failover: or(set.Failover, 10*time.Second),
		MaxLeases: set.MaxLeases, Worker: wk.Name, Kinesis: kc, Table: wk.Table, Sink: wk.Sink, Memory: memory, Log: log, Poll: set.Poll, Jitter: jitter, Replay: set.Replay,
		Steps: steps.NewChain(slices.Concat(set.Steps, w.functions(cfg, set.Functions, memory, log, jitter)), memory, nil), PartitionKeys: set.Functions != nil,
	})
	go func() {
		defer close(wk.done)
		defer w.follow(run, wk.Sink, sources, log)()
		defer w.register(run, registers, store, s3.NewFromConfig(cfg, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = at("s3"), true }), log)()
		wk.err = wk.Consumer.Run(run)
	}()
	return wk
}

func (w *World) config(p *plug) aws.Config {
	return aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient: &http.Client{Transport: p}, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func workerName(n int) string { return fmt.Sprintf("worker-%d", n) }

// Worker is the n-th worker that was started, counted from 1.
func (w *World) Worker(n int) *Worker {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.workers[n-1]
}

// Output makes an NDJSON output.
func (w *World) Output(name, pre, compression string) *sink.Output {
	return &sink.Output{Name: name, Bucket: Bucket, Prefix: prefix(w.T, pre, partition.Data), Compression: compression, Validate: true}
}

func prefix(t testing.TB, expr string, kind partition.Kind) *partition.Prefix {
	t.Helper()
	p, err := partition.Parse(expr, kind)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Stop ends a worker as SIGTERM does.
func (wk *Worker) Stop() error {
	wk.cancel()
	<-wk.done
	wk.end()
	return wk.err
}

// Kill ends a worker as SIGKILL does: nothing it sends from now on has any effect.
func (wk *Worker) Kill() {
	wk.plug.set(dead)
	wk.cancel()
	wk.end()
}

// Freeze holds back everything the worker sends, until Thaw.
func (wk *Worker) Freeze() { wk.plug.set(frozen) }

// Thaw lets a frozen worker go on; a killed one stays dead.
func (wk *Worker) Thaw() { wk.plug.set(alive) }

// Gone waits until a killed worker's goroutines have ended.
func (wk *Worker) Gone() { <-wk.done }

// senderHeader tells a fault which worker sent a request.
const senderHeader = "X-Test-Worker"

type state int

const (
	alive state = iota
	frozen
	dead
)

// plug stands between a worker and the world.
type plug struct {
	name string
	next http.RoundTripper

	mu    sync.Mutex
	state state
	thaw  chan struct{}
}

func (p *plug) set(s state) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != dead {
		p.state = s
	}
	if p.thaw != nil {
		close(p.thaw)
		p.thaw = nil
	}
}

func (p *plug) RoundTrip(r *http.Request) (*http.Response, error) {
	for {
		p.mu.Lock()
		s := p.state
		if s == frozen && p.thaw == nil {
			p.thaw = make(chan struct{})
		}
		thaw := p.thaw
		p.mu.Unlock()
		switch s {
		case alive:
			r.Header.Set(senderHeader, p.name)
			return p.next.RoundTrip(r)
		case dead:
			return nil, faults.ErrBroken
		}
		// A frozen process' timers do not fire either, so its requests do not time out.
		<-thaw
	}
}

func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Logf("%s", b)
	return len(b), nil
}

var _ io.Writer = testWriter{}
