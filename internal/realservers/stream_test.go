package realservers

import (
	"fmt"
	"math/big"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// kinesis-local takes some hundred records a second.
const (
	putAtOnce = 50
	putEvery  = 250 * time.Millisecond
)

// put puts n records with numbers never used before, over all shards. It takes 5 ms for each.
func (w *world) put(n int) {
	w.Helper()
	tick := time.NewTicker(putEvery)
	defer tick.Stop()
	for end := w.sent + n; w.sent < end; {
		var entries []types.PutRecordsRequestEntry
		for ; w.sent < end && len(entries) < putAtOnce; w.sent++ {
			entries = append(entries, types.PutRecordsRequestEntry{
				PartitionKey: aws.String(fmt.Sprintf("key-%d", w.sent)), Data: fmt.Appendf(nil, `{"id":%d,"path":"\/items\/%[1]d"}`, w.sent),
			})
		}
		for len(entries) > 0 { // the service may take some and not others
			out, err := w.kinesis.PutRecords(w.Context(), &kinesis.PutRecordsInput{StreamName: &w.name, Records: entries})
			w.must(err)
			var again []types.PutRecordsRequestEntry
			for i, result := range out.Records {
				if result.ErrorCode != nil {
					again = append(again, entries[i])
				}
			}
			entries = again
			<-tick.C
		}
	}
}

// shards lists all there are, in the order of their making.
func (w *world) shards() []types.Shard {
	w.Helper()
	out, err := w.kinesis.ListShards(w.Context(), &kinesis.ListShardsInput{StreamName: &w.name})
	w.must(err)
	return out.Shards
}

// active waits until the stream can be changed.
func (w *world) active() {
	w.Helper()
	w.eventually("the stream is active", time.Minute, func() error {
		out, err := w.kinesis.DescribeStreamSummary(w.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: &w.name})
		w.must(err)
		if status := out.StreamDescriptionSummary.StreamStatus; status != types.StreamStatusActive {
			return fmt.Errorf("it is %s", status)
		}
		return nil
	})
}

// split divides a shard in its middle. It does not wait until that is done.
func (w *world) split(parent types.Shard) {
	w.Helper()
	w.active()
	low, _ := new(big.Int).SetString(*parent.HashKeyRange.StartingHashKey, 10)
	high, _ := new(big.Int).SetString(*parent.HashKeyRange.EndingHashKey, 10)
	_, err := w.kinesis.SplitShard(w.Context(), &kinesis.SplitShardInput{
		StreamName: &w.name, ShardToSplit: parent.ShardId, NewStartingHashKey: aws.String(low.Add(low, high).Rsh(low, 1).String()),
	})
	w.must(err)
}

// merge makes one shard of the two that parent was split into. It does not wait until that is done.
func (w *world) merge(parent types.Shard) {
	w.Helper()
	w.active()
	var halves []*string
	for _, shard := range w.shards() {
		if aws.ToString(shard.ParentShardId) == *parent.ShardId {
			halves = append(halves, shard.ShardId)
		}
	}
	if len(halves) != 2 {
		w.Fatalf("%s has %d children", *parent.ShardId, len(halves))
	}
	_, err := w.kinesis.MergeShards(w.Context(), &kinesis.MergeShardsInput{StreamName: &w.name, ShardToMerge: halves[0], AdjacentShardToMerge: halves[1]})
	w.must(err)
}

func text(v dynamotypes.AttributeValue) string {
	if s, ok := v.(*dynamotypes.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}
