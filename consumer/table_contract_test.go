package consumer_test

import (
	"testing"

	"standpipe/consumer"
	"standpipe/internal/dynamofake"
	"standpipe/internal/leasetest"
)

// The contract holds on the fake, and on a real server in TestTableOnDynamoDBLocal.
func TestTableKeepsTheCommitProtocol(t *testing.T) {
	leasetest.Run(t, leasetest.Env{Conflict: consumer.ErrConflict, Client: consumer.DynamoClient(dynamofake.New(dynamofake.Options{}))})
}
