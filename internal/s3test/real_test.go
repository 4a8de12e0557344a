package s3test_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"standpipe/internal/realservers"
	"standpipe/internal/s3test"
)

// TestContractOnVersitygw walks the contract there, or on the server at S3_ENDPOINT, in a bucket of its own.
func TestContractOnVersitygw(t *testing.T) {
	server := realservers.S3(t)
	client := s3.NewFromConfig(server.Config(), func(o *s3.Options) { o.UsePathStyle, o.Retryer = true, aws.NopRetryer{} })
	bucket := "s3test-" + strings.ToLower(rand.Text())
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	env := s3test.Env{Client: client, Bucket: bucket}
	if !server.Given {
		env.RepeatComplete, env.NoUploadPages, env.LaxRaces = true, true, true
	}
	s3test.Run(t, env)
}
