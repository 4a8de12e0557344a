package kinesisfake_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"standpipe/internal/kinesisfake"
)

func TestIteratorExpiresAfterFiveMinutes(t *testing.T) {
	clk := newClock()
	s, c := serverAt(t, clk, 1, kinesisfake.Options{})
	put(t, s, "k", "a")
	it := iterator(t, c, "shardId-000000000000", types.ShardIteratorTypeTrimHorizon, "")
	clk.advance(5 * time.Minute)
	next := get(t, c, it).NextShardIterator
	clk.advance(time.Millisecond)
	_, err := c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it})
	refused[*types.ExpiredIteratorException](t, "read after 5 minutes", err)
	get(t, c, next)
}

func TestListShardsTokenExpires(t *testing.T) {
	clk := newClock()
	_, c := serverAt(t, clk, 3, kinesisfake.Options{})
	out, err := c.ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: ptr(stream), MaxResults: ptr(int32(2))})
	if err != nil {
		t.Fatal(err)
	}
	clk.advance(300 * time.Second)
	if _, err = c.ListShards(t.Context(), &kinesis.ListShardsInput{NextToken: out.NextToken}); err != nil {
		t.Error(err)
	}
	_, err = c.ListShards(t.Context(), &kinesis.ListShardsInput{NextToken: out.NextToken, StreamName: ptr(stream)})
	refused[*types.InvalidArgumentException](t, "token beside a name", err)
	clk.advance(time.Second)
	_, err = c.ListShards(t.Context(), &kinesis.ListShardsInput{NextToken: out.NextToken})
	refused[*types.ExpiredNextTokenException](t, "list after 300 s", err)
}

func TestRecordsAreTrimmedAfterADay(t *testing.T) {
	clk := newClock()
	s, c := serverAt(t, clk, 1, kinesisfake.Options{Limits: &kinesisfake.Limits{}})
	shard, first := put(t, s, "k", "a")
	put(t, s, "k", "b")
	clk.advance(time.Hour)
	_, third := put(t, s, "k", "c")
	clk.advance(23*time.Hour - time.Millisecond)
	if got := texts(get(t, c, iterator(t, c, shard, types.ShardIteratorTypeTrimHorizon, ""))); got != "a b c " {
		t.Errorf("just before a day: %q", got)
	}
	before := iterator(t, c, shard, types.ShardIteratorTypeAtSequenceNumber, first)
	clk.advance(time.Millisecond)
	for name, it := range map[string]*string{
		"trim horizon":                       iterator(t, c, shard, types.ShardIteratorTypeTrimHorizon, ""),
		"after a trimmed record":             iterator(t, c, shard, types.ShardIteratorTypeAfterSequenceNumber, first),
		"an iterator older than the horizon": before,
	} {
		out := get(t, c, it)
		if got := texts(out); got != "c " {
			t.Errorf("%s reads %q", name, got)
		}
		if *out.Records[0].SequenceNumber != third {
			t.Errorf("%s reads sequence number %s, want %s", name, *out.Records[0].SequenceNumber, third)
		}
	}
	clk.advance(time.Hour)
	if out := get(t, c, iterator(t, c, shard, types.ShardIteratorTypeAfterSequenceNumber, first)); len(out.Records) != 0 || out.NextShardIterator == nil {
		t.Errorf("after two days: %q", texts(out))
	}
	var all string
	for r, err := range s.Records(stream) {
		if err != nil {
			t.Fatal(err)
		}
		all += string(r.Data)
	}
	if all != "abc" {
		t.Errorf("ever put: %q", all)
	}
}

func TestClosedShardVanishesWithItsRecords(t *testing.T) {
	clk := newClock()
	s, c := serverAt(t, clk, 1, kinesisfake.Options{})
	shard, _ := put(t, s, "k", "a")
	clk.advance(time.Hour)
	left, right, err := s.Split(stream, shard)
	if err != nil {
		t.Fatal(err)
	}
	listed := func() (ids []string, parent *string) {
		out, err := c.ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: ptr(stream)})
		if err != nil {
			t.Fatal(err)
		}
		for _, sh := range out.Shards {
			ids = append(ids, *sh.ShardId)
		}
		return ids, out.Shards[len(out.Shards)-1].ParentShardId
	}
	clk.advance(23 * time.Hour)
	out := get(t, c, iterator(t, c, shard, types.ShardIteratorTypeTrimHorizon, ""))
	if len(out.Records) != 0 || out.NextShardIterator != nil || len(out.ChildShards) != 2 {
		t.Errorf("a closed shard without records: %d records, next %v, %d children", len(out.Records), out.NextShardIterator, len(out.ChildShards))
	}
	if ids, _ := listed(); len(ids) != 3 {
		t.Errorf("a day after the record: %q", ids)
	}
	clk.advance(time.Hour)
	ids, parent := listed()
	if len(ids) != 2 || ids[0] != left || ids[1] != right || *parent != shard {
		t.Errorf("a day after the split: %q of %s", ids, *parent)
	}
	_, err = c.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{StreamName: ptr(stream), ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
	refused[*types.ResourceNotFoundException](t, "iterator of an expired shard", err)
	if all, err := s.Shards(stream); err != nil || len(all) != 3 || all[0].Records != 1 {
		t.Errorf("the server itself knows %v, %v", all, err)
	}
}

func TestTimestampInTheFutureIsRefused(t *testing.T) {
	clk := newClock()
	_, c := serverAt(t, clk, 1, kinesisfake.Options{})
	_, err := c.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{StreamName: ptr(stream), ShardId: ptr("shardId-000000000000"),
		ShardIteratorType: types.ShardIteratorTypeAtTimestamp, Timestamp: ptr(clk.Now().Add(time.Second))})
	refused[*types.InvalidArgumentException](t, "timestamp in the future", err)
}

func TestMillisBehindLatestIsTheAgeOfTheNextRecord(t *testing.T) {
	clk := newClock()
	s, c := serverAt(t, clk, 1, kinesisfake.Options{EmptyEvery: 2})
	shard, _ := put(t, s, "k", "a")
	clk.advance(time.Second)
	put(t, s, "k", "b")
	clk.advance(2 * time.Second)
	out, err := c.GetRecords(t.Context(), &kinesis.GetRecordsInput{
		ShardIterator: iterator(t, c, shard, types.ShardIteratorTypeTrimHorizon, ""), Limit: ptr(int32(1)),
	})
	if err != nil || texts(out) != "a " || *out.MillisBehindLatest != 2000 {
		t.Fatalf("%q, %v", texts(out), err)
	}
	out = get(t, c, out.NextShardIterator) // the second call is empty although there is a record
	if len(out.Records) != 0 || *out.MillisBehindLatest != 2000 {
		t.Errorf("empty answer: %q, %d ms behind", texts(out), *out.MillisBehindLatest)
	}
	out = get(t, c, out.NextShardIterator)
	if texts(out) != "b " || *out.MillisBehindLatest != 0 || !out.Records[0].ApproximateArrivalTimestamp.Equal(clk.Now().Add(-2*time.Second)) {
		t.Errorf("%q, %d ms behind, arrived %v", texts(out), *out.MillisBehindLatest, out.Records[0].ApproximateArrivalTimestamp)
	}
}
