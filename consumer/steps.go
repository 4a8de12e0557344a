package consumer

import (
	"context"
	"iter"

	"standpipe/sink"
)

// Steps make of a shard's user records those that the sink gets. It is used by all shards at once.
type Steps interface {
	// Run gives what becomes of the records of an answer, which it runs over once, and what is to be called when that is no
	// longer used. What it gives may be made while it is run over. The error is ctx's.
	Run(ctx context.Context, shard string, in iter.Seq[sink.Record]) (out iter.Seq[sink.Record], done func(), err error)
}

// noSteps leaves the records as they are.
type noSteps struct{}

func (noSteps) Run(_ context.Context, _ string, in iter.Seq[sink.Record]) (iter.Seq[sink.Record], func(), error) {
	return in, func() {}, nil
}
