package kinesisfake_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"standpipe/internal/kinesisfake"
)

func status(t *testing.T, c *kinesis.Client) types.StreamStatus {
	t.Helper()
	out, err := c.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: ptr(stream)})
	if err != nil {
		t.Fatal(err)
	}
	return out.StreamDescriptionSummary.StreamStatus
}

func TestStreamStatusTakesItsTime(t *testing.T) {
	clk := newClock()
	s := kinesisfake.New(kinesisfake.Options{Now: clk.Now, CreateDelay: time.Minute})
	c, ctx := inProcess(s), t.Context()
	if _, err := c.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: ptr(stream), ShardCount: ptr(int32(1))}); err != nil {
		t.Fatal(err)
	}
	if got := status(t, c); got != types.StreamStatusCreating {
		t.Errorf("after CreateStream: %s", got)
	}
	_, err := c.ListShards(ctx, &kinesis.ListShardsInput{StreamName: ptr(stream)})
	refused[*types.ResourceInUseException](t, "list shards of a stream in creation", err)
	_, _, err = s.Put(stream, "k", []byte("x"))
	if err == nil {
		t.Error("put into a stream in creation")
	}
	clk.advance(time.Minute)
	if got := status(t, c); got != types.StreamStatusActive {
		t.Errorf("a minute later: %s", got)
	}
	split := &kinesis.SplitShardInput{StreamName: ptr(stream), ShardToSplit: ptr("shardId-000000000000"), NewStartingHashKey: ptr("1000")}
	if _, err := c.SplitShard(ctx, split); err != nil {
		t.Fatal(err)
	}
	if got := status(t, c); got != types.StreamStatusUpdating {
		t.Errorf("after SplitShard: %s", got)
	}
	_, err = c.SplitShard(ctx, split)
	refused[*types.ResourceInUseException](t, "split while UPDATING", err)
	if shard, _ := put(t, s, "k", "x"); shard != "shardId-000000000000" {
		t.Errorf("while UPDATING a record went to %s", shard)
	}
	clk.advance(time.Minute)
	if shard, _ := put(t, s, "k", "x"); shard != "shardId-000000000002" {
		t.Errorf("after the split a record went to %s", shard)
	}
	_, err = c.SplitShard(ctx, split)
	refused[*types.InvalidArgumentException](t, "split a closed shard", err)
	if _, err := c.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: ptr(stream)}); err != nil {
		t.Fatal(err)
	}
	if got := status(t, c); got != types.StreamStatusDeleting {
		t.Errorf("after DeleteStream: %s", got)
	}
	clk.advance(time.Minute)
	_, err = c.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: ptr(stream)})
	refused[*types.ResourceNotFoundException](t, "describe a deleted stream", err)
}

func TestNewStreamOfAnOldNameIsAnother(t *testing.T) {
	clk := newClock()
	s, c := serverAt(t, clk, 1, kinesisfake.Options{})
	shard, seq := put(t, s, "k", "old")
	it := iterator(t, c, shard, types.ShardIteratorTypeTrimHorizon, "")
	if _, err := c.DeleteStream(t.Context(), &kinesis.DeleteStreamInput{StreamName: ptr(stream)}); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateStream(stream, 1); err != nil {
		t.Fatal(err)
	}
	if _, again := put(t, s, "k", "new"); again == seq {
		t.Errorf("sequence number %s was given twice", seq)
	}
	_, err := c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it})
	refused[*types.ResourceNotFoundException](t, "iterator of the deleted stream", err)
	_, err = c.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{StreamName: ptr(stream), ShardId: &shard,
		ShardIteratorType: types.ShardIteratorTypeAfterSequenceNumber, StartingSequenceNumber: &seq})
	refused[*types.InvalidArgumentException](t, "sequence number of the deleted stream", err)
}

func TestShardLimit(t *testing.T) {
	s, c := serverAt(t, newClock(), 3, kinesisfake.Options{ShardLimit: 4})
	_, err := c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: ptr("other"), ShardCount: ptr(int32(2))})
	refused[*types.LimitExceededException](t, "5 of 4 shards", err)
	if _, _, err := s.Split(stream, "shardId-000000000000"); err != nil {
		t.Error(err)
	}
	_, err = c.SplitShard(t.Context(), &kinesis.SplitShardInput{StreamName: ptr(stream), ShardToSplit: ptr("shardId-000000000001"), NewStartingHashKey: ptr("1")})
	refused[*types.LimitExceededException](t, "a split beyond the limit", err)
}

func TestListStreamsPages(t *testing.T) {
	s := kinesisfake.New(kinesisfake.Options{})
	c := inProcess(s)
	for i := range 5 {
		if err := s.CreateStream(fmt.Sprint("s", i), 1); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	pages := kinesis.NewListStreamsPaginator(c, &kinesis.ListStreamsInput{Limit: ptr(int32(2))})
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, out.StreamNames...)
		if *out.HasMoreStreams != (len(names) < 5) {
			t.Errorf("more %v after %q", *out.HasMoreStreams, names)
		}
	}
	if fmt.Sprint(names) != "[s0 s1 s2 s3 s4]" {
		t.Errorf("listed %q", names)
	}
}

func TestShardFilters(t *testing.T) {
	clk := newClock()
	s, c := serverAt(t, clk, 2, kinesisfake.Options{})
	clk.advance(time.Hour)
	if _, _, err := s.Split(stream, "shardId-000000000000"); err != nil {
		t.Fatal(err)
	}
	clk.advance(time.Hour)
	if _, err := s.Merge(stream, "shardId-000000000003", "shardId-000000000001"); err != nil {
		t.Fatal(err)
	}
	hours := func(n int) *time.Time { return ptr(newClock().Now().Add(time.Duration(n)*time.Hour + time.Minute)) }
	for _, tc := range []struct {
		filter types.ShardFilter
		want   string
	}{
		{types.ShardFilter{Type: types.ShardFilterTypeAtTrimHorizon}, "0 1 "},
		{types.ShardFilter{Type: types.ShardFilterTypeFromTrimHorizon}, "0 1 2 3 4 "},
		{types.ShardFilter{Type: types.ShardFilterTypeAtLatest}, "2 4 "},
		{types.ShardFilter{Type: types.ShardFilterTypeAfterShardId, ShardId: ptr("shardId-000000000001")}, "2 3 4 "},
		{types.ShardFilter{Type: types.ShardFilterTypeAtTimestamp, Timestamp: hours(1)}, "1 2 3 "},
		{types.ShardFilter{Type: types.ShardFilterTypeFromTimestamp, Timestamp: hours(1)}, "1 2 3 4 "},
	} {
		out, err := c.ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: ptr(stream), ShardFilter: &tc.filter})
		if err != nil {
			t.Fatal(err)
		}
		var got string
		for _, sh := range out.Shards {
			got += (*sh.ShardId)[len("shardId-00000000000"):] + " "
		}
		if got != tc.want {
			t.Errorf("%s lists %s, want %s", tc.filter.Type, got, tc.want)
		}
	}
}
