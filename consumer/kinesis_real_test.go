package consumer_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"standpipe/consumer"
	"standpipe/internal/realservers"
)

// TestCBOROnKinesisLocal reads a shard there, or on the server at KINESIS_TEST_ENDPOINT, in both protocols: the answers
// are the same, and CBOR is not given up.
func TestCBOROnKinesisLocal(t *testing.T) {
	client := kinesis.NewFromConfig(realservers.Kinesis(t).Config(), func(o *kinesis.Options) { o.Retryer = aws.NopRetryer{} })
	name := aws.String("cbor-" + strings.ToLower(time.Now().UTC().Format("20060102T150405.000")))
	if _, err := client.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: name, ShardCount: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := client.DeleteStream(t.Context(), &kinesis.DeleteStreamInput{StreamName: name}); err != nil {
			t.Error(err)
		}
	}()
	if err := kinesis.NewStreamExistsWaiter(client, func(o *kinesis.StreamExistsWaiterOptions) { o.MinDelay, o.MaxDelay = 100*time.Millisecond, time.Second }).
		Wait(t.Context(), &kinesis.DescribeStreamInput{StreamName: name}, time.Minute); err != nil {
		t.Fatal(err)
	}
	data := [][]byte{[]byte(`{"a":1}`), {0, 255, 128}, bytes.Repeat([]byte("x"), 70_000)}
	for _, d := range data {
		if _, err := client.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: name, PartitionKey: aws.String("kä"), Data: d}); err != nil {
			t.Fatal(err)
		}
	}
	shards, err := client.ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: name})
	if err != nil {
		t.Fatal(err)
	}
	it, err := client.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{StreamName: name, ShardId: shards.Shards[0].ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
	if err != nil {
		t.Fatal(err)
	}
	want, err := client.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
	if err != nil {
		t.Fatal(err)
	}
	got, inCBOR, err := consumer.GetRecords(t.Context(), client, *it.ShardIterator)
	if err != nil || !inCBOR {
		t.Fatalf("in CBOR: %v, %v", inCBOR, err)
	}
	if len(got) != len(data) || len(want.Records) != len(data) {
		t.Fatalf("got %d records, the SDK %d, put %d", len(got), len(want.Records), len(data))
	}
	for i, w := range want.Records {
		g := got[i]
		if !bytes.Equal(g.Data, data[i]) || !bytes.Equal(g.Data, w.Data) || g.Sequence != *w.SequenceNumber || g.PartitionKey != *w.PartitionKey || g.Arrival.Sub(*w.ApproximateArrivalTimestamp).Abs() > time.Second {
			t.Errorf("record %d is %.100v, the SDK reads %.100v", i, g, w)
		}
	}
}
