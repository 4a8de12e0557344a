package kinesisfake_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"standpipe/internal/faults"
	"standpipe/internal/kinesisfake"
)

func TestCallsAreNamedByOperationAndShard(t *testing.T) {
	s, c := serverAt(t, newClock(), 3, kinesisfake.Options{})
	var mu sync.Mutex
	var seen []string
	s.Control("", func(call faults.Call, _ func()) error {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, call.Service+" "+call.Op+" "+call.Object)
		return nil
	})
	ctx := t.Context()
	get(t, c, iterator(t, c, "shardId-000000000002", types.ShardIteratorTypeLatest, ""))
	out, err := c.ListShards(ctx, &kinesis.ListShardsInput{StreamName: ptr(stream), MaxResults: ptr(int32(1))})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.ListShards(ctx, &kinesis.ListShardsInput{NextToken: out.NextToken})
	_, _ = c.DescribeStream(ctx, &kinesis.DescribeStreamInput{StreamARN: ptr(kinesisfake.ARN(stream))})
	_, _ = c.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: ptr(stream), PartitionKey: ptr("k"), Data: []byte("x")})
	_, _ = c.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: ptr(stream), ShardToSplit: ptr("shardId-000000000001"), NewStartingHashKey: ptr("1")})
	_, _ = c.MergeShards(ctx, &kinesis.MergeShardsInput{StreamName: ptr(stream), ShardToMerge: ptr("a"), AdjacentShardToMerge: ptr("b")})
	want := []string{
		"kinesis GetShardIterator shardId-000000000002", "kinesis GetRecords shardId-000000000002",
		"kinesis ListShards clicks", "kinesis ListShards clicks", "kinesis DescribeStream clicks", "kinesis PutRecord ",
		"kinesis SplitShard shardId-000000000001", "kinesis MergeShards a,b",
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(seen, want) {
		t.Errorf("seen\n%s", strings.Join(seen, "\n"))
	}
}

func TestInjectedFaultsReachTheClient(t *testing.T) {
	s, c := serverAt(t, newClock(), 1, kinesisfake.Options{})
	in := &kinesis.PutRecordInput{StreamName: ptr(stream), PartitionKey: ptr("k"), Data: []byte("x")}
	remove := s.Control("PutRecord", func(faults.Call, func()) error {
		return &faults.Error{Code: "KMSThrottlingException", Message: "slow down"}
	})
	_, err := c.PutRecord(t.Context(), in)
	refused[*types.KMSThrottlingException](t, "injected error", err)
	remove()
	remove = s.Control("PutRecord", func(_ faults.Call, next func()) error { next(); return faults.ErrLost })
	if _, err = c.PutRecord(t.Context(), in); err == nil {
		t.Error("a lost answer came")
	}
	remove()
	if _, err = c.PutRecord(t.Context(), in); err != nil {
		t.Error(err)
	}
	if shards, err := s.Shards(stream); err != nil || shards[0].Records != 2 {
		t.Errorf("%d records stored, %v; want that of the lost answer and the last", shards[0].Records, err)
	}
}
