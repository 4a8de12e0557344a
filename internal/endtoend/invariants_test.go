package endtoend

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/internal/faults"
)

// Each kind of damage, done behind the program's back, is seen and called by its name.
func TestCheckerSees(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(w *World, db *dynamodb.Client)
		want   string
	}{
		"no damage": {func(*World, *dynamodb.Client) {}, ""},
		"an object doubled": {func(w *World, _ *dynamodb.Client) {
			for _, line := range w.Lines("plain/") {
				w.send(http.MethodPut, "plain/again.ndjson", line)
				break
			}
		}, "P1: "},
		"an object of nobody":        {func(w *World, _ *dynamodb.Client) { w.send(http.MethodPut, "plain/foreign.ndjson", "{}") }, "without an intent"},
		"a delivered object deleted": {func(w *World, _ *dynamodb.Client) { w.send(http.MethodDelete, w.keys("clicks/")[0], "") }, "P2: "},
		"a delete without an undo":   {func(w *World, _ *dynamodb.Client) { w.send(http.MethodDelete, w.keys("clicks/")[0], "") }, "P4: "},
		"a checkpoint moved on": {func(w *World, db *dynamodb.Client) {
			w.Put(20)
			kept := w.truth.kept[shard(0)]
			w.set(db, "SET checkpoint = :v", &types.AttributeValueMemberS{Value: kept[len(kept)-1].seq})
		}, "P2: "},
		"a checkpoint moved back": {func(w *World, db *dynamodb.Client) {
			w.set(db, "SET checkpoint = :v", &types.AttributeValueMemberS{Value: "TRIM_HORIZON"})
		}, "the checkpoint of"},
		"a batch pending without an item": {func(w *World, db *dynamodb.Client) {
			w.set(db, "SET pendingBatch = :v", &types.AttributeValueMemberS{Value: "none"})
		}, "P3: "},
		"an epoch gone back": {func(w *World, db *dynamodb.Client) {
			w.set(db, "SET leaseEpoch = :v", &types.AttributeValueMemberN{Value: "0"})
		}, "the epoch of"},
		"an owner changed within an epoch": {func(w *World, db *dynamodb.Client) {
			w.set(db, "SET leaseOwner = :v", &types.AttributeValueMemberS{Value: "thief"})
		}, "within epoch"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 2)
				c2 := w.Watch("clicks/", "plain/")
				w.control(c2.Hook(nil))
				w.Put(40)
				wk := w.Start(w.twoOutputs())
				for !c2.Done() {
					time.Sleep(time.Second)
				}
				if err := wk.Stop(); err != nil {
					t.Error(err)
				}
				if v := c2.Final(); len(v) > 0 {
					t.Fatalf("before the damage: %v", v)
				}
				c.damage(w, dynamodb.NewFromConfig(w.config(&plug{next: w.net}), func(o *dynamodb.Options) { o.BaseEndpoint = aws.String("http://dynamodb") }))
				all := strings.Join(c2.Final(), "\n")
				if !strings.Contains(all, c.want) || c.want == "" && all != "" {
					t.Errorf("seen: %q", all)
				}
			})
		})
	}
}

// An abort of a promised upload that is not being undone is seen when it happens.
func TestCheckerSeesAnAbortOfWhatIsPromised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		c := w.Watch("clicks/", "plain/")
		w.control(c.Hook(func(call faults.Call, next func()) error {
			if stepOf(call) == "complete journal" {
				for _, u := range w.S3.Uploads(Bucket) {
					if strings.HasPrefix(u.Key, "clicks/") {
						go w.send(http.MethodDelete, u.Key+"?uploadId="+u.ID, "")
					}
				}
				time.Sleep(time.Second)
			}
			return nil
		}))
		w.Put(10)
		wk := w.Start(w.twoOutputs())
		time.Sleep(10 * time.Second)
		wk.Kill()
		wk.Gone()
		if all := strings.Join(c.Violations(), "\n"); !strings.Contains(all, "P4: ") {
			t.Errorf("seen: %q", all)
		}
	})
}

// send sends a request to S3 as somebody who is no worker.
func (w *World) send(method, key, body string) {
	req, err := http.NewRequest(method, "http://s3/"+Bucket+"/"+key, strings.NewReader(body))
	if err != nil {
		w.T.Error(err)
		return
	}
	resp, err := w.net.RoundTrip(req)
	if err != nil || resp.StatusCode >= 300 {
		w.T.Errorf("%s %s: %v %v", method, key, resp, err)
	}
}

// set writes one attribute of the first shard's row by hand.
func (w *World) set(db *dynamodb.Client, update string, v types.AttributeValue) {
	_, err := db.UpdateItem(w.T.Context(), &dynamodb.UpdateItemInput{TableName: aws.String(Tables), UpdateExpression: &update,
		Key:                       map[string]types.AttributeValue{"leaseKey": &types.AttributeValueMemberS{Value: shard(0)}},
		ExpressionAttributeValues: map[string]types.AttributeValue{":v": v}})
	if err != nil {
		w.T.Error(err)
	}
}

func (w *World) keys(prefix string) (keys []string) {
	for _, o := range w.S3.Objects(Bucket) {
		if strings.HasPrefix(o.Key, prefix) {
			keys = append(keys, o.Key)
		}
	}
	return keys
}
