package verify

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/internal/endtoend"
	"standpipe/sink"
)

// A batch is taken away whole, journal and objects. What is left shows that it was there.
func TestBatchTakenAwayIsMissed(t *testing.T) {
	const last, begin, next = 1, 2, 3
	for name, c := range map[string]struct {
		gone  []int
		shard string
		words []string
	}{
		"the last of an ended shard":    {[]int{last}, "a", []string{"its checkpoint is SHARD_END", "behind 20"}},
		"the first behind a split":      {[]int{begin}, "b", []string{"up to 10", "of its parent a"}},
		"all of a shard behind a split": {[]int{begin, next}, "b", []string{"up to 30", "of its parent a"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTale(t)
			batches := []*told{w.batch(1, span("a", start, "20")), w.batch(1, span("a", "20", sink.ShardEnd)), w.batch(1, span("b", start, "10")), w.batch(1, span("b", "10", "30"))}
			w.row("a", sink.ShardEnd)
			w.arrived("a")
			w.row("b", "30", "a")
			w.row("c", sink.ShardEnd, "a") // it never had a record
			w.fine(deep)
			for _, n := range c.gone {
				w.remove(batches[n].journal)
				w.remove(batches[n].objects[0])
			}
			r := w.verify(nil)
			w.only(r, Gap, append(c.words, "shard "+c.shard)...)
			if verdict(r, c.shard).Verdict != Wrong {
				t.Errorf("got %+v", verdict(r, c.shard))
			}
		})
	}
}

// Nobody knows how far a shard with a damaged row is, least of all where no journal names it.
func TestDamagedRowIsNeverFine(t *testing.T) {
	w := newTale(t)
	w.batch(1, span("a", start, "10"))
	w.row("a", "10")
	w.row("b", "10")
	w.set("b", "checkpoint", "10")
	if r, err := Run(t.Context(), w.options()); err == nil || !strings.Contains(err.Error(), "how far shard b is: read row b of table") {
		t.Errorf("got %+v, %v", r, err)
	}
}

// arrived stores in a shard's row when the last record before its checkpoint arrived, as each advance does.
func (w *tale) arrived(shard string) { w.set(shard, "checkpointTime", "1769860800000") }

// set stores a number in a row.
func (w *tale) set(shard, attribute, number string) {
	w.t.Helper()
	_, err := w.database.UpdateItem(w.t.Context(), &dynamodb.UpdateItemInput{
		TableName: aws.String(endtoend.Tables), Key: map[string]types.AttributeValue{"leaseKey": &types.AttributeValueMemberS{Value: shard}},
		UpdateExpression:          aws.String("SET " + attribute + " = :t"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":t": &types.AttributeValueMemberN{Value: number}},
	})
	w.must(err)
}

// A stopped KCL application that began at a time left a row that does not say which.
func TestTakenOverAtATimestamp(t *testing.T) {
	w := newTale(t)
	w.batch(1, span("a", "AT_TIMESTAMP", "10"))
	w.row("a", "10")
	w.row("b", "AT_TIMESTAMP")
	if s := verdict(w.fine(deep), "a"); s.Proved != "from its beginning to its checkpoint" {
		t.Errorf("got %+v", s)
	}
}
