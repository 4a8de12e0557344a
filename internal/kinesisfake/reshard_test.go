package kinesisfake_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"standpipe/internal/kinesisfake"
)

// Four producers put while the stream is split and merged; reading every shard to its end, or to its tip, must
// give each record once, in the order of its shard, children after parents.
func TestPutsDuringResharding(t *testing.T) {
	const producers, each = 4, 2000
	clk := newClock()
	s, c := serverAt(t, clk, 2, kinesisfake.Options{Limits: &kinesisfake.Limits{}})
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := range each {
				if _, _, err := s.Put(stream, fmt.Sprint(p, "-", i%50), []byte(fmt.Sprint(p, " ", i))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	open := []string{"shardId-000000000000", "shardId-000000000001"}
	for range 10 {
		left, right, err := s.Split(stream, open[0])
		if err != nil {
			t.Fatal(err)
		}
		clk.advance(time.Millisecond)
		child, err := s.Merge(stream, left, right)
		if err != nil {
			t.Fatal(err)
		}
		open[0] = child
	}
	wg.Wait()

	shards, err := s.Shards(stream)
	if err != nil {
		t.Fatal(err)
	}
	if len(shards) != 2+10*3 {
		t.Fatalf("%d shards", len(shards))
	}
	seen := map[string]bool{}
	last := map[string]string{} // by shard
	for _, sh := range shards {
		it := iterator(t, c, sh.ID, types.ShardIteratorTypeTrimHorizon, "")
		below := sh.Start
		for it != nil {
			out := get(t, c, it)
			for _, r := range out.Records {
				if seen[string(r.Data)] {
					t.Fatalf("%s was read twice", r.Data)
				}
				seen[string(r.Data)] = true
				if *r.SequenceNumber <= below { // all have 56 digits
					t.Fatalf("%s follows %s in %s", *r.SequenceNumber, below, sh.ID)
				}
				below = *r.SequenceNumber
			}
			it = out.NextShardIterator
			if *out.MillisBehindLatest == 0 && sh.End == "" {
				break
			}
		}
		last[sh.ID] = below
		for _, parent := range []string{sh.Parent, sh.AdjacentParent} {
			if parent != "" && sh.Start <= last[parent] {
				t.Errorf("%s starts at %s, %s ended at %s", sh.ID, sh.Start, parent, last[parent])
			}
		}
		if sh.End != "" && sh.End <= below {
			t.Errorf("%s ends at %s, its last record is %s", sh.ID, sh.End, below)
		}
	}
	if len(seen) != producers*each {
		t.Errorf("%d of %d records read", len(seen), producers*each)
	}
	n := 0
	for r, err := range s.Records(stream) {
		if err != nil {
			t.Fatal(err)
		}
		if !seen[string(r.Data)] {
			t.Errorf("%s of %s was not read", r.Data, r.Shard)
		}
		n++
	}
	if n != len(seen) {
		t.Errorf("%d records listed", n)
	}
}

func TestDirectCallsSayWhatWentWrong(t *testing.T) {
	s, _ := serverAt(t, newClock(), 3, kinesisfake.Options{})
	_, _, put := s.Put("nobody", "k", nil)
	_, _, split := s.Split(stream, "shardId-000000000009")
	_, merge := s.Merge(stream, "shardId-000000000000", "shardId-000000000002")
	for err, want := range map[error]string{
		put:                          "put into nobody: ResourceNotFoundException: Stream nobody under account 000000000000 not found.",
		split:                        "split shardId-000000000009 of clicks: ResourceNotFoundException: Could not find shard shardId-000000000009 in stream clicks under account 000000000000.",
		merge:                        "merge shardId-000000000000 and shardId-000000000002 of clicks: InvalidArgumentException: Shards shardId-000000000000 and shardId-000000000002 in stream clicks under account 000000000000 are not an adjacent pair of shards eligible for merging",
		s.CreateStream(stream, 1):    "create stream clicks: ResourceInUseException: Stream clicks under account 000000000000 already exists.",
		firstError(s, "nobody else"): "list records of nobody else: ResourceNotFoundException: Stream nobody else under account 000000000000 not found.",
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

func firstError(s *kinesisfake.Server, name string) error {
	for _, err := range s.Records(name) {
		return err
	}
	return nil
}
