// Sdkloop reads a stream as the documentation of the AWS SDK shows it, and throws the data away: what Standpipe is
// compared with. It stands alone, so that the bench can also build it with an SDK of before (../former.mod).
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"golang.org/x/sync/errgroup"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sdkloop:", err)
		os.Exit(1)
	}
}

// run reads every shard of a stream to its end: its arguments are the address of Kinesis, the stream's name, and how many
// bytes there are at least. It says how many Kinesis records there were.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) != 3 {
		return fmt.Errorf("%d arguments, not address, stream and bytes", len(args))
	}
	url, stream := args[0], args[1]
	want, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	client := kinesis.NewFromConfig(cfg, func(o *kinesis.Options) { o.BaseEndpoint = &url })
	list, err := client.ListShards(ctx, &kinesis.ListShardsInput{StreamName: aws.String(stream)})
	if err != nil {
		return err
	}
	type tally struct{ records, bytes int64 }
	read := make([]tally, len(list.Shards))
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
					read[i].records++
					read[i].bytes += int64(len(r.Data))
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
	var all tally
	for _, n := range read {
		all.records, all.bytes = all.records+n.records, all.bytes+n.bytes
	}
	if all.bytes < want {
		return fmt.Errorf("read %d bytes of %d", all.bytes, want)
	}
	_, err = fmt.Fprintln(stdout, all.records)
	return err
}
