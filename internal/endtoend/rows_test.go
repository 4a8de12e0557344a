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

// The rows of shards that were read to their end go once the stream has let the shards go; nothing is lost or
// doubled by it, and nothing is read anew, also by a worker that starts later.
func TestRowsOfFinishedShardsAreRemoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := NewKeeping(t, 2, 10*time.Minute)
		set := Settings{Poll: 10 * time.Second, Failover: time.Minute}
		w.Put(50)
		a := w.Start(set)
		w.Start(set)
		w.Exactly(time.Minute, "clicks/")
		left, right := w.split(shard(0))
		w.Put(50)
		w.Exactly(2*time.Minute, "clicks/")
		last := w.merge(left, right)
		w.Put(50)
		w.Exactly(2*time.Minute, "clicks/")
		time.Sleep(50 * time.Minute)
		if n := len(w.leases()); n != 5 {
			t.Errorf("%d rows while the shards are listed or have just been, want 5: %v", n, w.leases())
		}
		w.Put(50)
		w.eventually(40*time.Minute, "two rows", func() bool { return len(w.leases()) == 2 })
		for _, id := range []string{shard(1), last} {
			if _, there := w.leases()[id]; !there {
				t.Errorf("the row of %s is gone", id)
			}
		}
		w.Put(50)
		c := w.Start(set)
		w.eventually(time.Minute, "its predecessor is there", func() bool { return w.ownedBy(a.Name) == 1 })
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
		w.eventually(time.Minute, "the new one reads", func() bool { return w.ownedBy(c.Name) == 1 })
		w.Put(50)
		w.eventually(2*time.Minute, "all", func() bool { return len(w.Delivered("clicks/")) == w.put })
		w.noDoubles("clicks/")
		for _, wk := range []*Worker{w.Worker(2), c} {
			if err := wk.Stop(); err != nil {
				t.Error(err)
			}
		}
	})
}
