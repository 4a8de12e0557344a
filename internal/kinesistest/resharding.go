package kinesistest

import (
	"math/big"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// split divides a shard in its middle and waits for the children.
func (r *run) split(sh types.Shard) (left, right, parent types.Shard) {
	r.Helper()
	lo, _ := new(big.Int).SetString(*sh.HashKeyRange.StartingHashKey, 10)
	hi, _ := new(big.Int).SetString(*sh.HashKeyRange.EndingHashKey, 10)
	mid := lo.Add(lo, hi).Rsh(lo, 1).String()
	before := len(r.shards())
	_ = must[*kinesis.SplitShardOutput](r)(r.Client.SplitShard(r.ctx, &kinesis.SplitShardInput{
		StreamName: &r.Stream, ShardToSplit: sh.ShardId, NewStartingHashKey: &mid,
	}))
	shards := r.resharded(before + 2)
	for _, c := range shards {
		if aws.ToString(c.ParentShardId) != *sh.ShardId {
			continue
		}
		if *c.HashKeyRange.StartingHashKey == mid {
			right = c
		} else {
			left = c
		}
	}
	if left.ShardId == nil || right.ShardId == nil {
		r.Fatalf("%s has no two children", *sh.ShardId)
	}
	return left, right, shards[*sh.ShardId]
}

// closedBefore checks that a closed parent ends below the start of its child.
func (r *run) closedBefore(parent, child types.Shard) {
	r.Helper()
	if parent.SequenceNumberRange.EndingSequenceNumber == nil {
		r.Fatalf("%s is not closed", *parent.ShardId)
	}
	if child.SequenceNumberRange.EndingSequenceNumber != nil {
		r.Errorf("%s is not open", *child.ShardId)
	}
	if r.compare(child.SequenceNumberRange.StartingSequenceNumber, parent.SequenceNumberRange.StartingSequenceNumber) <= 0 {
		r.Errorf("%s starts at %s, not above its parent's start", *child.ShardId, *child.SequenceNumberRange.StartingSequenceNumber)
	}
}

func splitMakesTwoChildren(r *run) {
	sh := r.shards()[0]
	left, right, parent := r.split(sh)
	for _, child := range []types.Shard{left, right} {
		r.closedBefore(parent, child)
		if child.AdjacentParentShardId != nil {
			r.Errorf("%s has an adjacent parent %s", *child.ShardId, *child.AdjacentParentShardId)
		}
	}
	if *left.HashKeyRange.StartingHashKey != *sh.HashKeyRange.StartingHashKey || *right.HashKeyRange.EndingHashKey != *sh.HashKeyRange.EndingHashKey {
		r.Errorf("the children have %v and %v of %v", *left.HashKeyRange, *right.HashKeyRange, *sh.HashKeyRange)
	}
	if parent.ParentShardId != nil {
		r.Errorf("a first shard has a parent %s", *parent.ParentShardId)
	}
}

func mergeMakesOneChild(r *run) {
	shards := r.shards()
	_ = must[*kinesis.MergeShardsOutput](r)(r.Client.MergeShards(r.ctx, &kinesis.MergeShardsInput{
		StreamName: &r.Stream, ShardToMerge: shards[0].ShardId, AdjacentShardToMerge: shards[1].ShardId,
	}))
	for _, child := range r.resharded(3) {
		if child.ParentShardId == nil {
			continue
		}
		if *child.ParentShardId != *shards[0].ShardId || aws.ToString(child.AdjacentParentShardId) != *shards[1].ShardId {
			r.Errorf("the child's parents are %s and %s", *child.ParentShardId, aws.ToString(child.AdjacentParentShardId))
		}
		if *child.HashKeyRange.StartingHashKey != "0" || *child.HashKeyRange.EndingHashKey != "340282366920938463463374607431768211455" {
			r.Errorf("the child has %v", *child.HashKeyRange)
		}
		out := r.put("any", []byte("x"))
		if *out.ShardId != *child.ShardId {
			r.Errorf("after the merge a record went to %s", *out.ShardId)
		}
		return
	}
	r.Error("no child after the merge")
}

func closedShardEnds(r *run) {
	shard, seqs, texts := r.fill(4)
	index := slices.IndexFunc(r.shards(), func(sh types.Shard) bool { return *sh.ShardId == shard })
	open := r.horizon(shard)
	left, right, parent := r.split(r.shards()[index])
	after := r.put("same key", []byte("to a child"))
	if *after.ShardId != *left.ShardId && *after.ShardId != *right.ShardId {
		r.Fatalf("after the split a record went to %s", *after.ShardId)
	}
	if r.compare(after.SequenceNumber, &seqs[len(seqs)-1]) <= 0 || r.compare(after.SequenceNumber, parent.SequenceNumberRange.EndingSequenceNumber) <= 0 {
		r.Errorf("the child's record %s does not follow the parent's last, %s, and end, %s", *after.SequenceNumber,
			seqs[len(seqs)-1], *parent.SequenceNumberRange.EndingSequenceNumber)
	}
	for name, it := range map[string]*string{"an iterator from before the split": open, "an iterator from after the split": r.horizon(shard)} {
		got, out := r.read(it, len(texts))
		for out.NextShardIterator != nil {
			r.pause()
			out = r.get(out.NextShardIterator, 0)
			got = append(got, out.Records...)
		}
		if !slices.Equal(data(got), texts) {
			r.Errorf("%s read %q", name, data(got))
		}
		children := map[string]bool{*left.ShardId: true, *right.ShardId: true}
		for _, c := range out.ChildShards {
			if !children[*c.ShardId] || !slices.Equal(c.ParentShards, []string{shard}) {
				r.Errorf("%s gave the child %s of %q", name, *c.ShardId, c.ParentShards)
			}
			delete(children, *c.ShardId)
		}
		if len(children) != 0 {
			r.Errorf("%s ended without the children %v", name, children)
		}
		r.pause()
	}
	if got, _ := r.read(r.horizon(*after.ShardId), 1); !slices.Equal(data(got), []string{"to a child"}) {
		r.Errorf("the child begins with %q", data(got))
	}
	// A reader stopped at the parent's last record finds the end again.
	out := r.get(r.iterator(kinesis.GetShardIteratorInput{ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeAfterSequenceNumber,
		StartingSequenceNumber: &seqs[len(seqs)-1]}), 0)
	for out.NextShardIterator != nil {
		r.pause()
		out = r.get(out.NextShardIterator, 0)
	}
	if len(out.Records) != 0 {
		r.Errorf("read %q after the parent's last record", data(out.Records))
	}
}

func listShardsPages(r *run) {
	_, _, _ = r.split(r.shards()[0])
	var ids []string
	in := &kinesis.ListShardsInput{StreamName: &r.Stream, MaxResults: aws.Int32(3)}
	pages := 0
	for {
		out := must[*kinesis.ListShardsOutput](r)(r.Client.ListShards(r.ctx, in))
		pages++
		for _, sh := range out.Shards {
			ids = append(ids, *sh.ShardId)
		}
		if out.NextToken == nil {
			break
		}
		in = &kinesis.ListShardsInput{NextToken: out.NextToken, MaxResults: aws.Int32(3)}
	}
	want := []string{"shardId-000000000000", "shardId-000000000001", "shardId-000000000002", "shardId-000000000003"}
	if pages != 2 || !slices.Equal(ids, want) {
		r.Errorf("%d pages with %q", pages, ids)
	}
	out := must[*kinesis.ListShardsOutput](r)(r.Client.ListShards(r.ctx, &kinesis.ListShardsInput{
		StreamName: &r.Stream, ExclusiveStartShardId: &want[1],
	}))
	if len(out.Shards) != 2 || *out.Shards[0].ShardId != want[2] {
		r.Errorf("%d shards after %s", len(out.Shards), want[1])
	}
}
