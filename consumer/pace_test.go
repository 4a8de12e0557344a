package consumer

import (
	"testing"
	"testing/synctest"

	"standpipe/internal/faults"
	"standpipe/internal/kinesisfake"
)

// Far behind, with large answers, the pace is that of the bytes (10 MB: 5 s), not the poll interval: calls
// in between are refused by Kinesis.
func TestFetchPaceOfLargeAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := newStream(t, 1, kinesisfake.Options{})
		putRecords(t, srv, 40, 1<<20)
		f, seen := newFetcher(t, srv, 64<<20)
		for n, at := 0, trimHorizon; n < 40; {
			var a *answer
			a, at = f.mustFetch(t, at)
			n += len(a.records)
			f.release(a)
		}
		if n := len(seen.of("GetRecords")); n > 6 {
			t.Errorf("%d calls for five answers", n)
		}
	})
}

// Also while every iterator turns out to be expired there are no more than 5 calls a second a shard.
func TestFetchPaceWhileIteratorsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := newStream(t, 1, kinesisfake.Options{})
		putRecords(t, srv, 1, 10)
		f, seen := newFetcher(t, srv, 64<<20)
		srv.Control("GetRecords", func(c faults.Call, _ func()) error {
			if c.Occurrence < 30 {
				return &faults.Error{Status: 400, Code: "ExpiredIteratorException", Message: "Iterator expired."}
			}
			return nil
		})
		a, _ := f.mustFetch(t, trimHorizon)
		f.release(a)
		for _, op := range []string{"GetRecords", "GetShardIterator"} {
			if m := seen.most(op); m > 5 {
				t.Errorf("%d calls of %s in a second", m, op)
			}
		}
	})
}
