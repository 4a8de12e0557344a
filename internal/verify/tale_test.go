package verify

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/consumer"
	"standpipe/internal/dynamofake"
	"standpipe/internal/endtoend"
	"standpipe/internal/kinesisfake"
	"standpipe/internal/s3fake"
	"standpipe/sink"
)

// tale is a history told by hand: what the sink would leave, and what it never would.
type tale struct {
	*lab
	now    time.Time
	n      int
	prefix string // of objects
}

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

func newTale(t *testing.T) *tale {
	t.Helper()
	w := &tale{now: noon, prefix: "clicks/"}
	store, err := s3fake.New(s3fake.Options{Buckets: []string{lake}, Now: func() time.Time { return w.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w.lab = newLab(t, kinesisfake.New(kinesisfake.Options{}), dynamofake.New(dynamofake.Options{}), store)
	w.must(w.kinesis.CreateStream(endtoend.Stream, 2))
	w.create(endtoend.Tables)
	return w
}

// create makes a lease table without waiting for it, as there is nothing to wait for.
func (w *tale) create(table string) {
	w.t.Helper()
	_, err := w.database.CreateTable(w.t.Context(), &dynamodb.CreateTableInput{
		TableName: &table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("leaseKey"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("leaseKey"), KeyType: types.KeyTypeHash}},
	})
	w.must(err)
}

// told is a batch of a tale.
type told struct {
	id, journal string
	objects     []string
	made        *sink.Journal
}

// span is a range of a shard.
func span(shard, after, through string) sink.JournalShard {
	return sink.JournalShard{Shard: shard, After: after, Through: through, Records: 3}
}

// batch leaves a journal and so many objects, a minute later than the one before.
func (w *tale) batch(objects int, spans ...sink.JournalShard) *told {
	w.t.Helper()
	w.now = w.now.Add(minute)
	w.n++
	b := &told{id: fmt.Sprintf("00000000-0000-4000-8000-%012d", w.n)}
	b.made = &sink.Journal{Header: sink.JournalHeader{Version: 1, Batch: b.id, Worker: "w", Cause: sink.CauseInterval, Cut: w.now, Shards: len(spans), Objects: objects}, Shards: spans}
	for i := range objects {
		data := []byte("{}\n{}\n{}\n")
		key := fmt.Sprintf("%stest-%s-%s-%d.ndjson", w.prefix, w.now.Format(timeName), b.id, i)
		sum := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data)))
		b.made.Objects = append(b.made.Objects, sink.JournalObject{
			Upload: sink.Upload{Bucket: lake, Key: key, ID: "u", Parts: []sink.Part{{Number: 1, ETag: "e", CRC32: sum, Size: int64(len(data))}}},
			Output: "raw", Path: w.prefix, Size: int64(len(data)), Raw: int64(len(data)), Records: 3,
		})
		b.objects = append(b.objects, key)
		w.put(object{key, data, map[string]string{"standpipe-batch": b.id}})
	}
	b.journal = journals + w.now.Format(hourPath) + "test-" + w.now.Format(timeName) + "-" + b.id + ".ndjson"
	w.write(b)
	return b
}

// write stores a batch's journal, as it was made or changed.
func (w *tale) write(b *told) {
	w.t.Helper()
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	w.must(enc.Encode(b.made.Header))
	for _, s := range b.made.Shards {
		w.must(enc.Encode(s))
	}
	for _, o := range b.made.Objects {
		w.must(enc.Encode(o))
	}
	w.put(object{b.journal, text.Bytes(), nil})
}

// row stores a lease row.
func (w *tale) row(shard, checkpoint string, parents ...string) {
	w.t.Helper()
	w.must(w.table.Create(w.t.Context(), consumer.Lease{Shard: shard, Owner: "w", Epoch: 1, Checkpoint: checkpoint, Parents: parents}))
}

// verdict is what a report says of a shard.
func verdict(r *Report, shard string) Shard {
	for _, s := range r.Shards {
		if s.Shard == shard {
			return s
		}
	}
	return Shard{}
}
