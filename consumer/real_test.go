package consumer_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"standpipe/consumer"
	"standpipe/internal/leasetest"
	"standpipe/internal/realservers"
)

// TestTableOnDynamoDBLocal walks the lease table's contract there, or on the server at DYNAMODB_ENDPOINT.
func TestTableOnDynamoDBLocal(t *testing.T) {
	client := dynamodb.NewFromConfig(realservers.DynamoDB(t).Config(), func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
	leasetest.Run(t, leasetest.Env{Conflict: consumer.ErrConflict, Client: client})
}
