package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"standpipe/internal/realservers"
	"standpipe/internal/unpack"
)

// replayOnRealServers writes a time of a stream again in which a shard was split, twice, and deletes the lease table:
// on kinesis-local, DynamoDB Local and versitygw.
func replayOnRealServers(t *testing.T) {
	db, store, streams := realservers.DynamoDB(t), realservers.S3(t), realservers.Kinesis(t)
	name := "replay-" + strings.ToLower(rand.Text())
	bucket := s3.NewFromConfig(store.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	_, err := bucket.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name})
	must(t, err)
	stream := kinesis.NewFromConfig(streams.Config())
	active := func() {
		must(t, kinesis.NewStreamExistsWaiter(stream, func(o *kinesis.StreamExistsWaiterOptions) { o.MinDelay = 200 * time.Millisecond }).
			Wait(t.Context(), &kinesis.DescribeStreamInput{StreamName: &name}, time.Minute))
	}
	_, err = stream.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: &name, ShardCount: aws.Int32(2)})
	must(t, err)
	active()

	n := 0
	// put puts records over all shards.
	put := func(count int) {
		var entries []types.PutRecordsRequestEntry
		for range count {
			entries = append(entries, types.PutRecordsRequestEntry{PartitionKey: aws.String(fmt.Sprint(n)), Data: fmt.Appendf(nil, `{"n":%d}`, n)})
			n++
		}
		out, err := stream.PutRecords(t.Context(), &kinesis.PutRecordsInput{StreamName: &name, Records: entries})
		must(t, err)
		if *out.FailedRecordCount > 0 {
			t.Fatalf("%d of %d records were refused", *out.FailedRecordCount, count)
		}
	}
	put(20)
	from := aMoment()
	put(30)
	shards, err := stream.ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: &name})
	must(t, err)
	_, err = stream.SplitShard(t.Context(), &kinesis.SplitShardInput{StreamName: &name, ShardToSplit: shards.Shards[0].ShardId, NewStartingHashKey: aws.String("1000000000000000000000000000000")})
	must(t, err)
	active()
	put(30)
	to := aMoment()
	put(20)

	env := []string{
		"STANDPIPE_STREAM_NAME=" + name, "STANDPIPE_STREAM_REGION=" + realservers.Region, "STANDPIPE_STREAM_ENDPOINT=" + streams.Endpoint,
		"STANDPIPE_LEASES_APPLICATION=" + name, "STANDPIPE_LEASES_ENDPOINT=" + db.Endpoint, "STANDPIPE_S3_ENDPOINT=" + store.Endpoint,
		"STANDPIPE_S3_PATH_STYLE=true", "STANDPIPE_OUTPUTS_0_BUCKET=" + name, "STANDPIPE_OUTPUTS_0_PREFIX=clicks/",
	}
	if r := execute(t, env, replayArgs(from, to)...); r.code != exitOK || !strings.Contains(r.stdout, ": 60 records of 4 shards, in ") {
		t.Fatal(r)
	}
	if r := execute(t, env, replayArgs(from, to, "--deep", "--remove-table")...); r.code != exitOK || !strings.Contains(r.stdout, "nothing was left to read") || !strings.Contains(r.stdout, " is deleted.\n") {
		t.Error(r)
	}
	count := map[string]int{}
	listed, err := bucket.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &name})
	must(t, err)
	for _, o := range listed.Contents {
		if !strings.HasPrefix(*o.Key, "replay/clicks/") {
			if !strings.HasPrefix(*o.Key, "_standpipe/"+name+"-replay-") {
				t.Errorf("somebody wrote %s", *o.Key)
			}
			continue
		}
		got, err := bucket.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &name, Key: o.Key})
		must(t, err)
		body, err := io.ReadAll(got.Body)
		must(t, err)
		must(t, got.Body.Close())
		text, err := unpack.Object(*o.Key, body)
		must(t, err)
		for line := range strings.Lines(string(text)) {
			count[strings.TrimSpace(line)]++
		}
	}
	for i := range n {
		want := 0
		if i >= 20 && i < 80 {
			want = 1
		}
		if got := count[fmt.Sprintf(`{"n":%d}`, i)]; got != want {
			t.Errorf("record %d is %d times under replay/, want %d", i, got, want)
		}
	}
}
