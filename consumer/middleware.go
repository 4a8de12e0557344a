package consumer

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go/middleware"
)

// virtual makes a kinesis.Client whose ListShards, GetShardIterator and GetRecords are answered by our
// leases and readers. The KCL library gets this client; nothing it does reaches Kinesis.
func virtual(region string, l *leases, list func() []string) *kinesis.Client {
	answer := middleware.InitializeMiddlewareFunc("standpipe.virtual", func(_ context.Context, in middleware.InitializeInput, _ middleware.InitializeHandler) (out middleware.InitializeOutput, md middleware.Metadata, err error) {
		switch p := in.Parameters.(type) {
		case *kinesis.ListShardsInput:
			out.Result = listed(list())
		case *kinesis.GetShardIteratorInput:
			// The shard's id is iterator enough: a shard has at most one reader.
			out.Result = &kinesis.GetShardIteratorOutput{ShardIterator: p.ShardId}
		case *kinesis.GetRecordsInput:
			out.Result, err = l.next(aws.ToString(p.ShardIterator))
		default:
			err = fmt.Errorf("call Kinesis with %T: the library is not allowed to", in.Parameters)
		}
		return out, md, err
	})
	return kinesis.New(kinesis.Options{Region: region, APIOptions: []func(*middleware.Stack) error{func(s *middleware.Stack) error {
		return s.Initialize.Add(answer, middleware.Before)
	}}})
}

// listed is a ListShards answer. Parents are left out, so that the library never waits for them itself.
func listed(ids []string) *kinesis.ListShardsOutput {
	out := &kinesis.ListShardsOutput{}
	for _, id := range ids {
		out.Shards = append(out.Shards, types.Shard{ShardId: aws.String(id), SequenceNumberRange: &types.SequenceNumberRange{StartingSequenceNumber: aws.String("0")}})
	}
	return out
}

// next is GetRecords for the library: an envelope of one empty record stands for a whole answer, which the
// processor takes from the reader.
func (l *leases) next(shard string) (*kinesis.GetRecordsOutput, error) {
	r := l.reader(shard)
	if r == nil {
		return nil, errors.New("shard is not held")
	}
	done, err := r.next()
	if err != nil {
		return nil, err
	}
	out := &kinesis.GetRecordsOutput{MillisBehindLatest: aws.Int64(r.fetcher.progress.lag().Milliseconds())}
	if !done {
		out.NextShardIterator = &shard
		out.Records = []types.Record{{SequenceNumber: aws.String("0"), PartitionKey: aws.String("")}}
	}
	return out, nil
}
