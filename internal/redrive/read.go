package redrive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"standpipe/internal/s3read"
	"standpipe/sink"
)

const (
	chunkBytes   = 512 << 10 // of records that make one step of the work, and one more record
	chunkRecords = 2000
	recordCost   = 512       // what a record takes in memory beside its bytes
	maxStrangers = 10        // values at the beginning of an object, none of which is an error record: it holds none
	page         = 1000      // objects between two looks at what is in flight
	clockSkew    = time.Hour // by which an object may seem older than the records in it
)

// chunk is records of one object that make one step of the work.
type chunk struct {
	object  s3read.Object
	records []parsed
	taken   ranges
	whole   bool
	bytes   int64 // taken of the memory budget
}

// reader reads error objects.
type reader struct {
	*Options
	known *remembered
	tally *tally
	send  func(context.Context, *chunk) error

	long chan struct{} // filled by the object whose records are long: of such, one is read at a time
}

// all reads every object of the source, several at once. What is wrong with an object is a problem of the report; an error
// is that nothing more can be read, or sent.
func (r *reader) all(ctx context.Context) error {
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(max(r.Parallel, 1))
	r.long = make(chan struct{}, 1)
	err := func() error {
		var some []s3read.Object
		listed := 0
		for o, err := range r.Store.List(inner, r.Source.Place, "") {
			if err != nil {
				return fmt.Errorf("list the error objects: %w", err)
			}
			if r.candidate(o) {
				some = append(some, o)
			}
			if listed++; listed%page == 0 {
				if err := r.some(inner, g, some); err != nil {
					return err
				}
				some = some[:0]
			}
		}
		return r.some(inner, g, some)
	}()
	if werr := g.Wait(); werr != nil {
		return werr
	}
	return err
}

// candidate says whether an object may hold error records that are asked for.
func (r *reader) candidate(o s3read.Object) bool {
	if o.Size == 0 || r.Source.Takes != nil && !r.Source.Takes(o.Key) || r.Source.Bucket == r.Redriven.Bucket && strings.HasPrefix(o.Key, r.Redriven.Head) {
		return false
	}
	return r.Filter.Since.IsZero() || !o.Modified.Before(r.Filter.Since.Add(-clockSkew))
}

// batchForm is a batch's id in a key.
var batchForm = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// some reads listed objects, but for those of batches that may still be taken back, and those that this work has written.
// What is in flight is looked up after the listing, and the objects are opened after that: an object whose batch is decided
// by then, and that is still there, stays.
func (r *reader) some(ctx context.Context, g *errgroup.Group, objects []s3read.Object) error {
	if len(objects) == 0 {
		return nil
	}
	snap, err := r.Table.Snapshot(ctx)
	if err != nil && !(r.DryRun && missingTable(err)) {
		return fmt.Errorf("find out which batches are in flight: %w", err)
	}
	for _, o := range objects {
		flying, own := false, false
		for _, id := range batchForm.FindAllString(o.Key, -1) {
			if snap != nil {
				_, there := snap.Batches[id]
				flying = flying || there
			}
			own = own || r.Own != nil && r.Own(id)
		}
		if own {
			continue
		}
		if flying {
			r.tally.do(func(t *Report) { t.InFlight++ })
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		g.Go(func() error {
			err := r.object(ctx, o)
			r.tally.do(func(t *Report) {
				t.Objects++
				if r.Progress != nil {
					r.Progress("objects", t.Objects, 0)
				}
			})
			return err
		})
	}
	return nil
}

func (r *reader) address(o s3read.Object) string { return "s3://" + r.Source.Bucket + "/" + o.Key }

// object reads one object.
func (r *reader) object(ctx context.Context, o s3read.Object) error {
	before := r.known.of(r.Source.Bucket, o.Key)
	problem := func(format string, args ...any) error {
		r.tally.problem(Problem{Object: r.address(o), Text: fmt.Sprintf(format, args...)})
		return nil
	}
	switch {
	case before != nil && before.etag != o.ETag:
		return problem("it was changed after records of it were redriven: its ETag is %s, and was %s", o.ETag, before.etag)
	case before != nil && before.whole:
		r.tally.do(func(t *Report) { t.Finished++ })
		return nil
	case before == nil && !r.MemoryLost && o.Modified.Before(r.known.since):
		return problem("nobody knows whether it was redriven: the memory of what was redriven is whole from %s on, and it is older; with --memory-lost it is taken for not redriven", r.known.since.UTC().Format(time.RFC3339))
	}
	if before == nil {
		before = &known{}
	}
	body, err := r.Store.OpenListed(ctx, r.Source.Bucket, o)
	switch {
	case errors.Is(err, sink.ErrNotFound):
		return nil // deleted since it was listed
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return problem("%v", err)
	}
	defer func() { _ = body.Close() }()
	text, err := content(o.Key, body)
	if err != nil {
		return problem("it can not be unpacked: %v", err)
	}
	defer func() { _ = text.Close() }()
	in := newValues(text)
	in.turn = func() error {
		select {
		case r.long <- struct{}{}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err = r.values(ctx, o, before, in)
	if in.turn == nil { // it had its turn
		<-r.long
	}
	return err
}

// values reads the error records of an object.
func (r *reader) values(ctx context.Context, o s3read.Object, before *known, in *values) error {
	c := &chunk{object: o}
	whole, strangers, good := true, 0, false
	last := int64(-1) // where the record taken last ends, if nothing was left out since
	for {
		v, err := in.next()
		switch {
		case err == io.EOF:
			c.whole = whole
			return r.give(ctx, c)
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			r.tally.problem(Problem{Object: r.address(o), Line: in.line, Byte: in.at, Text: fmt.Sprintf("it can not be read further: %v", err)})
			return r.give(ctx, c)
		}
		if v.fault == "" && before.taken.hold(v.at) {
			good, last = true, -1
			r.tally.do(func(t *Report) { t.Before++ })
			continue
		}
		var p parsed
		fault := v.fault
		if fault == "" {
			if p, err = parse(v.data, o.Key); err != nil {
				fault = err.Error()
			} else if good = true; !r.Filter.takes(p) {
				whole, last = false, -1
				r.tally.do(func(t *Report) { t.Filtered++ })
				continue
			} else {
				fault = r.enter(&p)
			}
		}
		if fault != "" {
			whole, last = false, -1
			r.tally.problem(Problem{Object: r.address(o), Line: v.line, Byte: v.at, Text: fault})
			if strangers++; !good && strangers == maxStrangers {
				r.tally.problem(Problem{Object: r.address(o), Text: "it does not begin with error records: the rest of it was not looked at"})
				return nil
			}
			continue
		}
		if c.bytes >= chunkBytes || len(c.records) >= chunkRecords { // not before, so that the last one can say that it is
			if err := r.give(ctx, c); err != nil {
				return err
			}
			c, last = &chunk{object: o}, -1
		}
		from := v.at
		if last >= 0 {
			from = last
		}
		last = v.end
		c.taken.add(span{from, v.end})
		c.records = append(c.records, p)
		c.bytes += int64(len(p.rec.Data)) + recordCost
	}
}

// takes says whether an error record is one of those asked for.
func (f *Filter) takes(p parsed) bool {
	at := p.rec.Arrival
	return !at.Before(f.Since) && (f.Until.IsZero() || at.Before(f.Until)) && holds(f.Types, p.kind) && holds(f.Codes, p.code)
}

func holds(list []string, word string) bool {
	return len(list) == 0 || slices.ContainsFunc(list, func(w string) bool { return strings.EqualFold(w, word) })
}

// enter decides behind which step a record enters. The fault says why it can not.
func (r *reader) enter(p *parsed) (fault string) {
	if r.EnterAfter != nil {
		p.rec.RawAfter = *r.EnterAfter
	}
	if !r.Chain.Has(p.rec.RawAfter) {
		return fmt.Sprintf("it is to enter behind step %s, and the configuration has no step of that name: name the step that it may enter behind with --enter-after, or use --enter-at-start", p.rec.RawAfter)
	}
	if p.rec.RawAfter != "" {
		p.rec.Raw = p.rec.Data
	}
	if out := p.rec.Redriven.Output; out != "" && !slices.Contains(r.Outputs, out) {
		return fmt.Sprintf("it is for output %s, and the configuration has no output of that name", out)
	}
	return ""
}

// give sends a chunk that holds anything.
func (r *reader) give(ctx context.Context, c *chunk) error {
	if len(c.records) == 0 {
		return nil
	}
	if err := r.send(ctx, c); err != nil {
		return err
	}
	r.tally.count(c.records)
	return nil
}
