package consumer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"standpipe/internal/faults"
	"standpipe/internal/kinesisfake"
	"standpipe/sink"
)

// calls notes when which requests came.
type calls struct {
	mu sync.Mutex
	at map[string][]time.Time
}

func (c *calls) note(op string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at == nil {
		c.at = map[string][]time.Time{}
	}
	c.at[op] = append(c.at[op], time.Now())
}

func (c *calls) of(op string) []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Time(nil), c.at[op]...)
}

// most is how many calls of op fell into one second.
func (c *calls) most(op string) int {
	at, n := c.of(op), 0
	for i := range at {
		k := i
		for k < len(at) && at[k].Sub(at[i]) < time.Second {
			k++
		}
		n = max(n, k-i)
	}
	return n
}

func newFetcher(t *testing.T, srv *kinesisfake.Server, budget int64) (*fetcher, *calls) {
	t.Helper()
	seen := &calls{}
	client := kinesisClient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		seen.note(op)
		srv.ServeHTTP(w, r)
	}))
	return &fetcher{client: client, api: newRecordsAPI(client), stream: streamRef{name: "clicks"}, shard: shardID(0), start: trimHorizon, poll: time.Second, jitter: rand.Float64, retention: func() time.Duration { return 24 * time.Hour },
		memory: sink.NewMemory(budget), gone: func() bool { return false }, closed: func() bool { return true }, log: zerolog.Nop(), m: newMetrics(nil), trouble: &sink.Troubles{}}, seen
}

func (f *fetcher) mustFetch(t *testing.T, after string) (*answer, string) {
	t.Helper()
	a, err := f.fetch(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(a.records); n > 0 {
		after = strings.Clone(a.records[n-1].Sequence)
	}
	if a.end {
		after = shardEnd
	}
	return a, after
}

func putRecords(t *testing.T, srv *kinesisfake.Server, n, size int) {
	t.Helper()
	for i := range n {
		if _, _, err := srv.Put("clicks", fmt.Sprint("key-", i), []byte(strings.Repeat("x", size))); err != nil {
			t.Fatal(err)
		}
	}
}

// Records come in order and without gap, over iterators that expire, throttling and broken answers, and
// every byte of memory comes back.
func TestFetchOverFaults(t *testing.T) {
	for name, hook := range map[string]faults.Hook{
		"expired iterator": func(faults.Call, func()) error {
			return &faults.Error{Status: 400, Code: "ExpiredIteratorException", Message: "Iterator expired."}
		},
		"throttled": func(faults.Call, func()) error {
			return &faults.Error{Status: 400, Code: "ProvisionedThroughputExceededException", Message: "Rate exceeded"}
		},
		"internal error":   func(faults.Call, func()) error { return &faults.Error{Status: 500, Code: "InternalFailure"} },
		"invalid argument": func(faults.Call, func()) error { return &faults.Error{Status: 400, Code: "InvalidArgumentException"} },
		"not found, but listed": func(faults.Call, func()) error {
			return &faults.Error{Status: 400, Code: "ResourceNotFoundException", Message: "no such shard"}
		},
		"a proxy's page": func(faults.Call, func()) error { return &faults.Error{Status: 502, Body: []byte("<html>")} },
		"broken body":    func(faults.Call, func()) error { return &faults.Error{Status: 200, Body: []byte(`{"Records":[{"Data`)} },
		"bad base64": func(faults.Call, func()) error {
			return &faults.Error{Status: 200, Body: []byte(`{"Records":[{"Data":"!!","SequenceNumber":"1","PartitionKey":"k"}],"NextShardIterator":"x"}`)}
		},
		"answer lost": func(_ faults.Call, next func()) error { next(); return faults.ErrLost },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := kinesisfake.New(kinesisfake.Options{EmptyEvery: 4})
				if err := srv.CreateStream("clicks", 1); err != nil {
					t.Fatal(err)
				}
				f, seen := newFetcher(t, srv, 64<<20)
				n := 0
				srv.Control("GetRecords", func(c faults.Call, next func()) error {
					if n++; n%3 == 2 {
						return hook(c, next)
					}
					return nil
				})
				srv.Control("GetShardIterator", func(c faults.Call, next func()) error {
					if c.Occurrence == 1 && !strings.Contains(name, "expired") {
						return hook(c, next)
					}
					return nil
				})
				var got []string
				at := trimHorizon
				for round := range 6 {
					putRecords(t, srv, 20, 100)
					for len(got) < 20*(round+1) {
						var a *answer
						a, at = f.mustFetch(t, at)
						for _, r := range a.records {
							got = append(got, r.Sequence)
						}
						f.release(a)
					}
				}
				i := 0
				for r, err := range srv.Records("clicks") {
					if err != nil {
						t.Fatal(err)
					}
					if i >= len(got) || got[i] != r.Sequence {
						t.Fatalf("record %d is not %s", i, r.Sequence)
					}
					i++
				}
				if i != len(got) {
					t.Errorf("%d records fetched, %d put", len(got), i)
				}
				if used := f.memory.Used(); used != 0 {
					t.Errorf("%d bytes are not given back", used)
				}
				if m := seen.most("GetRecords"); m > 5 {
					t.Errorf("%d calls in a second", m)
				}
			})
		})
	}
}

// Behind, it goes as fast as the shard's calls allow.
func TestFetchPaceOfSmallAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const records = 60_000
		srv, _ := newStream(t, 1, kinesisfake.Options{})
		putRecords(t, srv, records, 10)
		f, seen := newFetcher(t, srv, 64<<20)
		began := time.Now()
		for n, at := 0, trimHorizon; n < records; {
			var a *answer
			a, at = f.mustFetch(t, at)
			n += len(a.records)
			f.release(a)
		}
		if d := time.Since(began); d > 3*time.Second {
			t.Errorf("it took %v", d)
		}
		if m := seen.most("GetRecords"); m > 5 {
			t.Errorf("%d calls in a second", m)
		}
		if n := len(seen.of("GetRecords")); n > records/10_000+1 {
			t.Errorf("%d calls", n)
		}
	})
}

// Caught up, it calls once a second, so that other consumers of the stream keep their share; a record that
// comes is fetched within that.
func TestFetchCaughtUpCallsOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := newStream(t, 1, kinesisfake.Options{})
		f, seen := newFetcher(t, srv, 64<<20)
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		if _, err := f.fetch(ctx, trimHorizon); err == nil {
			t.Fatal("an answer without records")
		}
		if n := len(seen.of("GetRecords")); n < 59 || n > 61 {
			t.Errorf("%d calls in a minute", n)
		}
		if n := len(seen.of("GetShardIterator")); n != 1 {
			t.Errorf("%d iterators", n)
		}
		putRecords(t, srv, 1, 10)
		began := time.Now()
		a, _ := f.mustFetch(t, trimHorizon)
		if d := time.Since(began); d > time.Second || len(a.records) != 1 {
			t.Errorf("the record came after %v", d)
		}
		f.release(a)
	})
}

// The iterator of a reader that was held up for more than 5 minutes has expired.
func TestFetchAfterFiveMinutesOfSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := newStream(t, 1, kinesisfake.Options{})
		f, seen := newFetcher(t, srv, 64<<20)
		putRecords(t, srv, 3, 10)
		a, at := f.mustFetch(t, trimHorizon)
		f.release(a)
		putRecords(t, srv, 3, 10)
		time.Sleep(6 * time.Minute)
		a, _ = f.mustFetch(t, at)
		if len(a.records) != 3 || len(seen.of("GetShardIterator")) != 2 {
			t.Errorf("%d records, %d iterators", len(a.records), len(seen.of("GetShardIterator")))
		}
		f.release(a)
	})
}

// A shard that the stream holds no more is at its end; while it is listed, "not found" is a passing error.
func TestFetchOfATrimmedShardEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := newStream(t, 1, kinesisfake.Options{})
		f, seen := newFetcher(t, srv, 64<<20)
		f.shard = shardID(77)
		gone := false
		f.gone = func() bool { return gone }
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if _, err := f.fetch(ctx, trimHorizon); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("while listed: %v", err)
		}
		if n := len(seen.of("GetShardIterator")); n < 3 {
			t.Errorf("%d attempts", n)
		}
		gone = true
		a, _ := f.mustFetch(t, trimHorizon)
		if !a.end || len(a.records) != 0 {
			t.Errorf("answer is %+v", a)
		}
		f.release(a)
		if used := f.memory.Used(); used != 0 {
			t.Errorf("%d bytes are not given back", used)
		}
	})
}

func TestFetchGivesTheEndOfAShard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := newStream(t, 1, kinesisfake.Options{})
		f, _ := newFetcher(t, srv, 64<<20)
		putRecords(t, srv, 3, 10)
		if _, _, err := srv.Split("clicks", shardID(0)); err != nil {
			t.Fatal(err)
		}
		records, at := 0, trimHorizon
		for at != shardEnd {
			var a *answer
			a, at = f.mustFetch(t, at)
			records += len(a.records)
			f.release(a)
		}
		if records != 3 {
			t.Errorf("%d records before the end", records)
		}
	})
}

// A reader without room waits and asks Kinesis for nothing; when it gives up waiting it has taken nothing.
func TestFetchWaitsForMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := newStream(t, 1, kinesisfake.Options{})
		putRecords(t, srv, 3, 10)
		f, seen := newFetcher(t, srv, 20<<20)
		f.memory.Add(20 << 20)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := f.fetch(ctx, trimHorizon); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if n := len(seen.of("GetRecords")); n != 0 || f.memory.Used() != 20<<20 {
			t.Errorf("%d calls, %d bytes taken", n, f.memory.Used()-20<<20)
		}
		time.AfterFunc(time.Second, func() { f.memory.Add(-20 << 20) })
		a, _ := f.mustFetch(t, trimHorizon)
		if len(a.records) != 3 {
			t.Errorf("%d records", len(a.records))
		}
		if used := f.memory.Used(); used != a.room || used <= 0 {
			t.Errorf("the answer says %d bytes, the budget %d", a.room, used)
		}
		f.release(a)
		f.release(a) // twice is harmless
		if used := f.memory.Used(); used != 0 {
			t.Errorf("%d bytes are not given back", used)
		}
	})
}

// A call under way when the reading ends returns its room, and the cause of the end.
func TestFetchEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := newStream(t, 1, kinesisfake.Options{})
		f, _ := newFetcher(t, srv, 64<<20)
		goOn := make(chan struct{})
		srv.Control("GetRecords", func(faults.Call, func()) error { <-goOn; return nil })
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errOver) })
		if _, err := f.fetch(ctx, trimHorizon); !errors.Is(err, errOver) {
			t.Errorf("got %v", err)
		}
		if used := f.memory.Used(); used != 0 {
			t.Errorf("%d bytes are not given back", used)
		}
		close(goOn)
	})
}

// A connection that answers nothing is given up after half a minute (hazard 16).
func TestFetchOverABlackHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := newStream(t, 1, kinesisfake.Options{})
		putRecords(t, srv, 1, 10)
		f, _ := newFetcher(t, srv, 64<<20)
		goOn := make(chan struct{})
		srv.Control("GetRecords", func(c faults.Call, next func()) error {
			if c.Occurrence == 1 {
				<-goOn
			}
			return nil
		})
		began := time.Now()
		a, _ := f.mustFetch(t, trimHorizon)
		if d := time.Since(began); d < attempt || d > attempt+5*time.Second {
			t.Errorf("it took %v", d)
		}
		f.release(a)
		if used := f.memory.Used(); used != 0 {
			t.Errorf("%d bytes are not given back", used)
		}
		close(goOn)
	})
}

// Where an iterator begins, for each kind of checkpoint.
func TestFetchPositions(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		after, start, kind string
		with               bool
	}{
		{after: trimHorizon, kind: "TRIM_HORIZON"},
		{after: startAt(at), kind: "AT_TIMESTAMP"},
		{after: "4959", kind: "AFTER_SEQUENCE_NUMBER"},
		{after: "4959", with: true, kind: "AT_SEQUENCE_NUMBER"},
		{after: latest, start: startAt(at), kind: "AT_TIMESTAMP"}, // never the tip: that is where records get lost
		{after: latest, start: trimHorizon, kind: "TRIM_HORIZON"},
		{after: atTimestamp, start: startAt(at), kind: "AT_TIMESTAMP"},
	} {
		f := &fetcher{stream: streamRef{name: "clicks"}, shard: shardID(0), start: c.start}
		f.rewind(c.with)
		in := f.position(c.after)
		if string(in.ShardIteratorType) != c.kind || (in.Timestamp != nil) != (c.kind == "AT_TIMESTAMP") ||
			in.Timestamp != nil && !in.Timestamp.Equal(at) {
			t.Errorf("%+v: got %s %v", c, in.ShardIteratorType, in.Timestamp)
		}
	}
}
