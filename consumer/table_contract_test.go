package consumer_test

import (
	"net/http"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"standpipe/consumer"
	"standpipe/internal/dynamofake"
	"standpipe/internal/faults"
	"standpipe/internal/leasetest"
)

// The contract holds on the fake and, with DYNAMODB_ENDPOINT set, on that server.
func TestTableKeepsTheCommitProtocol(t *testing.T) {
	endpoint, hc := "http://dynamodb", &http.Client{Transport: faults.Transport(map[string]http.Handler{"dynamodb": dynamofake.New(dynamofake.Options{})})}
	if real := os.Getenv("DYNAMODB_ENDPOINT"); real != "" {
		endpoint, hc = real, &http.Client{}
	}
	leasetest.Run(t, leasetest.Env{Conflict: consumer.ErrConflict, Client: dynamodb.New(dynamodb.Options{
		BaseEndpoint: &endpoint, Region: "eu-west-1", HTTPClient: hc, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})})
}
