package verify

import (
	"fmt"

	"standpipe/sink"
)

// damage is why a journal can not be believed.
type damage struct{ why string }

func (d *damage) Error() string { return d.why }

// Limits of what the sink writes.
const (
	maxShards = 99   // that a transaction takes
	maxName   = 128  // of a shard, and of an object's output
	maxKey    = 1024 // of S3
)

// senseless says why a journal that can be decoded is none that the sink has written; "" when it may be one.
func senseless(j *sink.Journal) string {
	if j.Header.Cut.IsZero() {
		return "it does not say when the batch was cut"
	}
	if n := len(j.Shards); n == 0 || n > maxShards {
		return fmt.Sprintf("it lists %d shards, a batch has 1 to %d", n, maxShards)
	}
	shards := map[string]bool{}
	for _, s := range j.Shards {
		switch {
		case s.Shard == "" || len(s.Shard) > maxName || shards[s.Shard]:
			return fmt.Sprintf("it lists shard %.128q twice, or it is no name of a shard", s.Shard)
		case !isPosition(s.After) || !isPosition(s.Through) || compare(s.After, s.Through) > 0 || s.After == s.Through && s.Records == 0 || isStart(s.Through) || s.After == sink.ShardEnd:
			return fmt.Sprintf("shard %s: (%.160q, %.160q] is no range of positions", s.Shard, s.After, s.Through)
		case s.Records < 0:
			return fmt.Sprintf("shard %s: it counts %d records", s.Shard, s.Records)
		}
		shards[s.Shard] = true
	}
	for i, o := range j.Objects {
		var parts int64
		for n, p := range o.Parts {
			if p.Size < 0 || int(p.Number) != n+1 {
				return fmt.Sprintf("object %d: its parts are not numbered, or have no size", i)
			}
			parts += p.Size
		}
		switch {
		case o.Bucket == "" || o.Key == "" || len(o.Bucket) > maxName || len(o.Key) > maxKey:
			return fmt.Sprintf("object %d: s3://%.128s/%.1100s is no address of an object", i, o.Bucket, o.Key)
		case o.Size < 0 || o.Raw < 0 || o.Records < 0 || o.Lines < 0 || len(o.Parts) == 0 || parts != o.Size:
			return fmt.Sprintf("object %d: its numbers, or the sizes of its parts, do not fit together", i)
		}
	}
	return ""
}
