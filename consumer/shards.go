package consumer

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"standpipe/internal/awserr"
)

// Shard is a shard as ListShards describes it.
type Shard struct {
	ID        string
	Parents   []string // both, after a merge
	StartHash string   // decimal
	EndHash   string
	Closed    bool
}

// streamRef names a stream to Kinesis: by its ARN, which another account's stream needs, or by its name.
type streamRef struct{ name, arn string }

// ref gives the two members of a request of which one is set.
func (s streamRef) ref() (name, arn *string) {
	if s.arn != "" {
		return nil, &s.arn
	}
	return &s.name, nil
}

// listShards gives all shards that the stream still holds, open and closed, as far as a filter takes them; nil = all.
func listShards(ctx context.Context, client *kinesis.Client, stream streamRef, filter *types.ShardFilter) (map[string]Shard, error) {
	shards := map[string]Shard{}
	in := &kinesis.ListShardsInput{ShardFilter: filter}
	in.StreamName, in.StreamARN = stream.ref()
	for {
		page, cancel := context.WithTimeout(ctx, 10*time.Second)
		out, err := client.ListShards(page, in)
		cancel()
		if err != nil {
			return nil, fmt.Errorf("list shards of stream %s: %w", stream.name, awserr.Brief(err))
		}
		for _, s := range out.Shards {
			sh := Shard{ID: aws.ToString(s.ShardId)}
			for _, p := range []*string{s.ParentShardId, s.AdjacentParentShardId} {
				if aws.ToString(p) != "" {
					sh.Parents = append(sh.Parents, *p)
				}
			}
			if s.HashKeyRange != nil {
				sh.StartHash, sh.EndHash = aws.ToString(s.HashKeyRange.StartingHashKey), aws.ToString(s.HashKeyRange.EndingHashKey)
			}
			if s.SequenceNumberRange != nil {
				sh.Closed = s.SequenceNumberRange.EndingSequenceNumber != nil
			}
			shards[sh.ID] = sh
		}
		if aws.ToString(out.NextToken) == "" {
			return shards, nil
		}
		in = &kinesis.ListShardsInput{NextToken: out.NextToken}
	}
}
