package transform

import (
	"context"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/rs/zerolog"
	"golang.org/x/sync/semaphore"

	"standpipe/sink"
	"standpipe/sink/steps"
)

// Options says which function a [Lambda] calls, and how.
type Options struct {
	Function   string        // name or ARN, with version or alias
	BufferSize int64         // bytes of records that one call takes at most; a record that is larger goes alone
	Parallel   int           // calls under way at once for each shard
	Retries    int           // calls beside the first one that an error or a timeout of the function is worth
	Timeout    time.Duration // of one call
}

// Client invokes functions; *lambda.Client is one. The step has it not retry.
type Client interface {
	Invoke(ctx context.Context, in *lambda.InvokeInput, opts ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

var _ Client = (*lambda.Client)(nil)

// Link is how a [Lambda] reaches its function, and what that is told of where records come from.
type Link struct {
	Client            Client
	DeliveryStreamARN string // in the place of Firehose's
	StreamARN         string // of the Kinesis stream
	Region            string // of the stream

	Memory  *sink.Memory // counts requests and responses, which take no more than half of it
	Metrics *Metrics
	Log     zerolog.Logger
	Jitter  func() float64 // spreads retries, in [0, 1); nil = math/rand/v2
}

// Lambda has a function transform records by Firehose's contract, the same request and the same response:
// https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
//
// The function is called at least once for each record: again when its answer was lost, when it failed, and when the
// records are read again because their batch was not committed. What it returned last is delivered, exactly once.
//
// An error or a timeout of the function is worth so many retries as the options say; then its records go to the error
// output. That AWS Lambda throttles, is down, can not be reached or denies access says nothing about records: it is waited
// out, with back-off and without end, and listed by Troubles meanwhile.
type Lambda struct {
	name string
	opts Options
	link Link

	room    *semaphore.Weighted // bytes of calls under way, of all shards
	limit   int64               // of room
	trouble sink.Troubles
	given   sink.Troubles // groups that were given up, for the log alone
	metrics *stepMetrics
}

var _ steps.All = (*Lambda)(nil)

// New makes a step that calls a function. It can be used once it is connected.
func New(name string, opts Options) *Lambda { return &Lambda{name: name, opts: opts} }

// Connect says how the function is reached. It is called once, before the step is used.
func (l *Lambda) Connect(link Link) {
	if link.Jitter == nil {
		link.Jitter = rand.Float64
	}
	l.link = link
	l.metrics = link.Metrics.of(l.name)
	l.limit = link.Memory.Limit() / 2
	l.room = semaphore.NewWeighted(l.limit)
}

// Name is the step's name in the configuration.
func (l *Lambda) Name() string { return l.name }

// Troubles are the calls that fail now.
func (l *Lambda) Troubles() []sink.Trouble { return l.trouble.List() }

// Do has the function transform the records, as many at once as its options allow, and gives them on in their order.
func (l *Lambda) Do(ctx context.Context, shard string, in iter.Seq[sink.Record], made func(sink.Record)) error {
	ctx, cancel := context.WithCancel(ctx)
	var calls []*call // under way, the oldest first
	defer func() {
		cancel()
		for _, c := range calls {
			<-c.done
			c.release()
		}
	}()
	settle := func() error {
		c := calls[0]
		<-c.done
		if c.err != nil {
			return c.err
		}
		for _, rec := range c.results {
			made(rec)
		}
		c.release()
		calls = calls[1:]
		return nil
	}
	start := func(g *group) error {
		if len(calls) == l.opts.Parallel {
			if err := settle(); err != nil {
				return err
			}
		}
		calls = append(calls, l.start(ctx, g))
		return nil
	}

	g := l.newGroup(shard)
	var ids idMaker
	for rec := range in {
		if !g.add(rec, &ids) {
			if err := start(g); err != nil {
				return err
			}
			g = l.newGroup(shard)
			g.add(rec, &ids)
		}
	}
	if err := start(g); err != nil {
		return err
	}
	for len(calls) > 0 {
		if err := settle(); err != nil {
			return err
		}
	}
	return nil
}

// call is a group on its way through the function.
type call struct {
	done    chan struct{} // closed when results or err are there
	results []sink.Record
	err     error // ctx's

	memory *sink.Memory
	held   int64 // bytes of results that memory counts
}

// start sends a group to the function. One with nothing to send is done at once.
func (l *Lambda) start(ctx context.Context, g *group) *call {
	c := &call{done: make(chan struct{}), memory: l.link.Memory}
	if g.sent == 0 {
		c.results = g.all()
		close(c.done)
		return c
	}
	go func() {
		defer close(c.done)
		if c.results, c.err = l.transform(ctx, g); c.err != nil {
			return
		}
		for i := range c.results {
			c.held += int64(len(c.results[i].Data))
		}
		c.memory.Add(c.held)
	}()
	return c
}

func (c *call) release() { c.memory.Add(-c.held) }

// transform gives what becomes of a group's records.
func (l *Lambda) transform(ctx context.Context, g *group) ([]sink.Record, error) {
	// A response is mostly as large as its request.
	weight := min(2*int64(g.size), l.limit)
	if err := l.room.Acquire(ctx, weight); err != nil {
		return nil, err
	}
	defer l.room.Release(weight)
	l.link.Memory.Add(weight)
	defer l.link.Memory.Add(-weight)
	a, err := l.invoke(ctx, g)
	if err != nil {
		return nil, err
	}
	return a.apply(g), nil
}
