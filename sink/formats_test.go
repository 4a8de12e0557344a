package sink

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"standpipe/partition"
	"standpipe/sink/parquet"
)

// blackHole is an S3 that keeps nothing but journals, and counts.
type blackHole struct {
	memStore
	held sync.Mutex
	size int64
}

func newBlackHole() *blackHole {
	return &blackHole{memStore: memStore{uploads: map[string]*memUpload{}, objects: map[string]memObject{}}}
}

func (s *blackHole) UploadPart(ctx context.Context, u Upload, n int32, body Segments) (Part, error) {
	if u.Bucket != "journals" {
		s.held.Lock()
		s.size += body.Len()
		s.held.Unlock()
		body = Segments{[]byte("x")}
	}
	return s.memStore.UploadPart(ctx, u, n, body)
}

// accessLogs are records of pipeline C, the access log of API Gateway.
func accessLogs(n int, at func(i int) time.Time) []Record {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	records := make([]Record, n)
	for i := range records {
		records[i] = Record{Arrival: at(i), Sequence: fmt.Sprint(i), Data: fmt.Appendf(nil,
			`{"requestId": "%08x-%04x-%04x-%04x-%012x", "ip": "%d.%d.%d.%d", "user": "user-%d", "requestTime": %d, "httpMethod": "%s", "resourcePath": "/random/%s", "status": %s, "protocol": "HTTP/1.1", "responseLength": %d}`,
			r.Uint32(), r.IntN(1<<16), r.IntN(1<<16), r.IntN(1<<16), r.Uint64()>>16, r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(5000),
			1675146135164+int64(i)*3, pick("GET", "GET", "POST", "PUT"), pick("strings", "numbers", "items", "users"), pick("200", "200", "204", "404", "500"), r.IntN(3000))}
	}
	return records
}

func accessLogFormat(t testing.TB) *parquet.Format {
	t.Helper()
	columns, err := parquet.ParseColumns("requestId string, ip string, user string, requestTime timestamp, httpMethod string, resourcePath string, status int, protocol string, responseLength bigint")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := parquet.ParseSchema(columns, parquet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.NewFormat(schema, parquet.FileOptions{Held: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func fastSink(t testing.TB, out *Output, store Store, memory int64) *Sink {
	t.Helper()
	prefix := func(expr string, kind partition.Kind) *partition.Prefix {
		p, err := partition.Parse(expr, kind)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	out.Name, out.Bucket, out.Validate = "out", "lake", true
	if out.Prefix == nil {
		out.Prefix = prefix("x/!{timestamp:yyyy}/", partition.Data)
	}
	return New(context.Background(), Options{
		Application: "test", Worker: "w", Outputs: []*Output{out},
		Errors:        &Output{Name: "errors", Bucket: "lake", Prefix: prefix("errors/!{firehose:error-output-type}/", partition.Errors)},
		JournalBucket: "journals", JournalPrefix: "j/", Size: 128 << 20, Interval: time.Hour, Memory: NewMemory(memory),
		NewID: uuid.NewString, Random: uuid.NewString, Ledger: &memLedger{rows: map[string]*memRow{}, items: map[string]Item{}}, Store: store, Log: zerolog.Nop(),
	})
}

func cpuTime(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkFormats writes the same records through the whole sink in each format, from two shards: bytes of records a
// second of processor time, and what is stored of them.
func BenchmarkFormats(b *testing.B) {
	records := accessLogs(50_000, func(int) time.Time { return time.UnixMilli(1675146135164) })
	var raw int64
	for _, r := range records {
		raw += int64(len(r.Data))
	}
	for name, out := range map[string]func() *Output{
		"ndjson gzip":    func() *Output { return &Output{Compression: "gzip"} },
		"parquet snappy": func() *Output { return &Output{Parquet: accessLogFormat(b)} },
	} {
		b.Run(name, func(b *testing.B) {
			store := newBlackHole()
			s := fastSink(b, out(), store, 128<<20)
			before := cpuTime(b)
			var wg sync.WaitGroup
			for shard := range 2 {
				wg.Go(func() {
					r := s.Read(context.Background(), fmt.Sprint(shard), 1, "0")
					for i := range b.N {
						resp := Response{Records: slices.Values(records), After: fmt.Sprint(i), Through: fmt.Sprint(i + 1)}
						if err := r.Append(context.Background(), resp); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			if err := s.Stop(context.Background()); err != nil {
				b.Fatal(err)
			}
			used := cpuTime(b) - before
			total := float64(2*raw) * float64(b.N)
			b.ReportMetric(total/1e6/used.Seconds(), "MB/cpu-s")
			b.ReportMetric(total/float64(store.size), "ratio")
		})
	}
}
