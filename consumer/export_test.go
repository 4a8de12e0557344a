package consumer

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

// ErrConflict is what the contract suite of the lease table looks for.
var ErrConflict = errConflict

// DynamoClient speaks to a server in this process.
var DynamoClient = dynamoClient

// GetRecords makes one call and says whether its answer was in CBOR.
func GetRecords(ctx context.Context, client *kinesis.Client, iterator string) (records []kinesisRecord, inCBOR bool, err error) {
	api := newRecordsAPI(client)
	api.misunderstood.Store(1) // what is understood makes it 0
	got, err := api.get(ctx, "", iterator)
	if err != nil {
		return nil, false, err
	}
	return got.Records, api.misunderstood.Load() == 0, nil
}
