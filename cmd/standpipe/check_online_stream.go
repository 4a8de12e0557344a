package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"
)

func retryKinesis(o *kinesis.Options) { o.Retryer = persist() }

// stream describes the stream, lists its shards and reads a record of one. It gives the number of open shards,
// 0 when that is not known.
func (in *inspection) stream(ctx context.Context, r *report) int {
	ctx, cancel := context.WithTimeout(ctx, 2*startLimit)
	defer cancel()
	check := "stream " + in.cfg.Stream.Name
	shardCheck, readCheck := check+": shards", check+": read"
	if in.broken[in.svc.stream] {
		r.skip(check, shardCheck, readCheck)
		return 0
	}
	if r.fail(check, in.svc.verifyStream(ctx, in.cfg)) {
		r.skip(shardCheck, readCheck)
		return 0
	}
	r.add(fine, check, "exists in %s%s", in.svc.region, in.svc.as(in.svc.stream))
	shard, open, err := in.shards(ctx)
	switch {
	case r.fail(shardCheck, err):
		r.skip(readCheck)
		return 0
	case shard == "":
		r.add(doubtful, shardCheck, "none are listed: look again when the stream is ACTIVE")
		r.skip(readCheck)
		return 0
	}
	r.add(fine, shardCheck, "%d open", open)
	in.read(ctx, shard, readCheck, r)
	return open
}

// kinesisRequest is for the sentence when one of the stream's requests fails.
func (in *inspection) kinesisRequest(doing, action string) request {
	name := in.cfg.Stream.Name
	return request{
		service: "Kinesis", endpoint: aws.ToString(in.svc.kinesis.Options().BaseEndpoint), key: "stream.endpoint", region: in.svc.region,
		doing: doing, thing: "stream " + name, missing: fmt.Sprintf("stream %s, or a shard of it, has just gone: look again", name),
		denied: "allow " + action + " on it" + in.svc.stream.to(),
	}
}

// streamRef names the stream as the worker does: by its ARN where that is given, since a name is one of the
// caller's account.
func (in *inspection) streamRef() (name, arn *string) {
	if in.cfg.Stream.ARN != "" {
		return nil, &in.cfg.Stream.ARN
	}
	return &in.cfg.Stream.Name, nil
}

// shards names a shard, an open one if there is any, and counts the open ones.
func (in *inspection) shards(ctx context.Context) (shard string, open int, err error) {
	input := &kinesis.ListShardsInput{}
	input.StreamName, input.StreamARN = in.streamRef()
	for {
		out, err := in.svc.kinesis.ListShards(ctx, input, retryKinesis)
		if err != nil {
			return "", 0, explain(err, in.kinesisRequest("list the shards of stream "+in.cfg.Stream.Name, "kinesis:ListShards"))
		}
		for _, s := range out.Shards {
			closed := s.SequenceNumberRange != nil && s.SequenceNumberRange.EndingSequenceNumber != nil
			if !closed {
				open++
			}
			if shard == "" || !closed && open == 1 {
				shard = aws.ToString(s.ShardId)
			}
		}
		if aws.ToString(out.NextToken) == "" {
			return shard, open, nil
		}
		input = &kinesis.ListShardsInput{NextToken: out.NextToken}
	}
}

// read asks for one record.
func (in *inspection) read(ctx context.Context, shard, check string, r *report) {
	doing := "read " + shard
	name, arn := in.streamRef()
	at, err := in.svc.kinesis.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamName: name, StreamARN: arn, ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	}, retryKinesis)
	if r.fail(check, explain(err, in.kinesisRequest(doing, "kinesis:GetShardIterator"))) {
		return
	}
	out, err := in.svc.kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{StreamARN: arn, ShardIterator: at.ShardIterator, Limit: aws.Int32(1)}, retryKinesis)
	var throttled *types.ProvisionedThroughputExceededException
	var api smithy.APIError
	switch {
	case errors.As(err, &throttled):
		r.add(doubtful, check, "%s is allowed but throttled: other consumers use up the five reads and 2 MB a second of the shard; standpipe will lag", doing)
	case errors.As(err, &api) && strings.HasPrefix(api.ErrorCode(), "KMS"):
		r.add(failed, check, "%s: %s: allow kms:Decrypt on the key that encrypts the stream, and see that it is enabled", doing, cause(err))
	case err != nil:
		r.fail(check, explain(err, in.kinesisRequest(doing, "kinesis:GetRecords")))
	case len(out.Records) == 0:
		r.add(fine, check, "%s answers; its first answer holds no record", shard)
	default:
		r.add(fine, check, "%s answers with a record", shard)
	}
}
