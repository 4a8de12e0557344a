package consumer

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

// Shard is a shard as ListShards describes it.
type Shard struct {
	ID        string
	Parents   []string // both, after a merge
	StartHash string   // decimal
	EndHash   string
	Closed    bool
}

// listShards gives all shards that the stream still holds, open and closed.
func listShards(ctx context.Context, client *kinesis.Client, stream string) (map[string]Shard, error) {
	shards := map[string]Shard{}
	in := &kinesis.ListShardsInput{StreamName: &stream}
	for {
		page, cancel := context.WithTimeout(ctx, 10*time.Second)
		out, err := client.ListShards(page, in)
		cancel()
		if err != nil {
			return nil, fmt.Errorf("list shards of stream %s: %w", stream, err)
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
