//go:build unix

package outages

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"standpipe/internal/kinesisfake"
)

const (
	name        = "clicks" // of the stream
	firstShards = 6
	leastShards = 6
	mostShards  = 9
	rubbishEach = 100 // one record in so many is no JSON
)

// source puts records into the stream at an even pace, outages or not, and knows what was put.
type source struct {
	kinesis *kinesisfake.Server
	rng     *rand.Rand // guarded by mu

	mu   sync.Mutex
	sums []uint32 // of each record's line, by its number
}

// put puts one record of about size bytes and remembers it. Nobody sees one without the other.
func (s *source) put(size int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := len(s.sums)
	line := s.line(id, size)
	if _, _, err := s.kinesis.Put(name, fmt.Sprint("key-", s.rng.Uint64()), line); err != nil {
		return err
	}
	s.sums = append(s.sums, crc32.ChecksumIEEE(line))
	return nil
}

// line makes a record that does not compress to nothing.
func (s *source) line(id, size int) []byte {
	var fill []byte
	for len(fill) < size/2 {
		fill = binary.BigEndian.AppendUint64(fill, s.rng.Uint64())
	}
	if rubbish(id) {
		return fmt.Appendf(nil, "no JSON, id %d, %x", id, fill)
	}
	return fmt.Appendf(nil, `{"id":%d,"path":"\/items\/%[1]d","fill":"%x"}`, id, fill)
}

func rubbish(id int) bool { return id%rubbishEach == rubbishEach-1 }

// count is how many records were put so far.
func (s *source) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sums)
}

// is says whether line is what record id must look like.
func (s *source) is(id int, line []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return id >= 0 && id < len(s.sums) && s.sums[id] == crc32.ChecksumIEEE(line)
}

// run puts so many records a second until ctx ends.
func (s *source) run(ctx context.Context, rate int) error {
	began, tick := time.Now(), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for done := 0; ; {
		for due := int(time.Since(began).Seconds() * float64(rate)); done < due; done++ {
			if err := s.put(300); err != nil {
				return err
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// reshard splits and merges now and then until ctx ends.
func (s *source) reshard(ctx context.Context, every time.Duration, rng *rand.Rand, say func(format string, args ...any)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		if err := s.change(rng, say); err != nil {
			return err
		}
	}
}

// change splits a shard or merges two.
func (s *source) change(rng *rand.Rand, say func(format string, args ...any)) error {
	all, err := s.kinesis.Shards(name)
	if err != nil {
		return err
	}
	var open []kinesisfake.Shard
	for _, shard := range all {
		if shard.End == "" {
			open = append(open, shard)
		}
	}
	if len(open) == leastShards || len(open) < mostShards && rng.IntN(2) == 0 {
		widest := slices.MaxFunc(open, func(a, b kinesisfake.Shard) int { return cmp.Compare(width(a), width(b)) })
		left, right, err := s.kinesis.Split(name, widest.ID)
		say("split: %s into %s and %s", short(widest.ID), short(left), short(right))
		return err
	}
	at := rng.IntN(len(open))
	for i := range open {
		a := open[(at+i)%len(open)]
		for _, b := range open {
			if child, err := s.kinesis.Merge(name, a.ID, b.ID); err == nil {
				say("merge: %s and %s into %s", short(a.ID), short(b.ID), short(child))
				return nil
			}
		}
	}
	return fmt.Errorf("merge: no two of %d open shards lie side by side", len(open))
}

// width is how much of the keys a shard takes.
func width(shard kinesisfake.Shard) float64 {
	low, _ := strconv.ParseFloat(shard.StartingHash, 64)
	high, _ := strconv.ParseFloat(shard.EndingHash, 64)
	return high - low
}

// short is shard-4 for shardId-000000000004.
func short(shard string) string {
	n, err := strconv.Atoi(strings.TrimPrefix(shard, "shardId-"))
	if err != nil {
		return shard
	}
	return fmt.Sprint("shard-", n)
}

// kinesisServer is the fake's listener, which can go away while the fake keeps what it holds.
type kinesisServer struct {
	handler http.Handler
	t       testing.TB

	mu      sync.Mutex
	address string
	server  *http.Server
	wg      sync.WaitGroup
}

func serveKinesis(t testing.TB, h http.Handler) *kinesisServer {
	k := &kinesisServer{handler: h, t: t}
	k.start()
	t.Cleanup(k.stop)
	return k
}

func (k *kinesisServer) start() {
	k.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		k.t.Fatal(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.address = ln.Addr().String()
	k.server = &http.Server{Handler: k.handler, ReadHeaderTimeout: time.Minute}
	server := k.server
	k.wg.Go(func() { _ = server.Serve(ln) })
}

// stop closes the listener and every connection.
func (k *kinesisServer) stop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	_ = k.server.Close()
	k.wg.Wait()
}

func (k *kinesisServer) at() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.address
}
