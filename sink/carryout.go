package sink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Outcome is how a batch ended, as far as this worker knows.
type Outcome string

const (
	Advanced Outcome = "advanced" // by this worker
	Undone   Outcome = "undone"   // by this worker
	Finished Outcome = "finished" // by another one, either way
)

// errGone: an upload of a committed batch, or its journal, can not be completed any more.
var errGone = errors.New("upload is gone")

// resolutions keeps, per batch this process carries out, what it knows to be completed, and lets one
// goroutine at a time work on it.
type resolutions struct {
	mu sync.Mutex
	by map[string]*resolution
}

type resolution struct {
	turn  chan struct{} // holds one token
	users int
	mu    sync.Mutex
	done  map[string]bool // keys known as completed

	objects []JournalObject // of the batch, once its journal was read
}

func (rs *resolutions) get(id string) *resolution {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.by == nil {
		rs.by = map[string]*resolution{}
	}
	r := rs.by[id]
	if r == nil {
		r = &resolution{turn: make(chan struct{}, 1), done: map[string]bool{}}
		rs.by[id] = r
	}
	r.users++
	return r
}

func (rs *resolutions) put(id string, r *resolution, over bool) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r.users--
	if over && r.users == 0 {
		delete(rs.by, id)
	}
}

// CarryOut finishes a batch whose item some worker stored: completes its uploads and advances its
// checkpoints, or takes it back if an upload is gone (rules 11 to 18). It may be called by anybody, at any
// time, several times. An error means that ctx ended first.
func (s *Sink) CarryOut(ctx context.Context, id string) error {
	ctx, t := s.traced(ctx, "carry out", id, time.Now())
	out, err := s.carryOut(ctx, id)
	if t != nil && err == nil {
		t.outcome(out)
	}
	t.end(err)
	return err
}

func (s *Sink) carryOut(ctx context.Context, id string) (out Outcome, err error) {
	r := s.resolving.get(id)
	defer func() { s.resolving.put(id, r, err == nil) }()
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer s.trouble.Clear(stuckAdvance, id)
	again := s.backoff()
	for refusals := 0; ; {
		item, err := s.item(ctx, id)
		switch {
		case err != nil:
			return "", err
		case item == nil:
			return Finished, nil
		case item.State == Undoing:
			return s.undo(ctx, *item)
		}
		err = s.complete(ctx, r, *item)
		switch {
		case errors.Is(err, errGone):
			if err := s.mark(ctx, *item, err); err != nil {
				return "", err
			}
			continue
		case errors.Is(err, errLookAgain):
			continue
		case err != nil:
			return "", err
		}
		err = s.until(ctx, "dynamodb", "Advance", id, func(ctx context.Context) error { return s.ledger.Advance(ctx, *item) })
		if no, ok := refused(err); ok { // somebody else advanced it or is undoing it
			if refusals++; refusals > 1 { // or a lease row was changed by hand
				s.metrics.retries.WithLabelValues("dynamodb", "Advance").Inc()
				if s.trouble.Note(stuckAdvance, id, no) {
					s.log.Error().Err(no).Str("batch", id).Msg("the batch can not be advanced although its item is there: a lease row was changed or deleted by hand")
				}
				if err := again.pause(ctx); err != nil {
					return "", err
				}
			}
			continue
		}
		if err != nil {
			return "", err
		}
		s.tell(r.objects)
		return Advanced, nil
	}
}

// tell says which objects have become visible.
func (s *Sink) tell(objects []JournalObject) {
	if s.opts.Visible != nil && len(objects) > 0 {
		s.opts.Visible(objects)
	}
}

// stuckAdvance is the trouble of a batch that is refused its advance again and again.
const stuckAdvance = "advance"

// errLookAgain sends carryOut back to reading the item (rule 11).
var errLookAgain = errors.New("look at the item again")

// complete completes the journal, reads it, and completes what it lists (rule 12).
func (s *Sink) complete(ctx context.Context, r *resolution, item Item) error {
	if item.Journal == nil {
		return nil
	}
	size := 3 * min(item.Journal.JournalSize(), 2*maxListed) // as it is stored, and as it is decoded
	s.memory.Add(size)
	defer s.memory.Add(-size)
	if err := s.completeUpload(ctx, r, item, *item.Journal); err != nil {
		return err
	}
	j, err := s.readJournal(ctx, item)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(smallRequests)
	for _, o := range j.Objects {
		g.Go(func() error { return s.completeUpload(ctx, r, item, o.Upload) })
	}
	r.objects = j.Objects // of which nobody else is told before all are there
	return g.Wait()
}

// readJournal reads a journal known to be completed. When it is missing while the item still says
// committed, somebody took it away: errGone.
func (s *Sink) readJournal(ctx context.Context, item Item) (*Journal, error) {
	j, err := s.fetchJournal(ctx, item)
	if errors.Is(err, ErrNotFound) {
		again, err := s.item(ctx, item.ID)
		switch {
		case err != nil:
			return nil, err
		case again == nil || again.State != Committed:
			return nil, errLookAgain
		}
		return nil, errGone
	}
	return j, err
}

// fetchJournal reads and decodes a journal; ErrNotFound when a plain 404 says that there is none. A damaged one
// is read again, with back-off, until somebody has put the right one in its place: nothing is done on its word.
func (s *Sink) fetchJournal(ctx context.Context, item Item) (j *Journal, err error) {
	u := item.Journal
	err = s.until(ctx, "s3", "GetObject", u.Key, func(ctx context.Context) (err error) {
		j, err = s.tryJournal(ctx, item)
		return err
	}, ErrNotFound)
	return j, err
}

// tryJournal is one attempt to read a journal.
func (s *Sink) tryJournal(ctx context.Context, item Item) (*Journal, error) {
	u := item.Journal
	data, err := s.store.Read(ctx, u.Bucket, u.Key, u.JournalSize())
	if err != nil && !errors.Is(err, ErrTooLarge) {
		return nil, err
	}
	var j *Journal
	if err == nil {
		j, err = verifiedJournal(data, item)
	} else {
		err = fmt.Errorf("damaged journal: it has more than the %d bytes that the item of batch %s promises", u.JournalSize(), item.ID)
	}
	var newer *NewerJournalError
	switch {
	case errors.As(err, &newer):
		return nil, fmt.Errorf("read s3://%s/%s: the batch waits for a worker that knows its journal: %w", u.Bucket, u.Key, err)
	case err != nil:
		return nil, fmt.Errorf("read s3://%s/%s: %w: the batch waits until the journal is as it was (see \"Damaged rows\" in docs/security.md)", u.Bucket, u.Key, err)
	}
	return j, nil
}

// verifiedJournal decodes a journal if it is the one that the item promises, by its checksum.
func verifiedJournal(data []byte, item Item) (*Journal, error) {
	if parts := item.Journal.Parts; len(parts) != 1 || (Segments{data}).CRC32() != parts[0].CRC32 {
		return nil, fmt.Errorf("damaged journal: its %d bytes do not have the checksum that the item of batch %s promises", len(data), item.ID)
	}
	return DecodeJournal(data, item.ID)
}

// completeUpload completes one upload; nil when it is known to be visible, errGone when it never can be.
func (s *Sink) completeUpload(ctx context.Context, r *resolution, item Item, u Upload) error {
	r.mu.Lock()
	done := r.done[u.Key]
	r.mu.Unlock()
	if done {
		return nil
	}
	again := s.backoff()
	for {
		err := s.until(ctx, "s3", "CompleteMultipartUpload", u.Key, func(ctx context.Context) error { return s.store.Complete(ctx, u) },
			ErrNoSuchUpload, ErrInvalidPart, ErrIncomplete)
		switch {
		case err == nil:
		case errors.Is(err, ErrNoSuchUpload):
			err = s.visible(ctx, item, u)
		case errors.Is(err, ErrInvalidPart):
			if err = s.mendParts(ctx, &u); err == nil {
				if err = again.pause(ctx); err == nil {
					continue
				}
			}
		case errors.Is(err, ErrIncomplete):
			err = errGone
		}
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.done[u.Key] = true
		r.mu.Unlock()
		return nil
	}
}

// visible looks, after a NoSuchUpload, whether the object of this batch is there. The journal is known by its content too:
// somebody may have put it back without its metadata, and whoever took it away would hide what it lists from an undo.
func (s *Sink) visible(ctx context.Context, item Item, u Upload) error {
	err := s.until(ctx, "s3", "HeadObject", u.Key, func(ctx context.Context) error {
		found, err := s.store.Batch(ctx, u.Bucket, u.Key)
		switch {
		case err != nil || found == item.ID:
			return err
		case u.Key == item.Journal.Key:
			_, err = s.tryJournal(ctx, item)
			return err
		}
		return fmt.Errorf("look for s3://%s/%s: it carries batch id %q instead of %q: somebody wrote to this key; move that object away", u.Bucket, u.Key, found, item.ID)
	}, ErrNotFound)
	if errors.Is(err, ErrNotFound) {
		return errGone
	}
	return err
}

// mendParts takes the ETags S3 holds now, if they are of the same parts: a repeated part upload may have
// come in late and changed one (rule 12). nil: complete again; errGone: that can never succeed.
func (s *Sink) mendParts(ctx context.Context, u *Upload) error {
	var held []Part
	err := s.until(ctx, "s3", "ListParts", u.Key, func(ctx context.Context) (err error) {
		held, err = s.store.Parts(ctx, *u)
		return err
	}, ErrNoSuchUpload)
	if errors.Is(err, ErrNoSuchUpload) {
		return nil // completed or aborted meanwhile: Complete will tell
	}
	if err != nil {
		return err
	}
	same := slices.EqualFunc(held, u.Parts, func(a, b Part) bool {
		return a.Number == b.Number && a.Size == b.Size && (a.CRC32 == b.CRC32 || a.CRC32 == "")
	})
	if !same {
		return errGone
	}
	mended := slices.Clone(u.Parts)
	for i := range mended {
		mended[i].ETag = held[i].ETag
	}
	u.Parts = mended
	return nil
}
