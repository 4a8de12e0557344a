package sink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/partition"
)

// keyedBench is a bench whose output has a path for each customer.
func keyedBench(t *testing.T, set func(*Options), test func(*testing.T, *bench)) {
	onBench(t, func(o *Options) {
		o.Outputs[0].Prefix = keyedPrefix(t, "by/!{partitionKeyFromQuery:customer}/")
		o.Size = 1 << 20
		if set != nil {
			set(o)
		}
	}, test)
}

// answer has a record for each customer, in this order.
func (b *bench) answer(r *Reading, customers ...string) Response {
	from := b.next[r]
	b.next[r]++
	var records []Record
	for i, c := range customers {
		records = append(records, Record{Data: fmt.Appendf(nil, `{"c":%q,"n":%d}`, c, i), Arrival: time.Date(2026, 1, 31, 7, 0, 0, 0, time.UTC),
			Sequence: fmt.Sprint(from + 1), SubSequence: i, Keys: []KeyValue{{customer, c}}})
	}
	return Response{Records: slices.Values(records), After: fmt.Sprint(from), Through: fmt.Sprint(from + 1)}
}

func (b *bench) give(r *Reading, customers ...string) {
	b.t.Helper()
	if err := r.Append(b.t.Context(), b.answer(r, customers...)); err != nil {
		b.t.Fatal(err)
	}
}

// numbered are so many customers.
func numbered(n int) (all []string) {
	for i := range n {
		all = append(all, "c"+strconv.Itoa(i))
	}
	return all
}

// exceeded are the error records of the limit of open paths.
func (b *bench) exceeded() (messages []string) {
	b.t.Helper()
	for line := range strings.Lines(b.folders()["errors/activePartitionExceeded/"]) {
		var e struct{ ErrorCode, ErrorMessage, Output, RawData string }
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.ErrorCode != "DynamicPartitioning.ActivePartitionsLimitExceeded" || e.Output != "raw" || e.RawData == "" {
			b.t.Errorf("%v: %s", err, line)
		}
		messages = append(messages, e.ErrorMessage)
	}
	return messages
}

// Beyond max_open_paths records of further paths are error records, as Firehose's are beyond its active partitions. A path
// is open until its batch is cut, also when its object was closed early.
func TestFurtherPathsAreErrorRecords(t *testing.T) {
	keyedBench(t, func(o *Options) { o.Outputs[0].MaxOpenPaths = 3 }, func(t *testing.T, b *bench) {
		r, other := b.read("a"), b.read("b")
		b.give(r, "x", "y", "x")
		for _, o := range r.lane.open.all {
			r.lane.closeNow(o)
		}
		synctest.Wait()
		b.give(other, "z", "w", "w", "y")
		time.Sleep(time.Minute) // the interval
		synctest.Wait()
		b.wantCauses(CauseInterval)
		b.give(r, "w", "v", "u")
		b.stop()
		found := b.folders()
		if got, want := slices.Sorted(maps.Keys(found)), []string{"by/u/", "by/v/", "by/w/", "by/x/", "by/y/", "by/z/", "errors/activePartitionExceeded/"}; !slices.Equal(got, want) {
			t.Errorf("paths %q, want %q", got, want)
		}
		want := "the record belongs under a further path, and the 3 that outputs[].max_open_paths allows are open"
		if got := b.exceeded(); !slices.Equal(got, []string{want, want}) {
			t.Errorf("error records %q", got)
		}
		if n := strings.Count(found["by/y/"], "\n"); n != 2 {
			t.Errorf("%d records of y", n)
		}
	})
}

// One answer can bring more paths than there is memory for; between answers the batch is cut.
func TestAnAnswerOfTooManyPaths(t *testing.T) {
	keyedBench(t, func(o *Options) { o.Memory = NewMemory(256 << 10) }, func(t *testing.T, b *bench) {
		r := b.read("a")
		b.give(r, numbered(500)...)
		b.stop()
		delivered := 0
		for path, lines := range b.folders() {
			if strings.HasPrefix(path, "by/") {
				delivered += strings.Count(lines, "\n")
			}
		}
		if failed := len(b.exceeded()); delivered+failed != 500 || delivered < 100 || failed < 100 {
			t.Errorf("%d delivered, %d failed", delivered, failed)
		}
	})
}

// However many paths an answer has, a reading stages a bounded part of it, which the budget counts.
func TestWhatIsStagedIsBounded(t *testing.T) {
	keyedBench(t, nil, func(t *testing.T, b *bench) {
		r := b.read("a")
		resp := b.answer(r, numbered(5000)...)
		records := slices.Collect(resp.Records)
		most := int64(0)
		resp.Records = func(yield func(Record) bool) {
			for _, rec := range records {
				if !yield(rec) {
					return
				}
				if most = max(most, r.counted); len(r.staged) > maxStagedPaths || r.stagedBytes > maxStaged+chunkSize {
					t.Fatalf("%d paths and %d bytes are staged", len(r.staged), r.stagedBytes)
				}
			}
		}
		if err := r.Append(t.Context(), resp); err != nil {
			t.Fatal(err)
		}
		if most < 100<<10 || len(r.staged) != 0 || r.counted != 0 {
			t.Errorf("%d bytes were counted at most; %d paths, %d bytes are left", most, len(r.staged), r.counted)
		}
		b.stop()
		if n := len(b.folders()); n != 5000 {
			t.Errorf("%d paths", n)
		}
	})
}

// Thousands of objects are closed and completed by some goroutines, not by as many, while S3 says SlowDown to each request
// once.
func TestManyObjectsOfABatch(t *testing.T) {
	keyedBench(t, nil, func(t *testing.T, b *bench) {
		var mu sync.Mutex
		slowed, now, most := map[string]bool{}, map[string]int{}, map[string]int{}
		b.store.hook = func(_ context.Context, op, key string) error {
			mu.Lock()
			now[op]++
			most[op] = max(most[op], now[op])
			first := !slowed[op+key]
			slowed[op+key] = true
			mu.Unlock()
			time.Sleep(10 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			now[op]--
			if first {
				return errors.New("SlowDown")
			}
			return nil
		}
		r := b.read("a")
		b.give(r, numbered(2000)...)
		b.give(r, numbered(2000)...)
		b.stop()
		for _, op := range []string{"create", "part", "complete"} {
			if most[op] < smallRequests/8 || most[op] > smallRequests+1 {
				t.Errorf("%d requests of %s at once", most[op], op)
			}
		}
		found := b.folders()
		for path, lines := range found {
			if strings.Count(lines, "\n") != 2 {
				t.Errorf("%s holds %q", path, lines)
			}
		}
		if len(found) != 2000 {
			t.Errorf("%d paths", len(found))
		}
	})
}

// A journal is read whole, so a batch is cut before it lists too much.
func TestALongJournalCutsTheBatch(t *testing.T) {
	keyedBench(t, nil, func(t *testing.T, b *bench) {
		r := b.read("a")
		b.give(r, "a")
		l := r.lane
		l.mu.Lock()
		if n := l.open.listed; n < 200 || n > 1000 {
			t.Errorf("an object is reckoned with %d bytes of the journal", n)
		}
		l.open.listed = maxListed
		l.mu.Unlock()
		b.give(r, "b")
		b.wantCauses(CauseMemory)
		b.stop()
	})
}

// A dropped batch of many objects has all its uploads aborted, as long as S3 answers.
func TestManyUploadsAreAborted(t *testing.T) {
	keyedBench(t, nil, func(t *testing.T, b *bench) {
		r := b.read("a")
		b.give(r, numbered(3000)...)
		b.store.hook = func(ctx context.Context, op, key string) error {
			if op == "abort" {
				time.Sleep(100 * time.Millisecond)
			}
			return nil
		}
		l := r.lane
		for _, o := range l.open.all {
			l.closeNow(o)
		}
		synctest.Wait()
		r.Lost()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		b.wantNoUploads()
		b.stop()
	})
}

// A record of the path of the one before costs no allocation.
func TestRepeatedKeysOfRecordsDoNotAllocate(t *testing.T) {
	out := &Output{Prefix: keyedPrefix(t, "by/customer=!{partitionKeyFromQuery:customer}/z=!{partitionKeyFromLambda:zone}/!{timestamp:yyyy/MM/dd/HH}/", partition.HiveValues(), partition.NamesOf(100))}
	s := fastSink(t, out, newBlackHole(), 1<<30)
	r := s.Read(t.Context(), "a", 1, "0")
	rec := &Record{Arrival: time.Date(2026, 1, 31, 7, 0, 0, 0, time.UTC), Keys: []KeyValue{{zoneKey, "1/2"}, {customer, "acme"}}}
	if n := testing.AllocsPerRun(900, func() {
		if _, bad := r.key(0, rec, s); bad != nil {
			t.Fatal(bad)
		}
	}); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
	r.Close()
	if err := s.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}
