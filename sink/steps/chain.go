package steps

import (
	"context"
	"iter"
	"reflect"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"standpipe/sink"
)

// Step is one step of a chain: an [Each] or an [All].
type Step interface {
	// Name is the step's name in the configuration, for metrics and error records.
	Name() string
}

// Each is a step that looks at one record at a time. Shards run it at once.
type Each interface {
	Step
	// Do gives yield what becomes of a record: itself, changed or not, with the Raw it has; none, which drops it; or several.
	// Each of several has its own Data as Raw, and the step's name as RawAfter; the chain drops those without Data, and counts
	// them. One that can not be taken is given on as it came, with a Failure. Do ends, with false, as soon as yield returns false. It keeps nothing of the record's bytes,
	// which may be part of what it gives; what it gives may be kept until the chain is done with the answer.
	Do(rec sink.Record, yield func(sink.Record) bool) bool
}

// holder is an Each that holds memory of its own while it gives what it made of a record.
type holder interface {
	Each
	// do is Do. It tells held how many bytes it holds, and with a negative number, before it ends, that it does no longer.
	do(rec sink.Record, held func(bytes int64), yield func(sink.Record) bool) bool
}

// All is a step that takes the records of an answer together, and may wait. Shards run it at once.
type All interface {
	Step
	// Do gives made what becomes of the records, in order, as [Each.Do] says. Those with a Failure it gives on as they are.
	// Its error is ctx's; made was then given a part.
	Do(ctx context.Context, shard string, in iter.Seq[sink.Record], made func(sink.Record)) error
}

// Chain is the steps of a configuration, in their order. It is safe for concurrent use.
type Chain struct {
	steps   []Step
	memory  *sink.Memory
	metrics *metrics
}

// NewChain makes a chain. What steps hold of answers is counted in memory.
func NewChain(list []Step, memory *sink.Memory, reg prometheus.Registerer) *Chain {
	return &Chain{steps: list, memory: memory, metrics: newMetrics(reg, list)}
}

// After is the part of the chain behind the named step, nil and false where there is no such step; "" is the whole chain.
func (c *Chain) After(name string) (*Chain, bool) {
	if name == "" {
		return c, true
	}
	i := slices.IndexFunc(c.steps, func(s Step) bool { return s.Name() == name })
	if i < 0 {
		return nil, false
	}
	return &Chain{c.steps[i+1:], c.memory, c.metrics}, true
}

// recordOverhead is what a piece of a record counts beside its bytes in the limit max_bytes.
const recordOverhead = 100

// recordBytes is what a record takes beside its data: an aggregate can hold a million that have none.
var recordBytes = int64(reflect.TypeFor[sink.Record]().Size())

// Run gives what the steps make of a shard's records, which is run over once. Everything that waits is done when it
// returns, the rest while out is run over. done frees what was held, and must be called when out is no longer used. The
// error is ctx's.
func (c *Chain) Run(ctx context.Context, shard string, in iter.Seq[sink.Record]) (out iter.Seq[sink.Record], done func(), err error) {
	if len(c.steps) == 0 {
		return in, func() {}, nil
	}
	var held int64
	done = func() { c.memory.Add(-held) }
	clock := sink.ClockOf(ctx)
	for _, s := range c.steps {
		m := c.metrics.of[s.Name()]
		switch s := s.(type) {
		case Each:
			in = m.each(s, in, c.memory, clock)
		case All:
			var made []sink.Record
			err = m.all(ctx, s, shard, in, clock, func(rec sink.Record) {
				n := recordBytes + int64(len(rec.Data))
				held += n
				c.memory.Add(n)
				made = append(made, rec)
			})
			if err != nil {
				done()
				return nil, nil, err
			}
			in = slices.Values(made)
		}
	}
	return numbered(in), done, nil
}

// numbered gives each record its Part: its place among all that were made of one user record. Those made of a redriven one
// go on from the Part that this one had.
func numbered(in iter.Seq[sink.Record]) iter.Seq[sink.Record] {
	return func(yield func(sink.Record) bool) {
		var last sink.Record
		next := 0
		for rec := range in {
			if rec.Sequence != last.Sequence || rec.SubSequence != last.SubSequence || rec.Redriven != last.Redriven {
				next = rec.Part
			}
			last, rec.Part = rec, next
			next++
			if !yield(rec) {
				return
			}
		}
	}
}
