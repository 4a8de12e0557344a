package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"standpipe/internal/s3read"
	"standpipe/sink"
)

const (
	scanEvery = 10 * time.Minute
	// lag is how far behind the newest journals a mark stays: the time that may pass between a batch's cut, by which its
	// journal is named, and its objects' being visible.
	lag      = 48 * time.Hour
	parallel = 8 // journals read at once
	hourForm = "2006/01/02/15/"
	settling = time.Minute // what a look waits for Glue
)

// Lister lists objects.
type Lister interface {
	// List gives the keys in a place that come after one, in order.
	List(ctx context.Context, p s3read.Place, after string) iter.Seq2[s3read.Object, error]
}

// Journals finds the partitions that nobody has registered because a worker died between a commit and its registration,
// or while Glue was away. It looks through the journals of the application, at the start and again and again, and adds to
// the Registers what they do not know. A mark in the bucket says up to which cut everything is registered; without one
// every journal there is is read, once. Each worker looks for itself: all may register the same.
type Journals struct {
	Store     sink.Store
	Lister    Lister
	Bucket    string
	Prefix    string // of the journals; ends in a slash
	Every     time.Duration
	Registers []*Register
	Log       zerolog.Logger

	seed  maphash.Seed
	mu    sync.Mutex                 // of seen, while journals are read
	seen  map[string]map[uint64]bool // journals that have nothing more to tell, by their hour
	newer bool                       // the last look met a journal that only a newer version can read
	marks map[*Register]mark
}

// mark says that all partitions of batches that were cut before Until are in a table.
type mark struct {
	Table   string    `json:"table"`
	Since   time.Time `json:"since"`   // when the table was created: another one of its name has none of the partitions
	Folders string    `json:"folders"` // how the prefix divides the table
	Until   time.Time `json:"until"`
}

func (j *Journals) key(r *Register) string { return j.Prefix + "registered/" + r.Output + ".json" }

// Run looks until ctx ends. What fails is tried again with the next look.
func (j *Journals) Run(ctx context.Context) {
	j.seed, j.seen, j.marks = maphash.MakeSeed(), map[string]map[uint64]bool{}, map[*Register]mark{}
	every := j.Every
	if every == 0 {
		every = scanEvery
	}
	said := ""
	for {
		err := j.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && err.Error() != said:
			said = err.Error()
			j.Log.Warn().Err(err).Msg("the journals can not be searched for partitions that are not registered: it is tried again")
		case err == nil:
			said = ""
		}
		pause(ctx, time.Duration((0.8+0.4*rand.Float64())*float64(every)))
	}
}

// errNewer keeps the marks where they are, so that nobody passes over what a newer version has to register.
var errNewer = errors.New("read the journals: some were written by a newer Standpipe: upgrade this one (see \"Upgrading\" in docs/operations.md)")

// look goes through the journals once.
func (j *Journals) look(ctx context.Context) error {
	var ready []*Register
	until := time.Now().Add(-lag)
	from := until
	for _, r := range j.Registers {
		since, ok := r.await(ctx, settling, false)
		if !ok {
			continue // Glue is away; what is found now would only wait
		}
		m, err := j.mark(ctx, r, since)
		if err != nil {
			return err
		}
		ready = append(ready, r)
		if m.Until.Before(from) {
			from = m.Until
		}
	}
	if len(ready) == 0 {
		return nil
	}
	j.newer = false
	if err := j.scan(ctx, ready, from, until); err != nil {
		return err
	}
	if j.newer {
		return errNewer
	}
	whole := true
	for _, r := range ready {
		if r.overflowed() {
			clear(j.seen) // what was not taken is found again
			whole = false
			continue
		}
		since, ok := r.await(ctx, settling, true)
		if m := j.marks[r]; !ok || !since.Equal(m.Since) || until.Sub(m.Until) < time.Hour {
			continue
		}
		if err := j.put(ctx, r, mark{r.Table.String(), since, r.Layout.Folders(), until}); err != nil {
			return err
		}
	}
	if whole {
		for hour := range j.seen {
			if hour < until.Add(-time.Hour).UTC().Format(hourForm) {
				delete(j.seen, hour)
			}
		}
	}
	return nil
}

// mark gives the mark of a register, which holds for a table of this age and the register's folders only.
func (j *Journals) mark(ctx context.Context, r *Register, since time.Time) (mark, error) {
	m, known := j.marks[r]
	if !known {
		data, err := j.Store.Read(ctx, j.Bucket, j.key(r), 64<<10)
		if err != nil && !errors.Is(err, sink.ErrNotFound) {
			return m, fmt.Errorf("read s3://%s/%s: %w", j.Bucket, j.key(r), err)
		}
		_ = json.Unmarshal(data, &m) // what is no mark marks nothing
	}
	if m.Table != r.Table.String() || m.Folders != r.Layout.Folders() || !m.Since.Equal(since) {
		m = mark{Since: since}
		clear(j.seen)
	}
	j.marks[r] = m
	return m, nil
}

// mostJournal is more than a batch's journal has: what is larger is somebody else's, and is not read into memory.
const mostJournal = 64 << 20

// put stores a mark, as everything is stored that the program writes.
func (j *Journals) put(ctx context.Context, r *Register, m mark) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	u := sink.Upload{Bucket: j.Bucket, Key: j.key(r)}
	doing := func(err error) error { return fmt.Errorf("write s3://%s/%s: %w", u.Bucket, u.Key, err) }
	if u.ID, err = j.Store.Create(ctx, u.Bucket, u.Key, "registered", sink.Form{ContentType: "application/json"}); err != nil {
		return doing(err)
	}
	p, err := j.Store.UploadPart(ctx, u, 1, sink.Segments{data})
	if err == nil {
		u.Parts = []sink.Part{p}
		err = j.Store.Complete(ctx, u)
	}
	if err != nil {
		_ = j.Store.Abort(context.WithoutCancel(ctx), u)
		return doing(err)
	}
	j.marks[r] = m
	return nil
}

// scan reads the journals that were cut from a time on and are not known. Of those cut after recent, objects that are not
// there may still come.
func (j *Journals) scan(ctx context.Context, ready []*Register, from, recent time.Time) error {
	after := ""
	if !from.IsZero() {
		after = j.Prefix + from.UTC().Format(hourForm)
	}
	by := map[string]*Register{}
	for _, r := range ready {
		by[r.Output] = r
	}
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	var listing error
	for o, err := range j.Lister.List(ctx, s3read.Place{Bucket: j.Bucket, Head: j.Prefix}, after) {
		if err != nil {
			listing = fmt.Errorf("list the journals under s3://%s/%s: %w", j.Bucket, j.Prefix, err)
			break
		}
		hour, cut, ok := j.hour(o.Key)
		if !ok || j.told(hour, o.Key, false) || inner.Err() != nil {
			continue
		}
		g.Go(func() error {
			whole, err := j.read(inner, o, by, cut.Add(time.Hour).After(recent))
			if err == nil && whole {
				j.told(hour, o.Key, true)
			}
			return err
		})
	}
	return errors.Join(listing, g.Wait())
}

// told says whether a journal has nothing more to tell; with now, from now on.
func (j *Journals) told(hour, key string, now bool) bool {
	sum := maphash.String(j.seed, key)
	j.mu.Lock()
	defer j.mu.Unlock()
	if now && j.seen[hour] == nil {
		j.seen[hour] = map[uint64]bool{}
	}
	if now {
		j.seen[hour][sum] = true
	}
	return j.seen[hour][sum]
}

// hour tells a journal's hour by its key.
func (j *Journals) hour(key string) (hour string, cut time.Time, ok bool) {
	rest := strings.TrimPrefix(key, j.Prefix)
	if len(rest) <= len(hourForm) || !strings.HasSuffix(rest, ".ndjson") {
		return "", cut, false
	}
	hour = rest[:len(hourForm)]
	cut, err := time.Parse(hourForm, hour)
	return hour, cut, err == nil
}

// read adds the partitions of one journal that are not known and whose objects are visible. whole: it has nothing more
// to tell.
func (j *Journals) read(ctx context.Context, o s3read.Object, by map[string]*Register, recent bool) (whole bool, err error) {
	if o.Size > mostJournal {
		j.Log.Warn().Str("key", o.Key).Int64("bytes", o.Size).Msg("something too large for a journal is passed over in the search for partitions that are not registered")
		return true, nil
	}
	data, err := j.Store.Read(ctx, j.Bucket, o.Key, o.Size)
	if errors.Is(err, sink.ErrNotFound) {
		return true, nil // its batch was undone
	}
	if err != nil {
		return false, fmt.Errorf("read s3://%s/%s: %w", j.Bucket, o.Key, err)
	}
	var head sink.JournalHeader
	_ = json.NewDecoder(bytes.NewReader(data)).Decode(&head) // DecodeJournal says what is wrong with it
	journal, err := sink.DecodeJournal(data, head.Batch)
	if newer := (*sink.NewerJournalError)(nil); errors.As(err, &newer) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.newer = true
		return false, nil
	}
	if err != nil {
		j.Log.Warn().Err(err).Str("key", o.Key).Msg("a journal is passed over in the search for partitions that are not registered")
		return true, nil
	}
	whole = true
	for _, object := range journal.Objects {
		r := by[object.Output]
		if r == nil || r.knows(object.Path) {
			continue
		}
		switch _, err := j.Store.Batch(ctx, object.Bucket, object.Key); {
		case err == nil:
			r.Add(object.Path)
		case !errors.Is(err, sink.ErrNotFound):
			return false, fmt.Errorf("look for s3://%s/%s: %w", object.Bucket, object.Key, err)
		case recent:
			whole = false
		}
	}
	return whole, nil
}
