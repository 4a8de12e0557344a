package kinesistest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"standpipe/internal/kinesistest"
	"standpipe/internal/realservers"
)

// TestContractOnKinesisLocal walks the contract there, or on the server at KINESIS_TEST_ENDPOINT. It creates and
// deletes streams.
func TestContractOnKinesisLocal(t *testing.T) {
	server := realservers.Kinesis(t)
	client := kinesis.NewFromConfig(server.Config())
	kinesistest.Run(t, func(t *testing.T) kinesistest.Env {
		name := strings.NewReplacer("/", "-", "#", "-").Replace(t.Name()) + time.Now().Format("-150405.000000")
		if _, err := client.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: &name, ShardCount: aws.Int32(2)}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if _, err := client.DeleteStream(context.WithoutCancel(t.Context()), &kinesis.DeleteStreamInput{StreamName: &name}); err != nil {
				t.Error(err)
			}
		})
		active := kinesis.NewStreamExistsWaiter(client, func(o *kinesis.StreamExistsWaiterOptions) { o.MinDelay = 100 * time.Millisecond })
		if err := active.Wait(t.Context(), &kinesis.DescribeStreamInput{StreamName: &name}, time.Minute); err != nil {
			t.Fatal(err)
		}
		return kinesistest.Env{Client: client, Stream: name, Lenient: !strings.Contains(server.Endpoint, ".amazonaws.com")}
	})
}
