package endtoend

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/internal/faults"
)

type attributes = map[string]types.AttributeValue

// operator changes rows of the lease table by hand.
type operator struct {
	w  *World
	db *dynamodb.Client
}

func (w *World) operator() operator {
	return operator{w, dynamodb.NewFromConfig(w.config(&plug{next: w.net}), func(o *dynamodb.Options) { o.BaseEndpoint = aws.String("http://dynamodb") })}
}

func (o operator) row(key string) attributes {
	o.w.T.Helper()
	out, err := o.db.GetItem(o.w.T.Context(), &dynamodb.GetItemInput{TableName: aws.String(Tables), Key: attributes{"leaseKey": text(key)}, ConsistentRead: aws.Bool(true)})
	if err != nil {
		o.w.T.Fatal(err)
	}
	return out.Item
}

func (o operator) put(row attributes) {
	o.w.T.Helper()
	if _, err := o.db.PutItem(o.w.T.Context(), &dynamodb.PutItemInput{TableName: aws.String(Tables), Item: row}); err != nil {
		o.w.T.Fatal(err)
	}
}

func (o operator) delete(key string) {
	o.w.T.Helper()
	if _, err := o.db.DeleteItem(o.w.T.Context(), &dynamodb.DeleteItemInput{TableName: aws.String(Tables), Key: attributes{"leaseKey": text(key)}}); err != nil {
		o.w.T.Fatal(err)
	}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// says looks in a worker's troubles for one that says all of this.
func (wk *Worker) says(what ...string) bool {
	for _, tr := range append(wk.Consumer.Troubles(), wk.Sink.Troubles()...) {
		found := true
		for _, part := range what {
			found = found && strings.Contains(tr.Last.Error(), part)
		}
		if found {
			return true
		}
	}
	return false
}

// Somebody writes nonsense into the row of a shard that is being read. The shard stands still and says why, the others
// go on, nobody calls in a loop; once the row is mended every record is there exactly once.
func TestDamagedLeaseRowStopsItsShardOnly(t *testing.T) {
	for attr, nonsense := range map[string]types.AttributeValue{
		"checkpoint": &types.AttributeValueMemberN{Value: "4"}, "leaseEpoch": text("3"), "leaseOwner": &types.AttributeValueMemberNULL{Value: true},
		"entityType": text("SOMETHING"), "parentShardId": text("shardId-1"), "pendingBatch": &types.AttributeValueMemberN{Value: "1"},
		"version": &types.AttributeValueMemberN{Value: "2"}, // which is no damage, but as little known
	} {
		t.Run(attr, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 2)
				op := w.operator()
				w.Put(40)
				wk := w.Start(Settings{})
				w.Exactly(time.Minute, "clicks/")
				time.Sleep(5 * time.Second)
				good := op.row(shard(0))
				damaged := maps.Clone(good)
				damaged[attr] = nonsense
				op.put(damaged)
				time.Sleep(20 * time.Second)
				w.Put(40)
				calls := w.Dynamo.Calls()
				time.Sleep(5 * time.Minute)
				if n := w.Dynamo.Calls() - calls; n > 1500 {
					t.Errorf("%d calls of DynamoDB in five minutes", n)
				}
				if !wk.says("read row "+shard(0)+" of table "+Tables, attr) {
					t.Errorf("troubles are %v", wk.Consumer.Troubles())
				}
				if n := len(w.Delivered("clicks/")); n <= 40 || n >= 80 {
					t.Errorf("%d of 80 records are there while one of two shards stands still", n)
				}
				op.put(good)
				w.Exactly(time.Minute, "clicks/")
				if err := wk.Stop(); err != nil {
					t.Fatal(err)
				}
				if tr := wk.Consumer.Troubles(); len(tr) != 0 {
					t.Errorf("troubles remain: %v", tr)
				}
				w.Exactly(time.Second, "clicks/")
			})
		})
	}
}

// The row is damaged after the records were read and before the batch with them is promised. The batch holds records of
// another shard, which does not wait for it.
func TestDamagedLeaseRowAtTheIntent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		op := w.operator()
		w.Put(40)
		wk := w.Start(Settings{})
		w.Exactly(time.Minute, "clicks/")
		time.Sleep(5 * time.Second)
		good := op.row(shard(0))
		var damage once
		remove := w.Dynamo.Control("TransactWriteItems", func(c faults.Call, next func()) error {
			if stepOf(c) == "intent" && damage.first() {
				damaged := maps.Clone(good)
				damaged["checkpoint"] = &types.AttributeValueMemberN{Value: "4"}
				op.put(damaged)
			}
			next()
			return nil
		})
		w.Put(40)
		w.eventually(time.Minute, "damage", damage.happened)
		remove()
		w.Put(40)
		time.Sleep(time.Minute)
		if n := len(w.Delivered("clicks/")); n <= 40 || n >= 120 {
			t.Errorf("%d of 120 records are there while one of two shards stands still", n)
		}
		if !wk.says("read row "+shard(0)+" of table "+Tables, "checkpoint") {
			t.Errorf("troubles are %v", wk.Consumer.Troubles())
		}
		op.put(good)
		w.Exactly(time.Minute, "clicks/")
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
		w.Exactly(time.Second, "clicks/")
	})
}

// The worker dies between intent and advance, and what it left behind is damaged before another worker finds it: the
// other one completes and advances nothing on its word, and says so, until it is as it was.
func TestDamagedPromiseWaits(t *testing.T) {
	const item = "standpipe#batch#"
	for name, c := range map[string]struct {
		damage func(op operator, key string) (mend func()) // of the batch item
		says   []string
	}{
		"state": {func(op operator, key string) func() {
			good := op.row(key)
			bad := maps.Clone(good)
			bad["batchState"] = text("commited")
			op.put(bad)
			return func() { op.put(good) }
		}, []string{"read row " + item, "of table " + Tables, "batchState"}},
		"a checkpoint in it": {func(op operator, key string) func() {
			good := op.row(key)
			bad := maps.Clone(good)
			body := bad["batch"].(*types.AttributeValueMemberS).Value
			at := strings.Index(body, `"to":"`) + len(`"to":"4`)
			bad["batch"] = text(body[:at] + "0" + body[at+1:])
			op.put(bad)
			return func() { op.put(good) }
		}, []string{"read row " + item, "of table " + Tables, "batchSum"}},
		"deleted": {func(op operator, key string) func() {
			good := op.row(key)
			op.delete(key)
			return func() { op.put(good) }
		}, []string{"read row " + shard(0), "of table " + Tables, "has no item"}},
		"journal": {func(op operator, _ string) func() {
			return op.w.S3.Control("GetObject", func(c faults.Call, next func()) error {
				return &faults.Error{Status: 200, Body: []byte(`{"version":1,"batch":"b","shards":0,"objects":0}` + "\n")}
			})
		}, []string{"read s3://" + Bucket + "/_standpipe/", "checksum"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 1)
				op := w.operator()
				w.Put(40)
				var died once
				remove := w.S3.Control("CompleteMultipartUpload", func(c faults.Call, next func()) error {
					if stepOf(c) == "complete journal" && died.first() {
						w.Worker(1).Kill()
					}
					return faults.ErrLost
				})
				w.Start(Settings{})
				w.eventually(time.Minute, "death", died.happened)
				w.Worker(1).Gone()
				remove()
				key := w.batchItem(op)
				mend := c.damage(op, key)
				wk := w.Start(Settings{})
				time.Sleep(time.Minute)
				calls := w.Dynamo.Calls() + w.S3.Calls()
				time.Sleep(5 * time.Minute)
				if n := w.Dynamo.Calls() + w.S3.Calls() - calls; n > 1000 {
					t.Errorf("%d calls in five minutes", n)
				}
				if !wk.says(c.says...) {
					t.Errorf("troubles are %v and %v", wk.Consumer.Troubles(), wk.Sink.Troubles())
				}
				if n := len(w.Delivered("clicks/")); n != 0 {
					t.Errorf("%d records became visible on the word of what is damaged", n)
				}
				mend()
				w.Exactly(time.Minute, "clicks/")
				if err := wk.Stop(); err != nil {
					t.Fatal(err)
				}
				if tr := append(wk.Consumer.Troubles(), wk.Sink.Troubles()...); len(tr) != 0 {
					t.Errorf("troubles remain: %v", tr)
				}
			})
		})
	}
}

// batchItem is the key of the only batch item.
func (w *World) batchItem(op operator) string {
	w.T.Helper()
	out, err := op.db.Scan(w.T.Context(), &dynamodb.ScanInput{TableName: aws.String(Tables), ConsistentRead: aws.Bool(true)})
	if err != nil {
		w.T.Fatal(err)
	}
	for _, row := range out.Items {
		if k := row["leaseKey"].(*types.AttributeValueMemberS).Value; strings.HasPrefix(k, "standpipe#batch#") {
			return k
		}
	}
	w.T.Fatal("no batch item in the table")
	return ""
}

// What the application's row says decides where shards without a row begin: nobody starts on a damaged one.
func TestDamagedApplicationRowRefusesTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		op := w.operator()
		w.Put(5)
		wk := w.Start(Settings{})
		w.Exactly(time.Minute, "clicks/")
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
		row := op.row("standpipe#application")
		row["startCheckpoint"] = text("yesterday")
		op.put(row)
		again := w.Start(Settings{})
		again.Gone()
		err := again.err
		if err == nil || !strings.Contains(err.Error(), "read row standpipe#application of table "+Tables+": startCheckpoint is") {
			t.Errorf("got %v", err)
		}
	})
}

// A GetRecords answer that is no answer is asked for again, however long it takes, and nothing of it is delivered.
func TestDamagedAnswersAreAskedForAgain(t *testing.T) {
	for name, damage := range map[string]func(body []byte) []byte{
		"cut short": func(b []byte) []byte { return b[:len(b)/2] },
		"no data": func(b []byte) []byte { // in CBOR no string of bytes, in JSON no base64
			return bytes.Replace(bytes.Replace(b, []byte("\x64Data"), []byte("\x64Data\xff"), 1), []byte(`"Data":"`), []byte(`"Data":"!`), 1)
		},
		"no sequence":       func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("SequenceNumber"), []byte("SequenceNumbe_")) },
		"a page of HTML":    func([]byte) []byte { return []byte("<html>captive portal</html>") },
		"nothing":           func([]byte) []byte { return []byte{} },
		"a number too many": func(b []byte) []byte { return append(b, '7') },
		"endless":           func([]byte) []byte { return bytes.Repeat([]byte("["), 33<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 1)
				w.Put(30)
				damaged := int32(8)
				if name == "endless" {
					damaged = 2 // each takes long to read
				}
				var n atomic.Int32
				w.damageAnswers(func(body []byte) []byte {
					if n.Add(1) <= damaged {
						return damage(body)
					}
					return body
				})
				wk := w.Start(Settings{})
				w.Exactly(2*time.Minute, "clicks/")
				if err := wk.Stop(); err != nil {
					t.Fatal(err)
				}
				if n.Load() <= damaged {
					t.Errorf("only %d answers were damaged", n.Load())
				}
			})
		})
	}
}

// damageAnswers changes the bodies of successful GetRecords answers on their way to the workers started from now on.
func (w *World) damageAnswers(change func(body []byte) []byte) {
	next := w.net
	w.net = roundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err != nil || resp.StatusCode != http.StatusOK || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetRecords") {
			return resp, err
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		body = change(body)
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		return resp, nil
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
