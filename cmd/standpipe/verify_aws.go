package main

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"standpipe/config"
)

const (
	readAttempts = 10 // of a request that is throttled or fails; verify makes many, and begins anew when one is given up
	readBackoff  = 20 * time.Second
)

// endure is a retryer for a command that nobody waits for by the second.
func endure() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff = readAttempts, readBackoff
		o.RateLimiter = ratelimit.None // the SDK's own gives up when many requests are throttled at once
	})
}

// bucketClients gives the client that reads a bucket, with the bucket's own identity.
func bucketClients(svc *services) func(bucket string) *s3.Client {
	var mu sync.Mutex
	made := map[string]*s3.Client{}
	return func(bucket string) *s3.Client {
		mu.Lock()
		defer mu.Unlock()
		if made[bucket] == nil {
			made[bucket] = s3.New(svc.bucket(bucket).Options(), func(o *s3.Options) { o.Retryer = endure() })
		}
		return made[bucket]
	}
}

// shardParents gives the parents of each shard that the stream still lists.
func shardParents(ctx context.Context, svc *services, cfg config.Config) (map[string][]string, error) {
	parents := map[string][]string{}
	in := &kinesis.ListShardsInput{StreamName: &cfg.Stream.Name}
	if cfg.Stream.ARN != "" {
		in = &kinesis.ListShardsInput{StreamARN: &cfg.Stream.ARN}
	}
	for {
		page, cancel := context.WithTimeout(ctx, startLimit)
		out, err := svc.kinesis.ListShards(page, in, func(o *kinesis.Options) { o.Retryer = persist() })
		cancel()
		if err != nil {
			return nil, brief(err)
		}
		for _, s := range out.Shards {
			of := []string{}
			for _, p := range []*string{s.ParentShardId, s.AdjacentParentShardId} {
				if aws.ToString(p) != "" {
					of = append(of, *p)
				}
			}
			parents[aws.ToString(s.ShardId)] = of
		}
		if aws.ToString(out.NextToken) == "" {
			return parents, nil
		}
		in = &kinesis.ListShardsInput{NextToken: out.NextToken}
	}
}
