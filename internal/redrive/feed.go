package redrive

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strconv"
	"sync"
	"time"

	"standpipe/sink"
)

// feeder gives chunks to the sink, one at a time, each as one step of the work.
type feeder struct {
	work    *work
	reading *sink.Reading

	mu   sync.Mutex
	done int64 // steps
}

// send gives a chunk to the sink: its records as the steps make them, and the line that says what they were made of.
func (f *feeder) send(ctx context.Context, c *chunk) error {
	held, err := f.work.Memory.Acquire(ctx, c.bytes)
	if err != nil {
		return err
	}
	defer f.work.Memory.Add(-held)
	groups := grouped(c.records)
	made := make([]iter.Seq[sink.Record], len(groups))
	for i, g := range groups {
		out, release, err := f.work.Chain.Run(ctx, g.after, g.shard, g.records)
		if err != nil {
			return err
		}
		defer release()
		made[i] = out
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	line := step{N: f.done + 1, At: time.Now().UnixMilli(), Bucket: f.work.Source.Bucket, Key: c.object.Key, ETag: c.object.ETag, Taken: c.taken.flat(), Whole: c.whole}
	read := sink.Read{Records: int64(len(c.records))}
	for _, p := range c.records {
		if p.rec.Arrival.After(read.Last) {
			read.Last = p.rec.Arrival
		}
	}
	err = f.reading.Append(ctx, sink.Response{
		After: position(f.done), Through: position(f.done + 1), Read: &read,
		Records: func(yield func(sink.Record) bool) {
			for _, seq := range made {
				for rec := range seq {
					if !yield(rec) {
						return
					}
				}
			}
			yield(line.record())
		},
	})
	if err == nil {
		f.done++
	}
	return err
}

// position is the row's checkpoint when so many steps are done.
func position(steps int64) string {
	if steps == 0 {
		return beginning
	}
	return strconv.FormatInt(steps, 10)
}

// group is records that enter behind the same step and come from the same shard.
type group struct {
	after, shard string
	all          []sink.Record
}

func (g *group) records(yield func(sink.Record) bool) {
	for _, rec := range g.all {
		if !yield(rec) {
			return
		}
	}
}

// grouped divides records, those of a group in the order of the stream, so that all that was one record is together, as
// steps have it.
func grouped(all []parsed) []*group {
	var out []*group
	by := map[[2]string]*group{}
	for _, p := range all {
		k := [2]string{p.rec.RawAfter, p.rec.Redriven.Shard}
		g := by[k]
		if g == nil {
			g = &group{after: k[0], shard: k[1]}
			by[k] = g
			out = append(out, g)
		}
		g.all = append(g.all, p.rec)
	}
	for _, g := range out {
		slices.SortStableFunc(g.all, func(a, b sink.Record) int {
			return cmp.Or(cmp.Compare(len(a.Sequence), len(b.Sequence)), cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.SubSequence, b.SubSequence), cmp.Compare(a.Part, b.Part))
		})
	}
	return out
}
