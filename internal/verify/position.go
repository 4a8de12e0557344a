package verify

import (
	"cmp"
	"regexp"
	"strings"

	"standpipe/sink"
)

// Positions that stand for a shard's beginning, as checkpoints have them.
const (
	trimHorizon = "TRIM_HORIZON"
	latest      = "LATEST"
	atTimestamp = "AT_TIMESTAMP" // as another KCL writes it; ours say after an @ which
)

// Kinesis' sequence numbers have up to 128 digits, and no zero in front.
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Record.html
var sequence = regexp.MustCompile(`^(0|[1-9][0-9]{0,127})$`)

// isStart says whether a position is a shard's beginning: nothing of it has been delivered.
func isStart(p string) bool {
	return p == trimHorizon || p == latest || p == atTimestamp || strings.HasPrefix(p, atTimestamp+"@") && len(p) < 64
}

func isPosition(p string) bool { return isStart(p) || p == sink.ShardEnd || sequence.MatchString(p) }

// compare orders positions of a shard: its beginning, sequence numbers, its end.
func compare(a, b string) int {
	rank := func(p string) int {
		switch {
		case isStart(p):
			return -1
		case p == sink.ShardEnd:
			return 1
		}
		return 0
	}
	if x, y := rank(a), rank(b); x != y || x != 0 {
		return cmp.Compare(x, y)
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
