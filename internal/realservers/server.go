package realservers

import (
	"cmp"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Region is the one that every server here is in.
const Region = "us-east-1"

// Server is a server that answers. It may be used from any goroutine until the test that asked for it ends.
type Server struct {
	Endpoint  string // URL without a path
	AccessKey string // accepted by the server, as is SecretKey
	SecretKey string
	Given     bool // by the environment, so that it may be any server and holds what others have put there

	durable bool // keeps what it holds over its end
}

// Config leads the AWS SDK's clients to the server. S3 clients need UsePathStyle besides.
func (s *Server) Config() aws.Config {
	return aws.Config{
		Region: Region, BaseEndpoint: &s.Endpoint,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
	}
}

// Kinesis is kinesis-local, or the server at KINESIS_TEST_ENDPOINT. Without either the test is skipped.
func Kinesis(t testing.TB) *Server { t.Helper(); return kinesisLocal.use(t) }

// DynamoDB is DynamoDB Local, or the server at DYNAMODB_ENDPOINT. Without either the test is skipped. Every client sees the
// same tables, whatever its credentials and region.
func DynamoDB(t testing.TB) *Server { t.Helper(); return dynamoDBLocal.use(t) }

// S3 is versitygw without a bucket, or the server at S3_ENDPOINT. Without either the test is skipped.
func S3(t testing.TB) *Server { t.Helper(); return versityGateway.use(t) }

// given is a server that the environment names, with the credentials of the SDK's variables.
func given(endpoint string) *Server {
	return &Server{
		Endpoint: endpoint, Given: true,
		AccessKey: cmp.Or(os.Getenv("AWS_ACCESS_KEY_ID"), "test"), SecretKey: cmp.Or(os.Getenv("AWS_SECRET_ACCESS_KEY"), "test"),
	}
}
