package kinesistest

import (
	"cmp"
	"context"
	"math/big"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// Env is a server and a stream of its own for one test: provisioned, ACTIVE, empty, with two open shards.
// Whoever makes it removes it at the test's end.
type Env struct {
	Client *kinesis.Client
	Stream string
	// LargeRecords says that the stream takes records of 10 MiB; otherwise the most is 1 MiB.
	LargeRecords bool
	// Lenient says that the server does not refuse forged iterators and other shards' sequence numbers as AWS does:
	// kinesis-local answers 500 to the former and takes the latter.
	Lenient bool
	// Pause lies between polls, so that a server's limits are kept. 0: 250 ms, within 5 calls a second.
	Pause time.Duration
	// Patience is how long a test waits for a change to show. 0: 30 s.
	Patience time.Duration
}

// Run walks the contract; newStream gives each test its own stream.
func Run(t *testing.T, newStream func(t *testing.T) Env) {
	for _, c := range contract {
		t.Run(c.name, func(t *testing.T) {
			e := newStream(t)
			e.Pause = cmp.Or(e.Pause, 250*time.Millisecond)
			ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(e.Patience, 30*time.Second))
			defer cancel()
			c.test(&run{T: t, Env: e, ctx: ctx})
		})
	}
}

var contract = []struct {
	name string
	test func(*run)
}{
	{"RecordsOfAShardStayInOrder", recordsOfAShardStayInOrder},
	{"PutRecordsAnswersInTheOrderOfTheRequest", putRecordsAnswersInOrder},
	{"ExplicitHashKeyChoosesTheShard", explicitHashKeyChoosesTheShard},
	{"KeysAndDataComeBackAsTheyWere", keysAndDataComeBackAsTheyWere},
	{"LimitPagesWithoutGap", limitPagesWithoutGap},
	{"IteratorBySequenceNumber", iteratorBySequenceNumber},
	{"IteratorLatestSeesOnlyWhatComesLater", iteratorLatest},
	{"IteratorByTimestamp", iteratorByTimestamp},
	{"ArrivalIsServerTimeInMilliseconds", arrivalIsServerTime},
	{"CaughtUpReaderIsZeroBehind", caughtUpReaderIsZeroBehind},
	{"SplitMakesTwoChildren", splitMakesTwoChildren},
	{"MergeMakesOneChild", mergeMakesOneChild},
	{"ClosedShardEndsAndNamesItsChildren", closedShardEnds},
	{"ListShardsPages", listShardsPages},
	{"StreamIsFoundByARN", streamIsFoundByARN},
	{"LargeRecords", largeRecords},
	{"UnknownNamesAreTypedErrors", unknownNamesAreTypedErrors},
	{"BadArgumentsAreTypedErrors", badArgumentsAreTypedErrors},
}

// run is one test of the contract.
type run struct {
	*testing.T
	Env
	ctx context.Context
}

// pause waits between polls and fails the test when its time is up.
func (r *run) pause() {
	r.Helper()
	timer := time.NewTimer(r.Pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.ctx.Done():
		r.Fatal("out of time:", r.ctx.Err())
	}
}

// must fails the test on an error.
func must[T any](r *run) func(T, error) T {
	r.Helper()
	return func(v T, err error) T {
		r.Helper()
		if err != nil {
			r.Fatal(err)
		}
		return v
	}
}

func (r *run) put(key string, data []byte) *kinesis.PutRecordOutput {
	r.Helper()
	return must[*kinesis.PutRecordOutput](r)(r.Client.PutRecord(r.ctx, &kinesis.PutRecordInput{
		StreamName: &r.Stream, PartitionKey: &key, Data: data,
	}))
}

func (r *run) shards() []types.Shard {
	r.Helper()
	var shards []types.Shard
	in := &kinesis.ListShardsInput{StreamName: &r.Stream}
	for {
		out := must[*kinesis.ListShardsOutput](r)(r.Client.ListShards(r.ctx, in))
		shards = append(shards, out.Shards...)
		if out.NextToken == nil {
			return shards
		}
		in = &kinesis.ListShardsInput{NextToken: out.NextToken}
	}
}

// resharded waits until the stream is ACTIVE and has n shards, open and closed.
func (r *run) resharded(n int) map[string]types.Shard {
	r.Helper()
	for {
		out := must[*kinesis.DescribeStreamSummaryOutput](r)(r.Client.DescribeStreamSummary(r.ctx,
			&kinesis.DescribeStreamSummaryInput{StreamName: &r.Stream}))
		if out.StreamDescriptionSummary.StreamStatus == types.StreamStatusActive {
			if shards := r.shards(); len(shards) == n {
				byID := map[string]types.Shard{}
				for _, sh := range shards {
					byID[*sh.ShardId] = sh
				}
				return byID
			}
		}
		r.pause()
	}
}

func (r *run) iterator(in kinesis.GetShardIteratorInput) *string {
	r.Helper()
	in.StreamName = &r.Stream
	return must[*kinesis.GetShardIteratorOutput](r)(r.Client.GetShardIterator(r.ctx, &in)).ShardIterator
}

func (r *run) horizon(shard string) *string {
	r.Helper()
	return r.iterator(kinesis.GetShardIteratorInput{ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
}

func (r *run) get(iterator *string, limit int32) *kinesis.GetRecordsOutput {
	r.Helper()
	in := &kinesis.GetRecordsInput{ShardIterator: iterator}
	if limit > 0 {
		in.Limit = aws.Int32(limit)
	}
	return must[*kinesis.GetRecordsOutput](r)(r.Client.GetRecords(r.ctx, in))
}

// read polls until it has n records, and gives them with the answer that brought the last.
func (r *run) read(iterator *string, n int) ([]types.Record, *kinesis.GetRecordsOutput) {
	r.Helper()
	var records []types.Record
	for {
		out := r.get(iterator, 0)
		records = append(records, out.Records...)
		if len(records) >= n {
			return records, out
		}
		if out.NextShardIterator == nil {
			r.Fatalf("the shard ended after %d records, want %d", len(records), n)
		}
		iterator = out.NextShardIterator
		r.pause()
	}
}

// compare orders sequence numbers, which are compared as numbers.
func (r *run) compare(a, b *string) int {
	r.Helper()
	x, ok := new(big.Int).SetString(aws.ToString(a), 10)
	y, ok2 := new(big.Int).SetString(aws.ToString(b), 10)
	if !ok || !ok2 {
		r.Fatalf("sequence numbers %q, %q are not decimal", aws.ToString(a), aws.ToString(b))
	}
	return x.Cmp(y)
}

func data(records []types.Record) []string {
	texts := make([]string, len(records))
	for i, rec := range records {
		texts[i] = string(rec.Data)
	}
	return texts
}
