package leasetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"

	"standpipe/consumer"
	"standpipe/sink"
)

// Env is the server under test.
type Env struct {
	Client   *dynamodb.Client // without retries of its own
	Conflict error            // what the consumer package's error for a condition that does not hold wraps
}

// Run runs the contract as subtests of t, each with a table of its own.
func Run(t *testing.T, env Env) {
	for _, c := range []struct {
		name string
		fn   func(*suite)
	}{
		{"EnsureMakesATablePaidPerRequest", ensureMakesATablePaidPerRequest},
		{"EnsureRefusesAForeignKey", ensureRefusesAForeignKey},
		{"CreateOnlyWhatIsNotThere", createOnlyWhatIsNotThere},
		{"AcquireGivesTheRowAsItIsThen", acquireGivesTheRowAsItIsThen},
		{"AcquireAfterTheEpochMoved", acquireAfterTheEpochMoved},
		{"AcquireARowOfTheKCL", acquireARowOfTheKCL},
		{"AcquireOfOneEpochSucceedsOnce", acquireOfOneEpochSucceedsOnce},
		{"ReleaseByItsOwnerInItsEpoch", releaseByItsOwnerInItsEpoch},
		{"BeatMoves", beatMoves},
		{"SnapshotReadsAllPages", snapshotReadsAllPages},
		{"RememberOnlyTheFirst", rememberOnlyTheFirst},
		{"IntentMakesTheBatchPending", intentMakesTheBatchPending},
		{"IntentAgainIsASuccess", intentAgainIsASuccess},
		{"IntentRefusals", intentRefusals},
		{"IntentRefusedForSeveralReasons", intentRefusedForSeveralReasons},
		{"IntentIsAllOrNothing", intentIsAllOrNothing},
		{"IntentOfEndsOnly", intentOfEndsOnly},
		{"IntentOfNinetyNineShards", intentOfNinetyNineShards},
		{"IntentsForOneShardExcludeEachOther", intentsForOneShardExcludeEachOther},
		{"ItemOfANewerVersionIsNotRead", itemOfANewerVersionIsNotRead},
		{"AdvanceMovesTheCheckpoints", advanceMovesTheCheckpoints},
		{"AdvanceAsksForNoOwner", advanceAsksForNoOwner},
		{"AdvanceTwice", advanceTwice},
		{"MarkOnce", markOnce},
		{"ClearFreesTheRowsInANewEpoch", clearFreesTheRowsInANewEpoch},
		{"ClearTwice", clearTwice},
		{"ClearedBatchIsNeverPromisedAgain", clearedBatchIsNeverPromisedAgain},
		{"AdvanceAndUndoExcludeEachOther", advanceAndUndoExcludeEachOther},
		{"AdvanceAndMarkAtOnce", advanceAndMarkAtOnce},
		{"RowsOfAnotherBatchStay", rowsOfAnotherBatchStay},
		{"RemoveOnlyWhatIsFinished", removeOnlyWhatIsFinished},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &suite{T: t, Env: env, name: "leasetest-" + rand.Text()}
			s.table = consumer.NewTable(env.Client, s.name)
			t.Cleanup(func() {
				_, _ = env.Client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &s.name})
			})
			c.fn(s)
		})
	}
}

type suite struct {
	*testing.T
	Env
	name  string
	table *consumer.Table
}

type attrs = map[string]types.AttributeValue

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
func number(n int) types.AttributeValue { return &types.AttributeValueMemberN{Value: fmt.Sprint(n)} }
func shard(n int) string                { return fmt.Sprintf("shardId-%012d", n) }
func lease(n int, owner string) consumer.Lease {
	return consumer.Lease{Shard: shard(n), Owner: owner, Epoch: 1, Counter: 1, Checkpoint: "100"}
}

// item is a batch of owner's over shards that are all at 100 in epoch 1, up to 200.
func item(owner string, shards ...int) sink.Item {
	it := sink.Item{ID: uuid.NewString(), Owner: owner, State: sink.Committed,
		Journal: &sink.Upload{Bucket: "lake", Key: "_standpipe/j.ndjson", ID: "upload", Parts: []sink.Part{{Number: 1, ETag: `"e"`, CRC32: "AAAAAA==", Size: 7}}}}
	for _, n := range shards {
		it.Spans = append(it.Spans, sink.Span{Shard: shard(n), Epoch: 1, After: "100", Through: "200"})
	}
	return it
}

// with gives the suite's table these rows.
func (s *suite) with(rows ...consumer.Lease) *consumer.Table {
	s.Helper()
	s.create("leaseKey")
	for _, l := range rows {
		s.must(s.table.Create(s.Context(), l))
	}
	return s.table
}

func (s *suite) create(key string) {
	s.Helper()
	_, err := s.Client.CreateTable(s.Context(), &dynamodb.CreateTableInput{
		TableName: &s.name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: &key, AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: &key, KeyType: types.KeyTypeHash}},
	})
	s.must(err)
	active := dynamodb.NewTableExistsWaiter(s.Client)
	s.must(active.Wait(s.Context(), &dynamodb.DescribeTableInput{TableName: &s.name}, time.Minute))
}

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// conflict wants the answer that a condition did not hold and nothing was changed.
func (s *suite) conflict(err error) {
	s.Helper()
	if !errors.Is(err, s.Conflict) {
		s.Fatalf("got %v, want a conflict", err)
	}
}

// refused wants a definite no.
func (s *suite) refused(err error) *sink.RefusedError {
	s.Helper()
	var no *sink.RefusedError
	if !errors.As(err, &no) {
		s.Fatalf("got %v, want a refusal", err)
	}
	if len(no.Reasons) == 0 {
		s.Errorf("the refusal %v has no reasons", no)
	}
	return no
}

func (s *suite) row(n int) consumer.Lease {
	s.Helper()
	l, err := s.table.Lease(s.Context(), shard(n))
	s.must(err)
	if l == nil {
		s.Fatalf("no row for %s", shard(n))
	}
	return *l
}

func (s *suite) wantRow(want consumer.Lease) {
	s.Helper()
	l, err := s.table.Lease(s.Context(), want.Shard)
	s.must(err)
	if l == nil || fmt.Sprint(*l) != fmt.Sprint(want) {
		s.Fatalf("row is %+v\nwant   %+v", l, want)
	}
}

// wantItem looks at a batch item; state "" wants none.
func (s *suite) wantItem(id string, state sink.State) {
	s.Helper()
	it, err := s.table.Item(s.Context(), id)
	s.must(err)
	switch {
	case it == nil && state != "":
		s.Fatalf("no item of batch %s, want one %s", id, state)
	case it != nil && it.State != state:
		s.Fatalf("item of batch %s is %s, want %q", id, it.State, state)
	}
}

// raw reads a row with all its attributes.
func (s *suite) raw(key string) attrs {
	s.Helper()
	out, err := s.Client.GetItem(s.Context(), &dynamodb.GetItemInput{TableName: &s.name, Key: attrs{"leaseKey": str(key)}, ConsistentRead: aws.Bool(true)})
	s.must(err)
	return out.Item
}

func (s *suite) putRaw(row attrs) {
	s.Helper()
	_, err := s.Client.PutItem(s.Context(), &dynamodb.PutItemInput{TableName: &s.name, Item: row})
	s.must(err)
}

// sameRaw wants a row to be byte for byte what it was.
func (s *suite) sameRaw(key string, before attrs) {
	s.Helper()
	after := s.raw(key)
	if a, b := text(after), text(before); a != b {
		s.Fatalf("%s has changed\nfrom %s\nto   %s", key, b, a)
	}
}

func text(row attrs) string {
	out := ""
	for _, name := range slices.Sorted(maps.Keys(row)) {
		switch v := row[name].(type) {
		case *types.AttributeValueMemberS:
			out += fmt.Sprintf("%s=%q ", name, v.Value)
		case *types.AttributeValueMemberN:
			out += fmt.Sprintf("%s=%s ", name, v.Value)
		case *types.AttributeValueMemberSS:
			set := slices.Clone(v.Value)
			slices.Sort(set)
			out += fmt.Sprintf("%s=%q ", name, set)
		default:
			out += fmt.Sprintf("%s=%T ", name, v)
		}
	}
	return out
}
