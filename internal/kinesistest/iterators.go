package kinesistest

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

func iteratorBySequenceNumber(r *run) {
	shard, seqs, texts := r.fill(6)
	for _, c := range []struct {
		kind types.ShardIteratorType
		seq  int
		want []string
	}{
		{types.ShardIteratorTypeAtSequenceNumber, 0, texts},
		{types.ShardIteratorTypeAtSequenceNumber, 3, texts[3:]},
		{types.ShardIteratorTypeAfterSequenceNumber, 0, texts[1:]},
		{types.ShardIteratorTypeAfterSequenceNumber, 4, texts[5:]},
	} {
		got, _ := r.read(r.iterator(kinesis.GetShardIteratorInput{ShardId: &shard, ShardIteratorType: c.kind,
			StartingSequenceNumber: &seqs[c.seq]}), len(c.want))
		if !slices.Equal(data(got), c.want) {
			r.Errorf("%s of record %d reads %q, want %q", c.kind, c.seq, data(got), c.want)
		}
		r.pause()
	}
	// After the last record: nothing, until another comes.
	it := r.iterator(kinesis.GetShardIteratorInput{ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeAfterSequenceNumber,
		StartingSequenceNumber: &seqs[5]})
	out := r.get(it, 0)
	if len(out.Records) != 0 {
		r.Errorf("read %q after the last record", data(out.Records))
	}
	r.put("same key", []byte("later"))
	if got, _ := r.read(out.NextShardIterator, 1); !slices.Equal(data(got), []string{"later"}) {
		r.Errorf("read %q, want the record put later", data(got))
	}
	// The shard's own starting sequence number is a place too: before its first record.
	for _, sh := range r.shards() {
		if *sh.ShardId == shard {
			got, _ := r.read(r.iterator(kinesis.GetShardIteratorInput{ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber,
				StartingSequenceNumber: sh.SequenceNumberRange.StartingSequenceNumber}), 7)
			if got[0].SequenceNumber == nil || *got[0].SequenceNumber != seqs[0] {
				r.Errorf("the shard's start is before %q", got[0].Data)
			}
		}
	}
}

func iteratorLatest(r *run) {
	shard, _, _ := r.fill(3)
	it := r.iterator(kinesis.GetShardIteratorInput{ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeLatest})
	r.put("same key", []byte("later"))
	r.put("same key", []byte("last"))
	if got, _ := r.read(it, 2); !slices.Equal(data(got), []string{"later", "last"}) {
		r.Errorf("LATEST read %q", data(got))
	}
}

func iteratorByTimestamp(r *run) {
	shard, _, texts := r.fill(3)
	all, _ := r.read(r.horizon(shard), len(texts))
	first := all[2].ApproximateArrivalTimestamp
	r.pause() // so that the clock moves on
	r.put("same key", []byte("later"))
	all, _ = r.read(r.horizon(shard), len(texts)+1)
	last := all[3].ApproximateArrivalTimestamp
	if !last.After(*first) {
		r.Fatalf("records put apart arrived at %v and %v", first, last)
	}
	r.pause()
	at := func(in kinesis.GetShardIteratorInput) []string {
		in.ShardId, in.ShardIteratorType = &shard, types.ShardIteratorTypeAtTimestamp
		got, _ := r.read(r.iterator(in), 1)
		return data(got)
	}
	if got := at(kinesis.GetShardIteratorInput{Timestamp: last}); !slices.Equal(got, []string{"later"}) {
		r.Errorf("from the last record's arrival on: %q", got)
	}
	between := first.Add(last.Sub(*first) / 2)
	if got := at(kinesis.GetShardIteratorInput{Timestamp: &between}); !slices.Equal(got, []string{"later"}) {
		r.Errorf("from between the records on: %q", got)
	}
	old := all[0].ApproximateArrivalTimestamp.AddDate(0, 0, -2)
	r.pause()
	if got := at(kinesis.GetShardIteratorInput{Timestamp: &old}); len(got) != 4 {
		r.Errorf("from before the trim horizon on: %q", got)
	}
}
