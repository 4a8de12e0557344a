package sink

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// maxRequestSpans is how many requests of one batch have a span of their own: a batch of 10,000 objects makes tens of
// thousands.
const maxRequestSpans = 500

// batchTrace is the trace of one batch, nil where nobody wants any: its methods do nothing then. It is carried by the
// contexts of all that is done for the batch. Its span begins with the first request, or when the batch is committed, so
// that a batch which held nothing leaves none.
type batchTrace struct {
	tracer   trace.Tracer
	name     string
	id       string
	opened   time.Time
	encoding busy
	requests atomic.Int64

	begin sync.Once
	ctx   context.Context // what the trace was made with, then that of the batch's span
	span  trace.Span
}

// busy adds times up that several goroutines spend at once. nil: nobody wants to know.
type busy struct{ ns atomic.Int64 }

func (b *busy) add(d time.Duration) {
	if b != nil {
		b.ns.Add(int64(d))
	}
}

func (b *busy) take() time.Duration { return time.Duration(b.ns.Swap(0)) }

// Clock is what the reading of a shard spends before its records come to the sink. A nil one adds nothing.
type Clock struct{ reading, steps busy }

// Read adds the time of a request for records.
func (c *Clock) Read(d time.Duration) {
	if c != nil {
		c.reading.add(d)
	}
}

// Steps adds the time of a step's work on the records of an answer.
func (c *Clock) Steps(d time.Duration) {
	if c != nil {
		c.steps.add(d)
	}
}

type (
	traceKey struct{}
	clockKey struct{}
)

// ClockOf gives the clock of the reading whose context this is, nil where there are no traces.
func ClockOf(ctx context.Context) *Clock {
	c, _ := ctx.Value(clockKey{}).(*Clock)
	return c
}

func traceOf(ctx context.Context) *batchTrace {
	t, _ := ctx.Value(traceKey{}).(*batchTrace)
	return t
}

// traced gives a context in which requests are spans of a trace of this name, and the trace; with no tracer, ctx and nil.
func (s *Sink) traced(ctx context.Context, name, batch string, opened time.Time) (context.Context, *batchTrace) {
	if s.opts.Tracer == nil {
		return ctx, nil
	}
	t := &batchTrace{tracer: s.opts.Tracer, name: name, id: batch, opened: opened, ctx: ctx}
	return context.WithValue(ctx, traceKey{}, t), t
}

// in gives a context whose requests belong to this trace.
func (t *batchTrace) in(ctx context.Context) context.Context {
	if t == nil {
		return ctx
	}
	return context.WithValue(ctx, traceKey{}, t)
}

// root gives the batch's span, which it begins if need be.
func (t *batchTrace) root() (context.Context, trace.Span) {
	t.begin.Do(func() {
		t.ctx, t.span = t.tracer.Start(t.ctx, t.name, trace.WithTimestamp(t.opened), trace.WithNewRoot(),
			trace.WithAttributes(attribute.String("standpipe.batch", t.id)))
	})
	return t.ctx, t.span
}

// request begins the span of one attempt of a request. What it returns ends it.
func (t *batchTrace) request(name string, about ...attribute.KeyValue) (end func(error)) {
	if t == nil || t.requests.Add(1) > maxRequestSpans {
		return func(error) {}
	}
	ctx, _ := t.root()
	_, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(about...))
	return func(err error) {
		if err != nil {
			span.RecordError(err)
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}
}

// stage is a span of a time that is over.
func (t *batchTrace) stage(name string, from, to time.Time, about ...attribute.KeyValue) {
	ctx, _ := t.root()
	_, span := t.tracer.Start(ctx, name, trace.WithTimestamp(from), trace.WithAttributes(about...))
	span.End(trace.WithTimestamp(to))
}

// encode does an encoder's work.
func (t *batchTrace) encode(do func() error) error {
	if t == nil {
		return do()
	}
	began := time.Now()
	defer func() { t.encoding.add(time.Since(began)) }()
	return do()
}

// sealed tells of what came in: of reading, steps and encoding, which take turns from the batch's opening to its cut, each
// with the time that all shards or objects together spent in it. The caller owns the batch's spans.
func (b *batch) sealed(item Item, began, closed time.Time) {
	if b.trace == nil || len(item.Spans) == 0 {
		return
	}
	shards := make([]string, 0, len(item.Spans))
	var records int64
	for _, sp := range item.Spans {
		shards, records = append(shards, sp.Shard), records+sp.Records
	}
	slices.Sort(shards)
	var reading, steps time.Duration
	for r := range b.spans {
		if r.clock != nil {
			reading, steps = reading+r.clock.reading.take(), steps+r.clock.steps.take()
		}
	}
	_, root := b.trace.root()
	root.SetAttributes(attribute.StringSlice("standpipe.shards", shards), attribute.Int64("standpipe.records", records), attribute.String("standpipe.cause", string(b.cause)))
	b.trace.stage("read", b.opened, began, spent(reading), attribute.StringSlice("standpipe.shards", shards), attribute.Int64("standpipe.records", records))
	b.trace.stage("steps", b.opened, began, spent(steps))
	b.trace.stage("encode", b.opened, closed, spent(b.trace.encoding.take()))
	b.trace.stage("close", began, closed)
}

func spent(d time.Duration) attribute.KeyValue {
	return attribute.Float64("standpipe.busy_ms", float64(d.Microseconds())/1000)
}

// outcome tells how the batch ended and what it made visible.
func (t *batchTrace) outcome(how Outcome, about ...attribute.KeyValue) {
	if t != nil {
		_, root := t.root()
		root.SetAttributes(append(about, attribute.String("standpipe.outcome", string(how)))...)
	}
}

// end ends the batch's span, if it has begun one. why is why the batch was given up, nil if it was not.
func (t *batchTrace) end(why error) {
	if t == nil {
		return
	}
	begun := true
	t.begin.Do(func() { begun = false })
	if !begun {
		return // and none will
	}
	if left := t.requests.Load() - maxRequestSpans; left > 0 {
		t.span.SetAttributes(attribute.Int64("standpipe.requests_without_span", left))
	}
	if why != nil {
		t.span.SetStatus(codes.Error, why.Error())
	}
	t.span.End()
}
