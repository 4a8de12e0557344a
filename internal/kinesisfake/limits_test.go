package kinesisfake_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"standpipe/internal/kinesisfake"
)

type tooFast = *types.ProvisionedThroughputExceededException

func TestSixthReadWithinASecondIsRefused(t *testing.T) {
	clk := newClock()
	_, c := serverAt(t, clk, 2, kinesisfake.Options{})
	it := iterator(t, c, "shardId-000000000000", types.ShardIteratorTypeTrimHorizon, "")
	other := iterator(t, c, "shardId-000000000001", types.ShardIteratorTypeTrimHorizon, "")
	for range 5 {
		it = get(t, c, it).NextShardIterator
		clk.advance(100 * time.Millisecond)
	}
	_, err := c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it})
	refused[tooFast](t, "sixth read", err)
	get(t, c, other)
	clk.advance(500 * time.Millisecond)
	get(t, c, it)
	_, err = c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it})
	refused[tooFast](t, "sixth read in the second from the second on", err)
}

func TestSixthIteratorWithinASecondIsRefused(t *testing.T) {
	clk := newClock()
	_, c := serverAt(t, clk, 1, kinesisfake.Options{})
	for range 5 {
		iterator(t, c, "shardId-000000000000", types.ShardIteratorTypeLatest, "")
	}
	in := &kinesis.GetShardIteratorInput{StreamName: ptr(stream), ShardId: ptr("shardId-000000000000"), ShardIteratorType: types.ShardIteratorTypeLatest}
	_, err := c.GetShardIterator(t.Context(), in)
	refused[tooFast](t, "sixth iterator", err)
	clk.advance(time.Second)
	if _, err = c.GetShardIterator(t.Context(), in); err != nil {
		t.Error(err)
	}
}

func TestAnAnswerOfTenMebibytesBlocksFiveSeconds(t *testing.T) {
	t.Parallel()
	clk := newClock()
	s, c := serverAt(t, clk, 1, kinesisfake.Options{})
	mebibyte := strings.Repeat("x", 1<<20-1)
	for range 12 {
		put(t, s, "k", mebibyte)
	}
	out := get(t, c, iterator(t, c, "shardId-000000000000", types.ShardIteratorTypeTrimHorizon, ""))
	if len(out.Records) != 10 {
		t.Fatalf("%d MiB in one answer", len(out.Records))
	}
	clk.advance(4999 * time.Millisecond)
	_, err := c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: out.NextShardIterator})
	refused[tooFast](t, "read within 5 s", err)
	clk.advance(time.Millisecond)
	if out = get(t, c, out.NextShardIterator); len(out.Records) != 2 {
		t.Errorf("%d MiB left", len(out.Records))
	}
}

func TestReadersGetTwoMebibytesASecond(t *testing.T) {
	t.Parallel()
	clk := newClock()
	s, c := serverAt(t, clk, 1, kinesisfake.Options{})
	for range 60 {
		put(t, s, "k", strings.Repeat("x", 100<<10))
	}
	it := iterator(t, c, "shardId-000000000000", types.ShardIteratorTypeTrimHorizon, "")
	read, start := 0, clk.Now()
	for read < 60 {
		out, err := c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it, Limit: ptr(int32(6))})
		if err == nil {
			read += len(out.Records)
			it = out.NextShardIterator
		} else {
			refused[tooFast](t, "read", err)
		}
		clk.advance(10 * time.Millisecond)
	}
	if took := clk.Now().Sub(start).Seconds(); took < 1.4 || took > 2.5 { // the first second's 2 MB at once
		t.Errorf("6 MB took %.1f s, want about 2", took)
	}
}

func TestWriteLimitFailsSingleRecords(t *testing.T) {
	t.Parallel()
	clk := newClock()
	s, c := serverAt(t, clk, 1, kinesisfake.Options{Limits: &kinesisfake.Limits{Write: true}})
	var entries []types.PutRecordsRequestEntry
	for range 500 {
		entries = append(entries, types.PutRecordsRequestEntry{PartitionKey: ptr("k"), Data: bytes.Repeat([]byte("x"), 4<<10)})
	}
	out, err := c.PutRecords(t.Context(), &kinesis.PutRecordsInput{StreamName: ptr(stream), Records: entries})
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, a := range out.Records {
		if a.ErrorCode == nil {
			continue
		}
		failed++
		if *a.ErrorCode != "ProvisionedThroughputExceededException" || a.SequenceNumber != nil {
			t.Fatalf("a failed record is answered by %s", *a.ErrorCode)
		}
	}
	if failed != 245 || int(*out.FailedRecordCount) != failed { // 255 records of 4097 bytes fit 1 MiB
		t.Errorf("%d records failed, %d counted", failed, *out.FailedRecordCount)
	}
	stored := 0
	for _, err := range s.Records(stream) {
		if err != nil {
			t.Fatal(err)
		}
		stored++
	}
	if stored != 500-failed {
		t.Errorf("%d records stored", stored)
	}
	one := &kinesis.PutRecordInput{StreamName: ptr(stream), PartitionKey: ptr("k"), Data: bytes.Repeat([]byte("x"), 4<<10)}
	_, err = c.PutRecord(t.Context(), one)
	refused[tooFast](t, "put beyond the limit", err)
	clk.advance(time.Second)
	if _, err = c.PutRecord(t.Context(), one); err != nil {
		t.Error(err)
	}
}

func TestThousandRecordsASecond(t *testing.T) {
	clk := newClock()
	_, c := serverAt(t, clk, 1, kinesisfake.Options{Limits: &kinesisfake.Limits{Write: true}})
	entries := make([]types.PutRecordsRequestEntry, 400)
	for i := range entries {
		entries[i] = types.PutRecordsRequestEntry{PartitionKey: ptr("k"), Data: []byte("x")}
	}
	failed := int32(0)
	for range 3 {
		out, err := c.PutRecords(t.Context(), &kinesis.PutRecordsInput{StreamName: ptr(stream), Records: entries})
		if err != nil {
			t.Fatal(err)
		}
		failed += *out.FailedRecordCount
	}
	if failed != 200 {
		t.Errorf("%d of 1200 records failed", failed)
	}
}

func TestSizesOfRequests(t *testing.T) {
	t.Parallel()
	s := kinesisfake.New(kinesisfake.Options{})
	c := inProcess(s)
	ctx := t.Context()
	if _, err := c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: ptr(stream), ShardCount: ptr(int32(1)), MaxRecordSizeInKiB: ptr(int32(1024))}); err != nil {
		t.Fatal(err)
	}
	one := func(key string, size int) error {
		_, err := c.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: ptr(stream), PartitionKey: &key, Data: make([]byte, size)})
		return err
	}
	if err := one("k", 1<<20-1); err != nil {
		t.Error(err)
	}
	refused[*types.ValidationException](t, "record above the stream's size", one("k", 1<<20))
	refused[*types.ValidationException](t, "key of 257 characters", one(strings.Repeat("k", 257), 1))
	many := func(n, size int) error {
		in := &kinesis.PutRecordsInput{StreamName: ptr(stream), Records: make([]types.PutRecordsRequestEntry, n)}
		for i := range in.Records {
			in.Records[i] = types.PutRecordsRequestEntry{PartitionKey: ptr("k"), Data: make([]byte, size)}
		}
		_, err := c.PutRecords(ctx, in)
		return err
	}
	if err := many(500, 1); err != nil {
		t.Error(err)
	}
	refused[*types.ValidationException](t, "501 records", many(501, 1))
	shards, err := s.Shards(stream)
	if err != nil || shards[0].Records != 501 {
		t.Errorf("%d records stored, %v", shards[0].Records, err)
	}
	_, err = c.GetRecords(ctx, &kinesis.GetRecordsInput{
		ShardIterator: iterator(t, c, shards[0].ID, types.ShardIteratorTypeLatest, ""), Limit: ptr(int32(10_001)),
	})
	refused[*types.InvalidArgumentException](t, "limit above 10,000", err)
}
