package sink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"standpipe/partition"
)

// commit makes a sealed batch visible: close, intent, complete, advance. It returns when the batch is
// done, dropped, or ctx has ended with the intent undecided or not yet carried out, in which case whoever
// comes next finishes it.
func (l *lane) commit(ctx context.Context, b *batch) {
	began := time.Now()
	ctx = b.trace.in(ctx)
	item, err := l.close(b)
	if err == nil && len(item.Spans) == 0 {
		l.settle(b)
		b.free()
		return
	}
	if err != nil || !l.mayAttempt(b) {
		l.giveUp(b, err) // nobody was promised anything
		return
	}
	closed := time.Now()
	b.sealed(item, began, closed)

	promised, err := l.s.intend(ctx, item)
	if err != nil {
		l.leaveUndecided(b)
		return
	}
	if !promised {
		l.giveUp(b, fmt.Errorf("the intent was refused for good"))
		return
	}
	l.settle(b)
	intended := time.Now()

	outcome, err := l.s.carryOut(ctx, item.ID)
	if err != nil {
		b.free()
		return // the item tells the next worker
	}
	l.done(ctx, b, outcome, began, closed, intended)
}

// close gives every object its last part and uploads the journal (step 1). Nothing is visible yet.
func (l *lane) close(b *batch) (Item, error) {
	if err := b.closeObjects(); err != nil {
		return Item{}, err
	}
	l.mu.Lock()
	item := b.item()
	j := Journal{Header: JournalHeader{Batch: b.id, Worker: l.s.opts.Worker, Cause: b.cause, Cut: time.Now().UTC()}}
	for _, o := range b.all {
		if line := o.journalLine(); line.Records > 0 {
			j.Objects = append(j.Objects, line)
		}
	}
	l.mu.Unlock()
	slices.SortFunc(item.Spans, func(x, y Span) int {
		if x.Shard < y.Shard {
			return -1
		}
		return 1
	})
	if len(j.Objects) == 0 && bareEnds(item.Spans) {
		return item, nil
	}
	for _, sp := range item.Spans {
		j.Shards = append(j.Shards, JournalShard{sp.Shard, sp.After, sp.Through, sp.Records, sp.Gaps})
	}
	u, err := l.s.uploadJournal(b.ctx, &j)
	b.journal, item.Journal = u, &u
	return item, err
}

// bareEnds says whether all that the spans hold is that their shards have ended. Records that made no line, and times that
// were missed, need a journal although there is no object: the next journal's ranges begin behind them.
func bareEnds(spans []Span) bool {
	return !slices.ContainsFunc(spans, func(sp Span) bool {
		return sp.Through != ShardEnd || sp.Records > 0 || len(sp.Gaps) > 0
	})
}

// uploadJournal uploads a journal as one part, invisible like everything else of its batch.
func (s *Sink) uploadJournal(ctx context.Context, j *Journal) (Upload, error) {
	name := partition.ObjectName(s.opts.Application, j.Header.Cut, nil, j.Header.Batch, ".ndjson")
	u := Upload{Bucket: s.opts.JournalBucket, Key: s.opts.JournalPrefix + j.Header.Cut.Format("2006/01/02/15/") + name}
	err := s.until(ctx, "s3", "CreateMultipartUpload", u.Key, func(ctx context.Context) (err error) {
		u.ID, err = s.store.Create(ctx, u.Bucket, u.Key, j.Header.Batch, Form{ContentType: "application/x-ndjson"})
		return err
	})
	if err != nil {
		return u, err
	}
	body := j.encode()
	s.memory.Add(body.Len())
	defer s.memory.Add(-body.Len())
	err = s.until(ctx, "s3", "UploadPart", u.Key, func(ctx context.Context) error {
		p, err := s.store.UploadPart(ctx, u, 1, body)
		u.Parts = []Part{p}
		return err
	}, ErrNoSuchUpload)
	return u, err
}

// mayAttempt marks the batch as attempted unless it was poisoned before.
func (l *lane) mayAttempt(b *batch) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b.attempted = b.err == nil
	return b.attempted
}

// intend stores the intent, repeating it with the same bytes until the answer is definite (rule 9). It
// gives an error only when ctx ends before that.
func (s *Sink) intend(ctx context.Context, item Item) (promised bool, err error) {
	again := s.backoff()
	unclear := false // an attempt may still be under way
	for {
		err := s.until(ctx, "dynamodb", "Intend", item.ID, func(ctx context.Context) error {
			err := s.ledger.Intend(ctx, item)
			no, ok := refused(err)
			if !ok {
				unclear = unclear || err != nil
			} else if no.Damaged != nil && !no.Final && unclear {
				return no.Damaged // which would take effect once the row is mended
			}
			return err
		})
		if err == nil {
			return true, nil
		}
		no, ok := refused(err)
		if !ok {
			return false, err
		}
		// Only now, with finality known, may the item be read: in the other order an attempt could slip in.
		stored, err := s.item(ctx, item.ID)
		if err != nil {
			return false, err
		}
		if stored != nil {
			return true, nil // an earlier attempt took effect
		}
		s.log.Info().Str("batch", item.ID).Bool("final", no.Final).Strs("cause", no.Reasons).Msg("intent refused")
		if no.Final || no.Damaged != nil { // every attempt was answered by a no: the other shards do not wait for the row
			return false, nil
		}
		for _, id := range no.Pending {
			if _, err := s.carryOut(ctx, id); err != nil {
				return false, err
			}
		}
		if err := again.pause(ctx); err != nil {
			return false, err
		}
	}
}

func (s *Sink) item(ctx context.Context, id string) (item *Item, err error) {
	err = s.until(ctx, "dynamodb", "Item", id, func(ctx context.Context) (err error) {
		item, err = s.ledger.Item(ctx, id)
		return err
	})
	return item, err
}

// settle marks the batch as decided: its readings' leases may be given away.
func (l *lane) settle(b *batch) {
	l.mu.Lock()
	b.decided = true
	l.notify()
	l.mu.Unlock()
}

// done ends a batch that has been carried out: one log line, the numbers, and its memory given back.
func (l *lane) done(ctx context.Context, b *batch, outcome Outcome, began, closed, intended time.Time) {
	defer b.free()
	now := time.Now()
	b.trace.outcome(outcome)
	switch outcome {
	case Undone:
		l.mu.Lock()
		for r := range b.spans {
			r.end(ErrDropped)
		}
		l.mu.Unlock()
		return
	case Finished:
		advanced, err := l.s.wasAdvanced(ctx, b)
		if !advanced || err != nil {
			said := "batch was undone by another worker"
			if err != nil {
				said = "batch was finished by another worker"
			}
			l.s.log.Info().Str("batch", b.id).Str("cause", string(b.cause)).AnErr("unknown", err).Msg(said)
			return // the leases tell its readers
		}
	}
	var records, raw, size int64
	var objects []JournalObject
	for _, o := range b.all {
		line := o.journalLine()
		objects = append(objects, line)
		records, raw, size = records+line.Records, raw+line.Raw, size+line.Size
		l.s.metrics.delivered(line)
	}
	if outcome == Finished {
		l.s.tell(slices.DeleteFunc(objects, func(o JournalObject) bool { return o.Records == 0 }))
	}
	b.trace.outcome(outcome, attribute.Int("standpipe.objects", len(b.all)), attribute.Int64("standpipe.bytes", raw), attribute.Int64("standpipe.stored_bytes", size))
	l.s.metrics.committed(b.cause, closed.Sub(began), intended.Sub(closed), now.Sub(intended))
	l.s.recent.add(Commit{Batch: b.id, Cause: b.cause, Visible: now, Open: began.Sub(b.opened), Closing: closed.Sub(began), Intent: intended.Sub(closed), Complete: now.Sub(intended),
		Shards: len(b.spans), Objects: len(b.all), Records: records, Bytes: raw, Stored: size})
	l.s.log.Info().Str("batch", b.id).Str("cause", string(b.cause)).Int("shards", len(b.spans)).
		Int("objects", len(b.all)).Int64("records", records).Int64("bytes", raw).Int64("stored_bytes", size).
		Int64("open_ms", began.Sub(b.opened).Milliseconds()).Int64("close_ms", closed.Sub(began).Milliseconds()).Int64("intent_ms", intended.Sub(closed).Milliseconds()).
		Int64("complete_ms", now.Sub(intended).Milliseconds()).Msg("batch committed")
}

// wasAdvanced finds out how a batch ended that somebody else finished, or this worker by a request whose answer was
// lost: an undo leaves no journal. What is asked for is only counted and logged, so the next batch does not wait for it
// longer than a while, nor does it matter what somebody has put in the journal's place.
func (s *Sink) wasAdvanced(ctx context.Context, b *batch) (bool, error) {
	if b.journal.ID == "" {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	err := s.until(ctx, "s3", "HeadObject", b.journal.Key, func(ctx context.Context) error {
		_, err := s.store.Batch(ctx, b.journal.Bucket, b.journal.Key)
		return err
	}, ErrNotFound)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// free gives a finished batch's memory back.
func (b *batch) free() {
	b.cancel()
	b.trace.end(b.err)
	for _, o := range b.all {
		o.hold(-o.held.Load())
	}
}

// leaveUndecided ends the readings of a batch whose intent may or may not have taken effect when everything
// had to end. Its uploads are not touched: the item, if there is one, tells the next worker.
func (l *lane) leaveUndecided(b *batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range b.spans {
		r.end(ErrUndecided)
	}
	b.trace.end(ErrUndecided)
	l.notify()
}

func (l *lane) giveUp(b *batch, cause error) {
	l.mu.Lock()
	l.drop(b, cause)
	l.mu.Unlock()
}
