package endtoend

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/internal/faults"
)

// Somebody deletes a lease row by hand while a batch is pending on it. That is forbidden and can not be mended,
// but it must not become a loop that calls DynamoDB and S3 as fast as they answer.
func TestRowDeletedWhilePendingIsNoHotLoop(t *testing.T) {
	for _, undo := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := New(t, 2)
			w.Put(60)
			db := dynamodb.NewFromConfig(w.config(&plug{next: w.net}), func(o *dynamodb.Options) { o.BaseEndpoint = aws.String("http://dynamodb") })
			var first once
			var n atomic.Int32
			w.control(func(c faults.Call, next func()) error {
				at := stepOf(c)
				if at == "complete journal" && first.first() {
					_, err := db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String(Tables),
						Key: map[string]types.AttributeValue{"leaseKey": &types.AttributeValueMemberS{Value: shard(0)}}})
					if err != nil {
						t.Error(err)
					}
					if undo {
						for _, u := range w.S3.Uploads(Bucket) {
							_ = w.S3.Drop(Bucket, u.Key, u.ID)
						}
					}
				}
				if at == "advance" || at == "clear" {
					if n.Add(1) > 2000 {
						return &faults.Error{Status: 500, Code: "InternalServerError"} // or this test would never end
					}
				}
				return nil
			})
			wk := w.Start(w.twoOutputs())
			time.Sleep(2 * time.Minute)
			if n.Load() > 200 {
				t.Errorf("undo %v: %d transactions in two minutes", undo, n.Load())
			}
			_ = wk.Stop()
		})
	}
}
