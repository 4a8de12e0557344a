package kinesisfake_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"standpipe/internal/kinesisfake"
)

// clock stands still until it is advanced.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

const stream = "clicks"

// serverAt is a server on a clock, with one stream.
func serverAt(t *testing.T, c *clock, shards int, opts kinesisfake.Options) (*kinesisfake.Server, *kinesis.Client) {
	t.Helper()
	opts.Now = c.Now
	s := kinesisfake.New(opts)
	if err := s.CreateStream(stream, shards); err != nil {
		t.Fatal(err)
	}
	return s, inProcess(s)
}

func put(t *testing.T, s *kinesisfake.Server, key, data string) (shard, seq string) {
	t.Helper()
	shard, seq, err := s.Put(stream, key, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return shard, seq
}

func ptr[T any](v T) *T { return &v }

func iterator(t *testing.T, c *kinesis.Client, shard string, kind types.ShardIteratorType, seq string) *string {
	t.Helper()
	in := &kinesis.GetShardIteratorInput{StreamName: ptr(stream), ShardId: &shard, ShardIteratorType: kind}
	if seq != "" {
		in.StartingSequenceNumber = &seq
	}
	out, err := c.GetShardIterator(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out.ShardIterator
}

func get(t *testing.T, c *kinesis.Client, it *string) *kinesis.GetRecordsOutput {
	t.Helper()
	out, err := c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func texts(out *kinesis.GetRecordsOutput) string {
	var all string
	for _, r := range out.Records {
		all += string(r.Data) + " "
	}
	return all
}

// refused checks that err is a typed error of the SDK.
func refused[T error](t *testing.T, what string, err error) {
	t.Helper()
	var want T
	if !errors.As(err, &want) {
		t.Errorf("%s: %v, want %T", what, err, want)
	}
}
