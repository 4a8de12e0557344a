package sink

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// recorded gives a sink a tracer, and what it has recorded.
func recorded() (set func(*Options), spans func(name string) []sdk.ReadOnlySpan) {
	recorder := tracetest.NewSpanRecorder()
	provider := sdk.NewTracerProvider(sdk.WithSpanProcessor(recorder))
	return func(o *Options) { o.Tracer = provider.Tracer("test") }, func(name string) (found []sdk.ReadOnlySpan) {
		for _, s := range recorder.Ended() {
			if s.Name() == name || name == "" {
				found = append(found, s)
			}
		}
		return found
	}
}

func TestTraceOfADroppedBatchSaysWhy(t *testing.T) {
	set, spans := recorded()
	onBench(t, func(o *Options) { set(o); o.Size = 10 << 20 }, func(t *testing.T, b *bench) {
		r := b.read("a")
		b.append(r, 1, 6<<20) // a part has left already
		synctest.Wait()
		r.Lost()
		synctest.Wait()
		all := spans("batch")
		if len(all) != 1 || all[0].Status().Code != codes.Error || all[0].Status().Description != "the lease of shard a was lost" {
			t.Errorf("got %v", all)
		}
	})
}

// TestNothingLeavesNoTrace: a batch that was dropped before its first request.
func TestNothingLeavesNoTrace(t *testing.T) {
	set, spans := recorded()
	onBench(t, set, func(t *testing.T, b *bench) {
		r := b.read("a")
		b.append(r, 1, 50)
		r.Lost()
		synctest.Wait()
		b.stop()
		if all := spans(""); len(all) != 0 {
			t.Errorf("spans %v", all)
		}
	})
}

// TestManyRequestsOfABatchAreNotAllSpans: a batch of thousands of objects has a bounded trace that says so.
func TestManyRequestsOfABatchAreNotAllSpans(t *testing.T) {
	set, spans := recorded()
	onBench(t, set, func(t *testing.T, b *bench) {
		s := b.Sink
		ctx, tr := s.traced(t.Context(), "batch", "b", time.Now())
		for range maxRequestSpans + 7 {
			traceOf(ctx).request("upload")(nil)
		}
		tr.end(nil)
		root := spans("batch")
		if n := len(spans("upload")); n != maxRequestSpans || len(root) != 1 {
			t.Fatalf("%d spans of requests, %d of batches", n, len(root))
		}
		if got := attribute.NewSet(root[0].Attributes()...); !has(got, attribute.Int64("standpipe.requests_without_span", 7)) {
			t.Errorf("the batch has %v", root[0].Attributes())
		}
	})
}

func has(set attribute.Set, want attribute.KeyValue) bool {
	v, ok := set.Value(want.Key)
	return ok && v == want.Value
}

// TestCarryingOutIsATraceOfItsOwn: whoever finishes a batch of a dead worker knows its id, not its trace.
func TestCarryingOutIsATraceOfItsOwn(t *testing.T) {
	set, spans := recorded()
	onBench(t, set, func(t *testing.T, b *bench) {
		b.ledger.mu.Lock()
		b.ledger.row("a", "0").pending = "left"
		b.ledger.items["left"] = Item{ID: "left", State: Committed, Spans: []Span{{Shard: "a", After: "0", Through: ShardEnd}}}
		b.ledger.mu.Unlock()
		if err := b.CarryOut(t.Context(), "left"); err != nil {
			t.Fatal(err)
		}
		root, advance := spans("carry out"), spans("advance")
		if len(root) != 1 || len(advance) != 1 || advance[0].Parent().SpanID() != root[0].SpanContext().SpanID() {
			t.Fatalf("got %v and %v", root, advance)
		}
		if got := attribute.NewSet(root[0].Attributes()...); !has(got, attribute.String("standpipe.batch", "left")) || !has(got, attribute.String("standpipe.outcome", "advanced")) {
			t.Errorf("got %v", root[0].Attributes())
		}
	})
}

// TestNoTracesCostNothing: what is asked on the way of records allocates nothing without a tracer.
func TestNoTracesCostNothing(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		r := b.read("a")
		ctx, tr := b.traced(t.Context(), "batch", "b", time.Time{})
		if tr != nil {
			t.Fatal("there is a trace")
		}
		nothing := func() error { return nil }
		if n := testing.AllocsPerRun(100, func() {
			ClockOf(r.Context()).Read(time.Second)
			ClockOf(r.Context()).Steps(time.Second)
			_ = traceOf(ctx).encode(nothing)
			tr.end(nil)
			_ = tr.in(context.Background())
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}
