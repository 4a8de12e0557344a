package consumer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
	"standpipe/internal/kinesisfake"
)

// An answer that has lost its members looks like the end of a shard. To believe one loses what the shard still gets.
func TestFetchDoubtsAnEndWithoutChildren(t *testing.T) {
	for name, c := range map[string]struct {
		body   string
		times  int // that the answer comes
		closed bool
		ends   bool // before the records that are there
	}{
		"an open shard":            {`{}`, 5, false, false},
		"an open shard, forever":   {`{}`, 1 << 30, false, false},
		"empty":                    {`{"Records":[],"MillisBehindLatest":0}`, 2, false, false},
		"with records":             {`{"Records":[{"Data":"eA==","SequenceNumber":"1"}]}`, 3, false, false},
		"a closed shard, once":     {`{}`, 1, true, false},
		"a closed shard, for good": {`{}`, 1 << 30, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv, _ := newStream(t, 1, kinesisfake.Options{})
				putRecords(t, srv, 3, 10)
				srv.Control("GetRecords", func(call faults.Call, _ func()) error {
					if call.Occurrence <= c.times {
						return &faults.Error{Status: 200, Body: []byte(c.body)}
					}
					return nil
				})
				f, seen := newFetcher(t, srv, 64<<20)
				f.closed = func() bool { return c.closed }
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
				defer cancel()
				a, err := f.fetch(ctx, trimHorizon)
				switch n := len(seen.of("GetRecords")); {
				case !c.ends && c.times > 5:
					if !errors.Is(err, context.DeadlineExceeded) || n > 30 {
						t.Fatalf("%v after %d attempts", err, n)
					}
					return
				case err != nil:
					t.Fatal(err)
				case a.end != c.ends, !c.ends && len(a.records) != 3, c.ends && n != 2:
					t.Errorf("answer is %+v after %d attempts", a, n)
				}
				f.release(a)
				if used := f.memory.Used(); used != 0 {
					t.Errorf("%d bytes are not given back", used)
				}
			})
		})
	}
}

// Two doubtful answers make an end only one behind the other.
func TestDoubtIsForgotten(t *testing.T) {
	f := &fetcher{closed: func() bool { return true }}
	end, more := &response{}, &response{HasNext: true}
	for i, c := range []struct {
		out   *response
		doubt bool
	}{{end, true}, {more, false}, {end, true}, {end, false}, {&response{Children: []string{"c"}}, false}} {
		if err := f.doubtEnd(c.out); (err != nil) != c.doubt {
			t.Errorf("answer %d: %v", i, err)
		}
	}
}

// While the stream can not be listed, or its listing is old, an end without children waits; then it is believed.
func TestDoubtedEndWaitsForTheListing(t *testing.T) {
	listed := false
	f := &fetcher{closed: func() bool { return listed }}
	for range 5 {
		if f.doubtEnd(&response{}) == nil {
			t.Fatal("an end is believed that no listing confirms")
		}
	}
	listed = true
	if err := f.doubtEnd(&response{}); err != nil {
		t.Error(err)
	}
}
