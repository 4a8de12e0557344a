package redrive

import (
	"context"
	"fmt"
	"iter"

	"standpipe/sink"
	"standpipe/sink/steps"
)

// Chained makes of a chain of steps what [Options] takes.
func Chained(c *steps.Chain) Chain { return chained{c} }

type chained struct{ whole *steps.Chain }

func (c chained) Has(after string) bool {
	_, ok := c.whole.After(after)
	return ok
}

func (c chained) Run(ctx context.Context, after, shard string, in iter.Seq[sink.Record]) (iter.Seq[sink.Record], func(), error) {
	rest, ok := c.whole.After(after)
	if !ok {
		return nil, nil, fmt.Errorf("redrive behind step %s: there is no such step", after)
	}
	return rest.Run(ctx, shard, in)
}
