package kinesistest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// fill puts n records with one key and gives their shard, sequence numbers and data.
func (r *run) fill(n int) (shard string, seqs, texts []string) {
	r.Helper()
	for i := range n {
		text := fmt.Sprint("record ", len(texts))
		out := r.put("same key", []byte(text))
		if i > 0 && *out.ShardId != shard {
			r.Fatalf("one partition key went to %s and %s", shard, *out.ShardId)
		}
		shard = *out.ShardId
		seqs, texts = append(seqs, *out.SequenceNumber), append(texts, text)
	}
	return shard, seqs, texts
}

func recordsOfAShardStayInOrder(r *run) {
	shard, seqs, texts := r.fill(20)
	got, _ := r.read(r.horizon(shard), len(texts))
	if !slices.Equal(data(got), texts) {
		r.Errorf("read %q", data(got))
	}
	for i, rec := range got {
		if *rec.SequenceNumber != seqs[i] || *rec.PartitionKey != "same key" {
			r.Errorf("record %d is %s of %q, put as %s", i, *rec.SequenceNumber, *rec.PartitionKey, seqs[i])
		}
		if i > 0 && r.compare(got[i-1].SequenceNumber, rec.SequenceNumber) >= 0 {
			r.Errorf("sequence numbers do not increase: %s, %s", seqs[i-1], seqs[i])
		}
	}
}

func putRecordsAnswersInOrder(r *run) {
	var in []types.PutRecordsRequestEntry
	for i := range 30 {
		in = append(in, types.PutRecordsRequestEntry{PartitionKey: aws.String(fmt.Sprint("key", i)), Data: []byte(fmt.Sprint(i))})
	}
	out := must[*kinesis.PutRecordsOutput](r)(r.Client.PutRecords(r.ctx, &kinesis.PutRecordsInput{StreamName: &r.Stream, Records: in}))
	if *out.FailedRecordCount != 0 || len(out.Records) != len(in) {
		r.Fatalf("%d failed, %d answers", *out.FailedRecordCount, len(out.Records))
	}
	want := map[string]map[string]string{} // shard, sequence number, data
	for i, a := range out.Records {
		if want[*a.ShardId] == nil {
			want[*a.ShardId] = map[string]string{}
		}
		want[*a.ShardId][*a.SequenceNumber] = string(in[i].Data)
	}
	if len(want) != 2 {
		r.Errorf("30 keys went to %d of 2 shards", len(want))
	}
	for shard, bySeq := range want {
		got, _ := r.read(r.horizon(shard), len(bySeq))
		for _, rec := range got {
			if bySeq[*rec.SequenceNumber] != string(rec.Data) {
				r.Errorf("%s of %s is %q, put as %q", *rec.SequenceNumber, shard, rec.Data, bySeq[*rec.SequenceNumber])
			}
		}
	}
}

func explicitHashKeyChoosesTheShard(r *run) {
	for _, sh := range r.shards() {
		for _, hash := range []*string{sh.HashKeyRange.StartingHashKey, sh.HashKeyRange.EndingHashKey} {
			out := must[*kinesis.PutRecordOutput](r)(r.Client.PutRecord(r.ctx, &kinesis.PutRecordInput{
				StreamName: &r.Stream, PartitionKey: aws.String("k"), ExplicitHashKey: hash, Data: []byte("x"),
			}))
			if *out.ShardId != *sh.ShardId {
				r.Errorf("hash key %s went to %s, want %s", *hash, *out.ShardId, *sh.ShardId)
			}
		}
	}
}

func keysAndDataComeBackAsTheyWere(r *run) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, key := range []string{"plain", `"quoted\"`, "tab\tnewline\n", "ключ 鍵 🔑", "<&>\u2028", strings.Repeat("ä", 256)} {
		for _, value := range [][]byte{all, {0}, []byte("{\"a\":1}\n")} {
			put := r.put(key, value)
			got, _ := r.read(r.iterator(kinesis.GetShardIteratorInput{ShardId: put.ShardId,
				ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: put.SequenceNumber}), 1)
			if *got[0].PartitionKey != key || !bytes.Equal(got[0].Data, value) {
				r.Errorf("put %q %q, got %q %q", key, value, *got[0].PartitionKey, got[0].Data)
			}
			r.pause()
		}
	}
}

func limitPagesWithoutGap(r *run) {
	shard, _, texts := r.fill(8)
	var got []string
	for it := r.horizon(shard); len(got) < len(texts); r.pause() {
		out := r.get(it, 3)
		if len(out.Records) > 3 {
			r.Fatalf("%d records with a limit of 3", len(out.Records))
		}
		got = append(got, data(out.Records)...)
		it = out.NextShardIterator
	}
	if !slices.Equal(got, texts) {
		r.Errorf("read %q", got)
	}
}

func arrivalIsServerTime(r *run) {
	const skew = time.Minute // between the server's clock and this one
	before := time.Now()
	shard, _, texts := r.fill(3)
	after := time.Now()
	got, _ := r.read(r.horizon(shard), len(texts))
	for _, rec := range got {
		at := *rec.ApproximateArrivalTimestamp
		if at.Before(before.Add(-skew)) || at.After(after.Add(skew)) {
			r.Errorf("put between %v and %v, arrived at %v", before, after, at)
		}
		if at.Nanosecond()%int(time.Millisecond) != 0 {
			r.Errorf("arrival %v is not in whole milliseconds", at)
		}
	}
}

func caughtUpReaderIsZeroBehind(r *run) {
	shard, _, texts := r.fill(5)
	_, out := r.read(r.horizon(shard), len(texts))
	for *out.MillisBehindLatest != 0 {
		r.pause()
		out = r.get(out.NextShardIterator, 0)
	}
	if out.NextShardIterator == nil {
		r.Error("an open shard gave no next iterator")
	}
}

func largeRecords(r *run) {
	sizes := []int{1 << 20}
	if r.LargeRecords {
		sizes = append(sizes, 10<<20)
	}
	for i, size := range sizes {
		key := "k"
		value := bytes.Repeat([]byte("0123456789abcdef"), size/16)[len(key):]
		put := r.put(key, value)
		got, _ := r.read(r.horizon(*put.ShardId), i+1)
		if !bytes.Equal(got[i].Data, value) {
			r.Errorf("a record of %d bytes came back changed", size)
		}
		r.pause()
	}
}
