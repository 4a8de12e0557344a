package sink

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// mark turns a committed batch into one that is taken back (rule 15). A refusal means that somebody else
// advanced or marked it; either way the item is to be looked at again.
func (s *Sink) mark(ctx context.Context, item Item, cause error) error {
	err := s.until(ctx, "dynamodb", "Mark", item.ID, func(ctx context.Context) error { return s.ledger.Mark(ctx, item.ID) })
	if _, no := refused(err); no {
		return nil
	}
	if err == nil {
		s.log.Error().Err(cause).Str("batch", item.ID).Msg("an upload of a promised batch is gone: taking the batch back; its records are read again (see \"Undone objects\" in docs/operations.md)")
	}
	return err
}

// undo takes back what is visible of a batch and frees its shards (rules 16 and 17). It does every step
// whatever is known about it, so that it may be repeated by anybody after a crash. The order matters: an
// abort makes a completion still under way fail, a delete does not; and the journal, which lists what is
// to be deleted, goes last.
func (s *Sink) undo(ctx context.Context, item Item) (Outcome, error) {
	if item.Journal != nil {
		if err := s.abort(ctx, *item.Journal); err != nil {
			return "", err
		}
		if err := s.takeBack(ctx, item); err != nil {
			return "", err
		}
	}
	err := s.until(ctx, "dynamodb", "Clear", item.ID, func(ctx context.Context) error { return s.ledger.Clear(ctx, item) })
	if _, no := refused(err); no {
		return Finished, nil
	}
	if err != nil {
		return "", err
	}
	s.metrics.undone.Inc()
	for _, sp := range item.Spans {
		s.log.Error().Str("batch", item.ID).Str("shard", sp.Shard).Str("after", sp.After).Str("through", sp.Through).Msg("batch undone: its records will be read again")
	}
	return Undone, nil
}

// takeBack aborts and deletes everything the journal lists, then the journal. Without a journal nothing
// else has been completed and nobody ever can.
func (s *Sink) takeBack(ctx context.Context, item Item) error {
	j, err := s.fetchJournal(ctx, item)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for _, o := range j.Objects {
		g.Go(func() error {
			if err := s.abort(gctx, o.Upload); err != nil {
				return err
			}
			s.log.Error().Str("batch", item.ID).Str("key", o.Key).Msg("object of an undone batch is deleted")
			return s.delete(gctx, o.Upload)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return s.delete(ctx, *item.Journal)
}

func (s *Sink) abort(ctx context.Context, u Upload) error {
	err := s.until(ctx, "s3", "AbortMultipartUpload", u.Key, func(ctx context.Context) error { return s.store.Abort(ctx, u) }, ErrNoSuchUpload)
	if errors.Is(err, ErrNoSuchUpload) {
		return nil
	}
	return err
}

func (s *Sink) delete(ctx context.Context, u Upload) error {
	return s.until(ctx, "s3", "DeleteObject", u.Key, func(ctx context.Context) error { return s.store.Delete(ctx, u.Bucket, u.Key) })
}
