package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"golang.org/x/sync/errgroup"
)

// sdkLoop reads every shard to its end with the AWS SDK, as its documentation shows it, and throws the data away. There
// are want bytes at least.
func sdkLoop(url string, want int64) error {
	ctx := context.Background()
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	client := kinesis.NewFromConfig(cfg, func(o *kinesis.Options) { o.BaseEndpoint = &url })
	list, err := client.ListShards(ctx, &kinesis.ListShardsInput{StreamName: aws.String(stream)})
	if err != nil {
		return err
	}
	read := make([]int64, len(list.Shards))
	var g errgroup.Group
	for i, shard := range list.Shards {
		g.Go(func() error {
			it, err := client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: aws.String(stream), ShardId: shard.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
			if err != nil {
				return err
			}
			for next := it.ShardIterator; next != nil; {
				out, err := client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: next})
				if err != nil {
					return err
				}
				for _, r := range out.Records {
					read[i] += int64(len(r.Data))
				}
				if aws.ToInt64(out.MillisBehindLatest) == 0 {
					return nil
				}
				next = out.NextShardIterator
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var all int64
	for _, n := range read {
		all += n
	}
	if all < want {
		return fmt.Errorf("read %d bytes of %d", all, want)
	}
	return nil
}
