package kinesistest_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"standpipe/internal/kinesistest"
)

// TestServerAtEndpoint walks the contract on the server at KINESIS_TEST_ENDPOINT, such as kinesis-local's
// http://localhost:4568. It creates and deletes streams there.
func TestServerAtEndpoint(t *testing.T) {
	endpoint := os.Getenv("KINESIS_TEST_ENDPOINT")
	if endpoint == "" {
		t.Skip("KINESIS_TEST_ENDPOINT is not set")
	}
	client := kinesis.New(kinesis.Options{
		BaseEndpoint: &endpoint, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
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
		return kinesistest.Env{Client: client, Stream: name, Lenient: !strings.Contains(endpoint, ".amazonaws.com")}
	})
}
