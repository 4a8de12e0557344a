//go:build unix

package outages

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"standpipe/internal/kinesisfake"
	"standpipe/internal/process"
	"standpipe/internal/realservers"
)

const (
	failover = 3 * time.Second
	interval = time.Second
	members  = 3 // workers

	budget        = 32 << 20 // buffer.memory
	residentLimit = 160 << 20
	mostStretch   = 4
)

const settings = `stream:  {name: clicks, region: us-east-1, poll_interval: 250ms}
leases:  {application: clicks, failover: 3s}
buffer:  {interval: 1s, size: 8MiB, memory: 32MiB}
outputs:
  - {name: raw, bucket: lake, prefix: "raw/!{timestamp:yyyy/MM/dd/HH}/"}
  - {name: copy, bucket: lake, prefix: "copy/!{timestamp:yyyy/MM/dd/HH/mm}/", compression: zstd}
errors:  {prefix: "errors/!{firehose:error-output-type}/"}
s3:      {path_style: true}
server:  {listen: "127.0.0.1:0"}
`

// world is a stream with load on it, the servers, and the workers.
type world struct {
	*testing.T
	plan
	seed  uint64
	rng   *rand.Rand // decides about outages; for the test's goroutine
	began time.Time

	truth  *source
	stream *kinesisServer
	tables *realservers.Own
	store  *realservers.Own
	at     struct{ tables, store atomic.Pointer[string] } // host:port, nil while it is gone
	reader *reader
	dynamo *dynamodb.Client

	program, config string
	env             []string
	trap            atomic.Pointer[ambush]
	prey            *worker // that the trap has caught; to be read once it has sprung

	mu      sync.Mutex
	workers []*worker // all that ever ran
}

func newWorld(t *testing.T, p plan) *world {
	t.Helper()
	seed := rand.Uint64N(1_000_000) + 1
	if text := os.Getenv("OUTAGES_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("OUTAGES_SEED: %v", err)
		}
	}
	w := &world{T: t, plan: p, seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), tables: realservers.OwnDynamoDB(t), store: realservers.OwnS3(t)}
	fake := kinesisfake.New(kinesisfake.Options{Limits: &kinesisfake.Limits{Read: true}})
	w.truth = &source{kinesis: fake, rng: rand.New(rand.NewPCG(seed, 2))}
	w.must(fake.CreateStream(name, firstShards))
	w.stream = serveKinesis(t, fake)
	w.point()

	dir := t.TempDir()
	w.program, w.config = process.Build(t, dir), filepath.Join(dir, "standpipe.yaml")
	w.must(os.WriteFile(w.config, []byte(settings), 0o600))
	w.env = process.Environment("AWS_ACCESS_KEY_ID="+w.store.AccessKey, "AWS_SECRET_ACCESS_KEY="+w.store.SecretKey, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)

	dynamoConfig, s3Config := w.tables.Config(), w.store.Config()
	dynamoURL, s3URL := newLink(t, w.tablesAt, seed).url(), newLink(t, w.storeAt, seed).url()
	dynamoConfig.BaseEndpoint, s3Config.BaseEndpoint = &dynamoURL, &s3URL
	w.dynamo = dynamodb.NewFromConfig(dynamoConfig)
	client := s3.NewFromConfig(s3Config, func(o *s3.Options) { o.UsePathStyle = true })
	bucket := lake
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket})
	w.must(err)
	w.reader = newReader(client, w.truth)
	t.Cleanup(w.close)
	w.began = time.Now()
	w.say("seed %d (OUTAGES_SEED repeats the choices, not the timing)", seed)
	return w
}

// point leads the cables to where the servers are now.
func (w *world) point() {
	tables, store := host(w.tables.Endpoint), host(w.store.Endpoint)
	w.at.tables.Store(&tables)
	w.at.store.Store(&store)
}

func (w *world) tablesAt() string { return where(&w.at.tables) }
func (w *world) storeAt() string  { return where(&w.at.store) }

// where gives an address, "" while there is none, which no dial accepts.
func where(p *atomic.Pointer[string]) string {
	if at := p.Load(); at != nil {
		return *at
	}
	return ""
}

// say prints what happens, with the time since the beginning.
func (w *world) say(format string, args ...any) {
	fmt.Printf("%6.1f s  %s\n", time.Since(w.began).Seconds(), fmt.Sprintf(format, args...))
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// start runs one more worker.
func (w *world) start() *worker {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	seed := w.seed + uint64(len(w.workers))
	cables := [...]*link{newLink(w, w.stream.at, seed), newLink(w, w.tablesAt, seed), newLink(w, w.storeAt, seed)}
	k, err := launch(w.program, w.config, fmt.Sprintf("worker-%d", len(w.workers)+1), w.env, cables[0], cables[1], cables[2])
	w.must(err)
	k.s3.watch(func() *ambush {
		a := w.trap.Swap(nil)
		if a != nil {
			w.prey = k
		}
		return a
	})
	w.workers = append(w.workers, k)
	return k
}

// running are the workers that have not been told to end.
func (w *world) running() []*worker {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.workers), func(k *worker) bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.told
	})
}

// pick draws a running worker.
func (w *world) pick() *worker {
	all := w.running()
	return all[w.rng.IntN(len(all))]
}

// watch samples the workers' health and memory until ctx ends.
func (w *world) watch(ctx context.Context) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		for _, k := range w.running() {
			k.observe(ctx)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// alive ends the test when a worker has ended by itself.
func (w *world) alive() {
	w.Helper()
	for _, k := range w.running() {
		w.must(k.crashed())
	}
}

// stretched is a limit for a machine whose processors have others' work to do besides: the limits are for one that is
// this test's own, and a worker that waits seconds for a processor is rightly taken for dead. It takes twice as many
// runnable processes as processors to stretch it.
func (w *world) stretched(limit time.Duration) time.Duration {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return limit // not Linux
	}
	var load float64
	if _, err := fmt.Sscan(string(text), &load); err != nil {
		return limit
	}
	by := min(load/float64(2*runtime.NumCPU()), mostStretch)
	if by <= 1 {
		return limit
	}
	w.say("the machine's load is %.1f: %v becomes %v", load, limit, time.Duration(by*float64(limit)).Round(time.Second))
	return time.Duration(by * float64(limit))
}

// eventually looks again until a check has no objection, and says how long that took.
func (w *world) eventually(what string, limit time.Duration, check func() string) time.Duration {
	w.Helper()
	began, tick := time.Now(), time.NewTicker(250*time.Millisecond)
	defer tick.Stop()
	for {
		objection := check()
		if objection == "" {
			return time.Since(began)
		}
		w.alive()
		if time.Since(began) > limit {
			w.Fatalf("%s: not within %v: %s", what, limit, objection)
		}
		<-tick.C
	}
}

// allReady says which worker is not, and why.
func (w *world) allReady() string {
	for _, k := range w.running() {
		if why := k.ready(w.Context()); why != "" {
			return k.name + ": " + why
		}
	}
	return ""
}

// delivered objects while a record with a number below end is not in the bucket. It ends the test when something is
// there twice.
func (w *world) delivered(end int) string {
	if err := w.reader.look(w.Context()); err != nil {
		return err.Error()
	}
	if faults := w.reader.faults(); faults != "" {
		w.Fatal(faults)
	}
	if n, example := w.reader.missing(end); n > 0 {
		return fmt.Sprintf("%d records are not there, of %d:%s", n, end, example)
	}
	return ""
}

// close kills what still runs. After a failure it shows the end of each log and keeps them all.
func (w *world) close() {
	kept := ""
	if w.Failed() {
		var err error
		if kept, err = os.MkdirTemp("", "standpipe-outages-"); err != nil {
			w.Log(err)
		}
		w.Logf("seed %d; the workers' logs are in %s", w.seed, kept)
	}
	for _, k := range w.workers {
		told := k.tell()
		if kept != "" {
			text, _ := os.ReadFile(k.Log())
			if err := os.WriteFile(filepath.Join(kept, k.name+".log"), text, 0o600); err != nil {
				w.Log(err)
			}
			if !told {
				w.Logf("%s logged at its end:\n%s", k.name, text[max(0, len(text)-1500):])
			}
		}
		k.End()
	}
}
