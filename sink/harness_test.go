package sink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"standpipe/partition"
)

// memLedger is the lease table as the sink sees it.
type memLedger struct {
	mu       sync.Mutex
	rows     map[string]*memRow
	items    map[string]Item
	promised []Item // every intent that took effect, in order
	hook     func(op, id string) error
}

type memRow struct{ at, pending string }

func (l *memLedger) row(shard, at string) *memRow {
	if l.rows[shard] == nil {
		l.rows[shard] = &memRow{at: at}
	}
	return l.rows[shard]
}

func (l *memLedger) before(op, id string) error {
	if l.hook != nil {
		return l.hook(op, id)
	}
	return nil
}

func (l *memLedger) Intend(_ context.Context, it Item) error {
	if err := l.before("intend", it.ID); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	no := &RefusedError{Op: "intend", Batch: it.ID}
	if _, there := l.items[it.ID]; there {
		no.Reasons = append(no.Reasons, "the batch item exists")
	}
	for _, sp := range it.Spans {
		switch r := l.row(sp.Shard, sp.After); {
		case r.at != sp.After:
			no.Final = true
			no.Reasons = append(no.Reasons, fmt.Sprintf("%s is at %s, not %s", sp.Shard, r.at, sp.After))
		case r.pending != "":
			no.Pending = append(no.Pending, r.pending)
			no.Reasons = append(no.Reasons, r.pending+" is pending")
		}
	}
	if len(no.Reasons) > 0 {
		return no
	}
	for _, sp := range it.Spans {
		l.rows[sp.Shard].pending = it.ID
	}
	l.items[it.ID] = it
	l.promised = append(l.promised, it)
	return nil
}

func (l *memLedger) Item(_ context.Context, id string) (*Item, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if it, there := l.items[id]; there {
		return &it, nil
	}
	return nil, nil
}

func (l *memLedger) end(op string, it Item, state State, change func(*memRow, Span)) error {
	if err := l.before(op, it.ID); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.items[it.ID].State != state {
		return &RefusedError{Op: op, Batch: it.ID, Reasons: []string{"not " + string(state)}}
	}
	delete(l.items, it.ID)
	for _, sp := range it.Spans {
		r := l.rows[sp.Shard]
		r.pending = ""
		change(r, sp)
	}
	return nil
}

func (l *memLedger) Advance(_ context.Context, it Item) error {
	return l.end("advance", it, Committed, func(r *memRow, sp Span) { r.at = sp.Through })
}

func (l *memLedger) Clear(_ context.Context, it Item) error {
	return l.end("clear", it, Undoing, func(*memRow, Span) {})
}

func (l *memLedger) Mark(_ context.Context, id string) error {
	if err := l.before("mark", id); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	it := l.items[id]
	if it.State != Committed {
		return &RefusedError{Op: "mark", Batch: id, Reasons: []string{"not committed"}}
	}
	it.State = Undoing
	l.items[id] = it
	return nil
}

// memStore is S3 as the sink sees it.
type memStore struct {
	mu      sync.Mutex
	n       int
	uploads map[string]*memUpload
	objects map[string]memObject
	aborted []string                                        // keys
	hook    func(ctx context.Context, op, key string) error // before the effect
}

type memUpload struct {
	key, batch string
	parts      map[int32][]byte
}

type memObject struct {
	batch string
	data  []byte
}

func (s *memStore) enter(ctx context.Context, op, key string) error {
	if s.hook != nil {
		if err := s.hook(ctx, op, key); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (s *memStore) Create(ctx context.Context, _, key, batch string, _ Form) (string, error) {
	if err := s.enter(ctx, "create", key); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	id := fmt.Sprint("upload-", s.n)
	s.uploads[id] = &memUpload{key, batch, map[int32][]byte{}}
	return id, nil
}

func (s *memStore) UploadPart(ctx context.Context, u Upload, n int32, body Segments) (Part, error) {
	if err := s.enter(ctx, "part", u.Key); err != nil {
		return Part{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	up := s.uploads[u.ID]
	if up == nil {
		return Part{}, ErrNoSuchUpload
	}
	up.parts[n] = bytes.Join(body, nil)
	return Part{Number: n, ETag: fmt.Sprint("etag-", n), CRC32: body.CRC32(), Size: body.Len()}, nil
}

func (s *memStore) Complete(ctx context.Context, u Upload) error {
	if err := s.enter(ctx, "complete", u.Key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	up := s.uploads[u.ID]
	if up == nil {
		return ErrNoSuchUpload
	}
	var data []byte
	for i, p := range u.Parts {
		if p.Number != int32(i+1) || int64(len(up.parts[p.Number])) != p.Size || i < len(u.Parts)-1 && p.Size < 5<<20 {
			return ErrIncomplete
		}
		data = append(data, up.parts[p.Number]...)
	}
	if len(u.Parts) == 0 || len(u.Parts) != len(up.parts) {
		return ErrIncomplete
	}
	delete(s.uploads, u.ID)
	s.objects[u.Key] = memObject{up.batch, data}
	return nil
}

func (s *memStore) Parts(context.Context, Upload) ([]Part, error) { return nil, ErrNoSuchUpload }

func (s *memStore) Abort(ctx context.Context, u Upload) error {
	if err := s.enter(ctx, "abort", u.Key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aborted = append(s.aborted, u.Key)
	if s.uploads[u.ID] == nil {
		return ErrNoSuchUpload
	}
	delete(s.uploads, u.ID)
	return nil
}

func (s *memStore) Batch(_ context.Context, _, key string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, there := s.objects[key]
	if !there {
		return "", ErrNotFound
	}
	return o.batch, nil
}

func (s *memStore) Read(_ context.Context, _, key string, limit int64) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, there := s.objects[key]
	if !there {
		return nil, ErrNotFound
	}
	if int64(len(o.data)) > limit {
		return nil, ErrTooLarge
	}
	return o.data, nil
}

func (s *memStore) Delete(_ context.Context, _, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, key)
	return nil
}

// bench is a sink between the two.
type bench struct {
	*Sink
	t      *testing.T
	ledger *memLedger
	store  *memStore
	logs   *logLines
	next   map[*Reading]int
}

type logLines struct {
	mu  sync.Mutex
	all []map[string]any
}

func (l *logLines) Write(b []byte) (int, error) {
	var line map[string]any
	if err := json.Unmarshal(b, &line); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
	return len(b), nil
}

// onBench runs a test on a sink in a bubble, which ends only when no goroutine of the sink is left. Objects
// are full at 1000 bytes, the interval is a minute, and the arrival's hour makes the path.
func onBench(t *testing.T, set func(*Options), test func(*testing.T, *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, logs: &logLines{}, next: map[*Reading]int{},
			ledger: &memLedger{rows: map[string]*memRow{}, items: map[string]Item{}},
			store:  &memStore{uploads: map[string]*memUpload{}, objects: map[string]memObject{}}}
		n := 0
		var mu sync.Mutex
		opts := Options{
			Application: "test", Worker: "w", JournalBucket: "lake", JournalPrefix: "_standpipe/", Size: 1000, Interval: time.Minute, Memory: NewMemory(64 << 20),
			Outputs: []*Output{{Name: "raw", Bucket: "lake", Prefix: parsePrefix(t, "data/!{timestamp:HH}/", partition.Data), Compression: "none", Validate: true}},
			Errors:  &Output{Name: "errors", Bucket: "lake", Prefix: parsePrefix(t, "errors/!{firehose:error-output-type}/", partition.Errors), Compression: "none"},
			NewID: func() string {
				mu.Lock()
				defer mu.Unlock()
				n++
				return fmt.Sprint("batch-", n)
			},
			Random: func() string { return "random" }, Ledger: b.ledger, Store: b.store, Log: zerolog.New(b.logs),
		}
		if set != nil {
			set(&opts)
		}
		b.Sink = New(t.Context(), opts)
		test(t, b)
	})
}

func parsePrefix(t *testing.T, expr string, kind partition.Kind) *partition.Prefix {
	t.Helper()
	p, err := partition.Parse(expr, kind)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (b *bench) read(shard string) *Reading { return b.Read(b.t.Context(), shard, 1, "0") }

// response is the next answer of a shard: one record that makes a line of so many bytes in the path of an hour.
func (b *bench) response(r *Reading, hour, size int) Response {
	from := b.next[r]
	b.next[r]++
	line := fmt.Sprintf(`{"s":%q,"n":"%05d","x":""}`, r.shard, from+1)
	line = line[:len(line)-2] + strings.Repeat("x", max(0, size-len(line)-1)) + `"}` // and the newline
	return Response{After: fmt.Sprint(from), Through: fmt.Sprint(from + 1),
		Records: slices.Values([]Record{{Data: []byte(line), Arrival: time.Date(2026, 1, 31, hour, 0, 0, 0, time.UTC), Sequence: fmt.Sprint(from + 1)}})}
}

func (b *bench) append(r *Reading, hour, size int) {
	b.t.Helper()
	if err := r.Append(b.t.Context(), b.response(r, hour, size)); err != nil {
		b.t.Fatalf("append to %s: %v", r.shard, err)
	}
}

func (b *bench) endShard(r *Reading) {
	b.t.Helper()
	if err := r.Append(b.t.Context(), Response{After: fmt.Sprint(b.next[r]), Through: ShardEnd}); err != nil {
		b.t.Fatal(err)
	}
}

// stop ends the sink and wants all memory back.
func (b *bench) stop() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	if err := b.Stop(ctx); err != nil {
		b.t.Errorf("stop: %v", err)
	}
	if used := b.memory.Used(); used != 0 {
		b.t.Errorf("%d bytes of memory are not given back", used)
	}
}

// causes lists why batches were cut, in the order of their commits.
func (b *bench) causes() (out []string) {
	b.logs.mu.Lock()
	defer b.logs.mu.Unlock()
	for _, l := range b.logs.all {
		if l["message"] == "batch committed" {
			out = append(out, l["cause"].(string))
		}
	}
	return out
}

func (b *bench) wantCauses(want ...Cause) {
	b.t.Helper()
	synctest.Wait()
	var w []string
	for _, c := range want {
		w = append(w, string(c))
	}
	if got := b.causes(); !slices.Equal(got, w) {
		b.t.Fatalf("batches were cut for %v, want %v", got, w)
	}
}

// at is a shard's checkpoint.
func (b *bench) at(shard string) string {
	b.ledger.mu.Lock()
	defer b.ledger.mu.Unlock()
	if r := b.ledger.rows[shard]; r != nil {
		return r.at
	}
	return "0"
}

// delivered gives, for each shard, the numbers of its records that are visible.
func (b *bench) delivered() map[string][]int {
	b.t.Helper()
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	out := map[string][]int{}
	for key, o := range b.store.objects {
		if !strings.HasPrefix(key, "data/") {
			continue
		}
		for line := range bytes.Lines(o.data) {
			i := bytes.Index(line, []byte(`"n":"`))
			if i < 0 {
				b.t.Fatalf("%s holds %q", key, line)
			}
			var n int
			if _, err := fmt.Sscanf(string(line[i+5:i+10]), "%d", &n); err != nil {
				b.t.Fatal(err)
			}
			shard := string(line[6 : 6+bytes.IndexByte(line[6:], '"')])
			out[shard] = append(out[shard], n)
		}
	}
	for _, ns := range out {
		slices.Sort(ns)
	}
	return out
}

// wantAll wants a reading's records, from 1 on, each once.
func (b *bench) wantAll(readings ...*Reading) {
	b.t.Helper()
	got := b.delivered()
	for _, r := range readings {
		ns := got[r.shard]
		for i, n := range ns {
			if n != i+1 {
				b.t.Fatalf("%s: record %d in place of %d", r.shard, n, i+1)
			}
		}
		if len(ns) != b.next[r] {
			b.t.Fatalf("%s: %d records are visible, %d were appended", r.shard, len(ns), b.next[r])
		}
	}
}

func over(r *Reading) bool { return r.ctx.Err() != nil && errors.Is(context.Cause(r.ctx), ErrDropped) }
