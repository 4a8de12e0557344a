package endtoend

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/consumer"
	"standpipe/internal/kinesistest"
)

func (w *World) raw(data []byte) (shard, seq string) {
	w.T.Helper()
	shard, seq, err := w.Kinesis.Put(Stream, "key", data)
	if err != nil {
		w.T.Fatal(err)
	}
	return shard, seq
}

// Nothing that anybody can put into the stream stops it: each record is delivered or, byte for byte, in the
// error output.
func TestHostileRecords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		size := 10<<20 - 100
		if raced {
			size = 1 << 20 // internal/footprint gives the program the largest ones
		}
		large := append(append([]byte(`{"id":1,"text":"`), bytes.Repeat([]byte("x"), size)...), `"}`...)
		nested := kinesistest.Nested(2, "k", kinesistest.UserRecord{PartitionKey: "k", Data: []byte("x")})
		bad := [][]byte{
			nil, []byte(" \n"), []byte("no json"), []byte(`{"id":`), []byte("{\"id\":\"\xff\"}"), []byte(`{"a":1,}`), {0}, {0xf3, 0x89, 0x9a, 0xc2},
			bytes.Repeat([]byte("["), 1_000_000), kinesistest.Undecodable(), nested, kinesistest.KeyIndexOutOfRange(kinesistest.UserRecord{PartitionKey: "k", Data: []byte("x")}),
			append([]byte(`{"rawData":`), bytes.Repeat([]byte("9"), 1<<20)...), []byte("SHARD_END"), []byte("\x1f\x8b\x08\x00"),
		}
		for _, b := range bad {
			w.raw(b)
		}
		w.raw(large)
		w.raw([]byte("{\n  \"id\": 2,\n  \"n\": 1.0e+02\n}"))
		w.raw(append(bytes.Repeat([]byte(`{"a":`), 100_000), append([]byte(`{"id":3}`), bytes.Repeat([]byte("}"), 100_000)...)...))
		wk := w.Start(Settings{})
		w.eventually(2*time.Minute, "3 good records", func() bool { return len(w.Lines("clicks/")) >= 3 })
		if got := w.Lines("clicks/"); len(got) != 3 || !contains(got, string(large)) || !contains(got, `{"id":2,"n":1.0e+02}`) {
			t.Errorf("%d lines", len(got))
		}
		rejected := map[string]int{}
		for _, line := range w.Lines("errors/processing-failed/") {
			var e struct {
				RawData, ErrorCode, ErrorMessage, ShardID, SequenceNumber string
				AttemptsMade                                              int
				ArrivalTimestamp, AttemptEndingTimestamp                  int64
			}
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatal(err)
			}
			data, err := base64.StdEncoding.DecodeString(e.RawData)
			if err != nil || e.ErrorCode == "" || e.ErrorMessage == "" || e.AttemptsMade != 1 || e.ArrivalTimestamp == 0 || e.ShardID != shard(0) || e.SequenceNumber == "" {
				t.Errorf("error record %.200s", line)
			}
			rejected[string(data)]++
		}
		for _, b := range bad {
			if n := rejected[string(b)]; n != 1 && !bytes.Equal(b, nested) { // an aggregate is opened once
				t.Errorf("%.20q is %d times in the error output", b, n)
			}
		}
		if len(rejected) != len(bad) {
			t.Errorf("%d kinds of records were rejected, %d are bad", len(rejected), len(bad))
		}
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func user(data string) kinesistest.UserRecord {
	return kinesistest.UserRecord{PartitionKey: "k", Data: []byte(data)}
}

// kclRow writes the row that a stopped application of AWS's KCL leaves.
func (w *World) kclRow(checkpoint string, sub int) {
	w.T.Helper()
	ctx := w.T.Context()
	db := dynamodb.NewFromConfig(w.config(&plug{next: w.net}), func(o *dynamodb.Options) { o.BaseEndpoint = aws.String("http://dynamodb") })
	if err := consumer.NewTable(db, Tables).Ensure(ctx); err != nil {
		w.T.Fatal(err)
	}
	n := func(v int) types.AttributeValue { return &types.AttributeValueMemberN{Value: fmt.Sprint(v)} }
	str := func(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
	_, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(Tables), Item: map[string]types.AttributeValue{
		"leaseKey": str(shard(0)), "leaseOwner": str("java-worker"), "leaseCounter": n(4711), "checkpoint": str(checkpoint), "checkpointSubSequenceNumber": n(sub), "ownerSwitchesSinceCheckpoint": n(1),
	}})
	if err != nil {
		w.T.Fatal(err)
	}
}

func contains(lines []string, want string) bool {
	for _, l := range lines {
		if l == want {
			return true
		}
	}
	return false
}

// The table of a stopped KCL application is taken over where it stopped, also inside an aggregate.
func TestTakeOverFromAStoppedKCL(t *testing.T) {
	for _, sub := range []int{-1, 0, 1, 2} { // -1: it stopped behind the whole aggregate's predecessor
		t.Run(fmt.Sprint(sub), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 1)
				_, before := w.raw([]byte(`{"id":100}`))
				_, seq := w.raw(kinesistest.Aggregate(user(`{"id":1}`), user(`{"id":2}`), user(`{"id":3}`)))
				w.raw([]byte(`{"id":4}`))
				checkpoint, within := seq, sub
				if sub < 0 {
					checkpoint, within = before, 0
				}
				w.kclRow(checkpoint, within)
				wk := w.Start(Settings{})
				first := sub + 2
				w.eventually(time.Minute, "the rest", func() bool { return len(w.Delivered("clicks/")) >= 4-first+1 })
				time.Sleep(10 * time.Second)
				for id, n := range w.Delivered("clicks/") {
					if id < first || n != 1 {
						t.Errorf("record %d is there %d times", id, n)
					}
				}
				if err := wk.Stop(); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}
