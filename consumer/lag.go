package consumer

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"standpipe/internal/awserr"
)

// Lag asks Kinesis how far behind the tip of its shard a checkpoint stands, for those who look at an application from
// outside: a worker knows by its own reading. It takes two of the calls that all consumers of the shard share. app is that of
// the lease's table.
func Lag(ctx context.Context, client *kinesis.Client, stream, arn string, lease Lease, app Application) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	f := &fetcher{stream: streamRef{stream, arn}, shard: lease.Shard, start: app.Start, with: lease.Within > 0}
	after := lease.Checkpoint
	if after == "" { // without a row it begins where the first worker would
		after = firstCheckpoint(Shard{ID: lease.Shard}, app)
	}
	at, err := client.GetShardIterator(ctx, f.position(after))
	if err != nil {
		return 0, fmt.Errorf("get iterator of shard %s: %w", lease.Shard, awserr.Brief(err))
	}
	in := &kinesis.GetRecordsInput{ShardIterator: at.ShardIterator, Limit: aws.Int32(1)}
	if arn != "" {
		in.StreamARN = &arn
	}
	out, err := client.GetRecords(ctx, in)
	if err != nil {
		return 0, fmt.Errorf("get records of shard %s: %w", lease.Shard, awserr.Brief(err))
	}
	return time.Duration(aws.ToInt64(out.MillisBehindLatest)) * time.Millisecond, nil
}
