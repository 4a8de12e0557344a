package kinesistest

import (
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

func streamIsFoundByARN(r *run) {
	d := must[*kinesis.DescribeStreamSummaryOutput](r)(r.Client.DescribeStreamSummary(r.ctx,
		&kinesis.DescribeStreamSummaryInput{StreamName: &r.Stream})).StreamDescriptionSummary
	if *d.StreamName != r.Stream || *d.OpenShardCount != 2 || d.StreamCreationTimestamp.IsZero() || d.StreamStatus != types.StreamStatusActive {
		r.Errorf("summary: %s, %d open shards, created %v, %s", *d.StreamName, *d.OpenShardCount, d.StreamCreationTimestamp, d.StreamStatus)
	}
	arn := d.StreamARN
	put := must[*kinesis.PutRecordOutput](r)(r.Client.PutRecord(r.ctx, &kinesis.PutRecordInput{
		StreamARN: arn, PartitionKey: aws.String("k"), Data: []byte("by ARN"),
	}))
	it := must[*kinesis.GetShardIteratorOutput](r)(r.Client.GetShardIterator(r.ctx, &kinesis.GetShardIteratorInput{
		StreamARN: arn, ShardId: put.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})).ShardIterator
	if got, _ := r.read(it, 1); string(got[0].Data) != "by ARN" {
		r.Errorf("read %q", data(got))
	}
	shards := must[*kinesis.ListShardsOutput](r)(r.Client.ListShards(r.ctx, &kinesis.ListShardsInput{StreamARN: arn})).Shards
	if len(shards) != 2 {
		r.Errorf("%d shards by ARN", len(shards))
	}
	described := must[*kinesis.DescribeStreamOutput](r)(r.Client.DescribeStream(r.ctx, &kinesis.DescribeStreamInput{StreamARN: arn})).StreamDescription
	if len(described.Shards) != 2 || *described.HasMoreShards || *described.StreamName != r.Stream {
		r.Errorf("described: %s, %d shards, more %v", *described.StreamName, len(described.Shards), *described.HasMoreShards)
	}
}

// refused checks that err is a typed error of the SDK.
func refused[T error](r *run, what string, err error) {
	r.Helper()
	var want T
	if !errors.As(err, &want) {
		r.Errorf("%s: %v, want %T", what, err, want)
	}
}

func unknownNamesAreTypedErrors(r *run) {
	nobody := r.Stream + "-nobody"
	noShard := "shardId-000000000099"
	_, err := r.Client.DescribeStreamSummary(r.ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &nobody})
	refused[*types.ResourceNotFoundException](r, "describe an unknown stream", err)
	_, err = r.Client.ListShards(r.ctx, &kinesis.ListShardsInput{StreamName: &nobody})
	refused[*types.ResourceNotFoundException](r, "list shards of an unknown stream", err)
	_, err = r.Client.PutRecord(r.ctx, &kinesis.PutRecordInput{StreamName: &nobody, PartitionKey: aws.String("k"), Data: []byte("x")})
	refused[*types.ResourceNotFoundException](r, "put into an unknown stream", err)
	_, err = r.Client.GetShardIterator(r.ctx, &kinesis.GetShardIteratorInput{StreamName: &nobody, ShardId: aws.String("shardId-000000000000"),
		ShardIteratorType: types.ShardIteratorTypeLatest})
	refused[*types.ResourceNotFoundException](r, "iterator of an unknown stream", err)
	_, err = r.Client.GetShardIterator(r.ctx, &kinesis.GetShardIteratorInput{StreamName: &r.Stream, ShardId: &noShard,
		ShardIteratorType: types.ShardIteratorTypeLatest})
	refused[*types.ResourceNotFoundException](r, "iterator of an unknown shard", err)
	_, err = r.Client.SplitShard(r.ctx, &kinesis.SplitShardInput{StreamName: &r.Stream, ShardToSplit: &noShard, NewStartingHashKey: aws.String("100")})
	refused[*types.ResourceNotFoundException](r, "split an unknown shard", err)
	_, err = r.Client.CreateStream(r.ctx, &kinesis.CreateStreamInput{StreamName: &r.Stream, ShardCount: aws.Int32(1)})
	refused[*types.ResourceInUseException](r, "create a stream that exists", err)
}

func badArgumentsAreTypedErrors(r *run) {
	shards := r.shards()
	if !r.Lenient {
		_, err := r.Client.GetRecords(r.ctx, &kinesis.GetRecordsInput{ShardIterator: aws.String(strings.Repeat("AAAA", 40))})
		refused[*types.InvalidArgumentException](r, "a forged iterator", err)
		out := r.put("k", []byte("x"))
		other := shards[0].ShardId
		if *other == *out.ShardId {
			other = shards[1].ShardId
		}
		_, err = r.Client.GetShardIterator(r.ctx, &kinesis.GetShardIteratorInput{StreamName: &r.Stream, ShardId: other,
			ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: out.SequenceNumber})
		refused[*types.InvalidArgumentException](r, "another shard's sequence number", err)
	}
	left, _, _ := r.split(shards[0])
	_, err := r.Client.MergeShards(r.ctx, &kinesis.MergeShardsInput{StreamName: &r.Stream, ShardToMerge: left.ShardId,
		AdjacentShardToMerge: shards[1].ShardId})
	refused[*types.InvalidArgumentException](r, "merge shards that are not adjacent", err)
	_, err = r.Client.SplitShard(r.ctx, &kinesis.SplitShardInput{StreamName: &r.Stream, ShardToSplit: left.ShardId,
		NewStartingHashKey: shards[1].HashKeyRange.EndingHashKey})
	refused[*types.InvalidArgumentException](r, "split outside of the range", err)
}
