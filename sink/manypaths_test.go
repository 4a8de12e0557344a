//go:build linux && !race

package sink

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// farStore is an S3 at a distance that keeps sizes only, but for journals.
type farStore struct {
	memStore
	latency  time.Duration
	requests sync.Map // *atomic.Int64 by operation
	stored   atomic.Int64
}

func newFarStore(latency time.Duration) *farStore {
	return &farStore{memStore: memStore{uploads: map[string]*memUpload{}, objects: map[string]memObject{}}, latency: latency}
}

func (s *farStore) ask(op string) {
	n, _ := s.requests.LoadOrStore(op, new(atomic.Int64))
	n.(*atomic.Int64).Add(1)
	time.Sleep(s.latency)
}

func (s *farStore) count(op string) int64 {
	n, ok := s.requests.Load(op)
	if !ok {
		return 0
	}
	return n.(*atomic.Int64).Load()
}

func (s *farStore) Create(ctx context.Context, bucket, key, batch string, form Form) (string, error) {
	s.ask("create")
	if bucket != "journals" {
		return "id", ctx.Err()
	}
	return s.memStore.Create(ctx, bucket, key, batch, form)
}

func (s *farStore) UploadPart(ctx context.Context, u Upload, n int32, body Segments) (Part, error) {
	s.ask("part")
	if u.Bucket != "journals" {
		s.stored.Add(body.Len())
		return Part{Number: n, ETag: `"0123456789abcdef0123456789abcdef"`, CRC32: body.CRC32(), Size: body.Len()}, ctx.Err()
	}
	return s.memStore.UploadPart(ctx, u, n, body)
}

func (s *farStore) Complete(ctx context.Context, u Upload) error {
	s.ask("complete")
	if u.Bucket != "journals" {
		return ctx.Err()
	}
	return s.memStore.Complete(ctx, u)
}

// resident is the most memory that this process has had resident, in MiB.
func resident(t testing.TB) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	kb, _ := strconv.ParseInt(string(regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)[1]), 10, 64)
	return kb >> 10
}

// crowd is a load of records spread over paths at random.
type crowd struct {
	paths, records, shards int
	memory                 int64
	latency                time.Duration
	parquet                bool
}

// run gives what it took, and the largest figures seen meanwhile.
func (c crowd) run(t testing.TB) (s *Sink, store *farStore, took time.Duration, most struct{ used, goroutines int64 }) {
	t.Helper()
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(c.memory + 40<<20)) // as the program does
	out := &Output{Prefix: keyedPrefix(t, "by/customer_id=!{partitionKeyFromQuery:customer}/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"), Compression: "gzip"}
	if c.parquet {
		out.Parquet = accessLogFormat(t)
	}
	store = newFarStore(c.latency)
	s = fastSink(t, out, store, c.memory)
	stop := make(chan struct{})
	var watch, work sync.WaitGroup
	watch.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
			most.used = max(most.used, s.memory.Used())
			most.goroutines = max(most.goroutines, int64(runtime.NumGoroutine()))
		}
	})
	base := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	logs := accessLogs(1000, func(int) time.Time { return base })
	begin := time.Now()
	for shard := range c.shards {
		work.Go(func() {
			r := s.Read(context.Background(), fmt.Sprint("shard-", shard), 1, "0")
			defer r.Close()
			random := rand.New(rand.NewPCG(1, uint64(shard)))
			for i := range c.records / c.shards / len(logs) {
				n, err := s.memory.Acquire(context.Background(), 1000*300)
				if err == nil {
					err = r.Append(context.Background(), Response{Records: c.spread(logs, random), After: fmt.Sprint(i), Through: fmt.Sprint(i + 1)})
				}
				s.memory.Add(-n)
				if err != nil {
					t.Error(err)
					return
				}
			}
			if err := r.Drain(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if err := s.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	took = time.Since(begin)
	close(stop)
	watch.Wait()
	return s, store, took, most
}

func (c crowd) spread(logs []Record, random *rand.Rand) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		for _, rec := range logs {
			rec.Keys = []KeyValue{{customer, "customer-" + strconv.Itoa(random.IntN(c.paths))}}
			if !yield(rec) {
				return
			}
		}
	}
}

// TestTenThousandOpenPaths holds the process to 512 MiB while records are spread over 10,000 paths at random.
func TestTenThousandOpenPaths(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // the most begins anew
		t.Skip(err)
	}
	c := crowd{paths: 10_000, records: 400_000, shards: 8, memory: 128 << 20, latency: time.Millisecond}
	s, store, took, most := c.run(t)
	t.Logf("%d records in %v; %v objects, %v of them closed early; %d MiB resident, %d counted; %d goroutines", c.records, took.Round(time.Millisecond),
		store.count("complete"), testutil.ToFloat64(s.metrics.closedEarly), resident(t), most.used>>20, most.goroutines)
	if mb := resident(t); mb > 512 {
		t.Errorf("%d MiB resident", mb)
	}
	if n := store.count("complete"); n < 10_000 || n != store.count("create") {
		t.Errorf("%d uploads were completed of %d", n, store.count("create"))
	}
	if most.goroutines > 400 {
		t.Errorf("%d goroutines", most.goroutines)
	}
	if used := s.memory.Used(); used != 0 {
		t.Errorf("%d bytes are counted for ever", used)
	}
}

// TestWhatAnOpenPathTakes holds what is counted for an object to what it takes.
func TestWhatAnOpenPathTakes(t *testing.T) {
	const paths = 20_000
	out := &Output{Prefix: keyedPrefix(t, "by/customer_id=!{partitionKeyFromQuery:customer}/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"), Compression: "gzip"}
	s := fastSink(t, out, newFarStore(0), 1<<30)
	r := s.Read(t.Context(), "a", 1, "0")
	rec := accessLogs(1, func(int) time.Time { return time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC) })[0]
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := r.Append(t.Context(), Response{After: "0", Through: "1", Records: func(yield func(Record) bool) {
		for i := range paths {
			rec.Keys = []KeyValue{{customer, "customer-" + strconv.Itoa(i)}}
			if !yield(rec) {
				return
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	taken, counted := int64(after.HeapAlloc)-int64(before.HeapAlloc), s.memory.Used()
	t.Logf("an open path with one record of %d bytes: %d bytes are taken, %d counted", len(rec.Data), taken/paths, counted/paths)
	if n := len(s.lanes[0].open.objects); n != paths {
		t.Errorf("%d open objects", n)
	}
	if counted < taken*9/10 {
		t.Errorf("%d bytes are counted of %d taken", counted, taken)
	}
	r.Close()
	if err := s.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}
