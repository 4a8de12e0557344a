package verify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"standpipe/sink"
)

// judgeSuspects finds out about objects that no journal listed. Workers go on meanwhile: a batch's journal is there before
// its first object and after its last one, so the journals are listed once more, and then each object is looked at once
// more. One that was there before and is there after, while no journal lists it in between, is listed by none.
func (v *verifier) judgeSuspects(ctx context.Context) error {
	if len(v.suspects) == 0 {
		return nil
	}
	late, err := v.lateJournals(ctx)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(v.Parallel)
	for _, s := range v.suspects {
		if !late.objects[nameOf(s.bucket, s.key)] {
			g.Go(func() error { return v.judge(ctx, s, late) })
		}
	}
	return g.Wait()
}

// lateBatches are those of suspects whose journals were not read before: they came in meanwhile, or are of another time.
type lateBatches struct {
	objects map[name]bool
	refs    map[string]journalRef
}

func (v *verifier) lateJournals(ctx context.Context) (*lateBatches, error) {
	late := &lateBatches{map[name]bool{}, map[string]journalRef{}}
	wanted := map[string]bool{}
	for _, s := range v.suspects {
		if id, ok := parseID(s.batch); ok {
			if _, known := v.batches[id]; !known {
				wanted[s.batch] = true
			}
		}
	}
	if len(wanted) == 0 {
		return late, nil
	}
	from := v.From
	if !from.IsZero() {
		from = from.Add(-margin)
	}
	var mu sync.Mutex
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(v.Parallel)
	err := v.listJournals(inner, from, time.Time{}, func(ref journalRef) error {
		if !wanted[ref.batch] {
			return nil
		}
		g.Go(func() error {
			j, err := v.readJournal(inner, ref)
			var bad *damage
			switch {
			case errors.As(err, &bad):
				j = &sink.Journal{}
				ref.damaged = true
			case errors.Is(err, sink.ErrNotFound):
				return nil
			case err != nil:
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			late.refs[ref.batch] = ref
			for _, o := range j.Objects {
				late.objects[nameOf(o.Bucket, o.Key)] = true
			}
			return nil
		})
		return nil
	})
	return late, errors.Join(g.Wait(), err)
}

// judge decides about one suspect.
func (v *verifier) judge(ctx context.Context, s suspect, late *lateBatches) error {
	_, err := v.Store.Head(ctx, s.bucket, s.key)
	if errors.Is(err, sink.ErrNotFound) {
		return nil // its batch was undone, or a reader took it
	}
	if err != nil {
		return err
	}
	ref, known := late.refs[s.batch]
	if id, ok := parseID(s.batch); !known && ok {
		var n int
		if n, known = v.batches[id]; known {
			ref = v.journals[n]
		}
	}
	p := Problem{Kind: Doubled, Batch: s.batch, Object: "s3://" + s.bucket + "/" + s.key}
	switch {
	case ref.damaged:
		return nil // what it listed is not known, and that has been said
	case known:
		p.Journal = v.journalAddress(ref)
		p.Text = fmt.Sprintf("object %s is there besides those that batch %s wrote: its journal does not list it, so that its records are there twice", p.Object, s.batch)
		if s.copied {
			p.Text = fmt.Sprintf("object %s is a copy of one that batch %s wrote, so that its records are there twice", p.Object, s.batch)
		}
		if j, err := v.readJournal(ctx, ref); err == nil {
			for _, r := range j.Shards {
				p.Ranges = append(p.Ranges, Range{r.Shard, r.After, r.Through})
			}
			p.Text += "; the batch holds " + someOf(p.Ranges)
		}
	default:
		if v.Table != nil {
			item, err := v.Table.Item(ctx, s.batch)
			if err != nil {
				return fmt.Errorf("look for batch %s: %w", s.batch, err)
			}
			if item != nil {
				return nil // in flight: an undo finds it
			}
		}
		p.Kind = Orphan
		p.Text = fmt.Sprintf("object %s carries the id of batch %s, of which there is no journal: somebody deleted the journal, or put the object there", p.Object, s.batch)
	}
	v.problem(p)
	return nil
}
