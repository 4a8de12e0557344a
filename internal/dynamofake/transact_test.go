package dynamofake

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type writeItem = types.TransactWriteItem

func (e *env) transact(t *testing.T, token string, items ...writeItem) error {
	t.Helper()
	in := &dynamodb.TransactWriteItemsInput{TransactItems: items}
	if token != "" {
		in.ClientRequestToken = &token
	}
	_, err := e.TransactWriteItems(t.Context(), in)
	return err
}

// putNew puts an item that must not be there yet.
func (e *env) putNew(key string, more ...string) writeItem {
	it := attrs{"k": S(key)}
	for _, m := range more {
		it["v"] = S(m)
	}
	return writeItem{Put: &types.Put{TableName: &e.table, Item: it, ConditionExpression: aws.String("attribute_not_exists(k)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld}}
}

func (e *env) putAny(key string) writeItem {
	return writeItem{Put: &types.Put{TableName: &e.table, Item: attrs{"k": S(key)}}}
}

func (e *env) setTo(key, expr string, v types.AttributeValue) writeItem {
	u := &types.Update{TableName: &e.table, Key: attrs{"k": S(key)}, UpdateExpression: &expr}
	if v != nil {
		u.ExpressionAttributeValues = attrs{":v": v}
	}
	return writeItem{Update: u}
}

func (e *env) check(key, expr string) writeItem {
	return writeItem{ConditionCheck: &types.ConditionCheck{TableName: &e.table, Key: attrs{"k": S(key)}, ConditionExpression: &expr}}
}

func (e *env) remove(key string) writeItem {
	return writeItem{Delete: &types.Delete{TableName: &e.table, Key: attrs{"k": S(key)}}}
}

func canceledFor(t *testing.T, err error) []types.CancellationReason {
	t.Helper()
	var c *types.TransactionCanceledException
	if !errors.As(err, &c) {
		t.Fatalf("want TransactionCanceledException, got %v", err)
	}
	return c.CancellationReasons
}

func codes(reasons []types.CancellationReason) string {
	var out []string
	for _, r := range reasons {
		out = append(out, aws.ToString(r.Code))
	}
	return strings.Join(out, " ")
}

func TestTransactionDoesAllOrNothing(t *testing.T) {
	e := newEnv(t)
	e.put(t, attrs{"k": S("held"), "v": S("w1")})
	e.put(t, attrs{"k": S("old")})
	ok(t, e.transact(t, "", e.putNew("batch"), e.setTo("held", "SET pend = :v", S("b1")), e.remove("old"), e.check("none", "attribute_not_exists(k)")))
	same(t, "put", text(e.get(t, "batch")), text(attrs{"k": S("batch")}))
	same(t, "updated", text(e.get(t, "held")["pend"]), `"b1"`)
	same(t, "deleted", e.get(t, "old") == nil, true)
	same(t, "checked only", e.get(t, "none") == nil, true)

	err := e.transact(t, "", e.setTo("held", "SET pend = :v", S("b2")), e.putNew("batch"), e.check("none", "attribute_exists(k)"), e.remove("zz"))
	reasons := canceledFor(t, err)
	same(t, "codes", codes(reasons), "None ConditionalCheckFailed ConditionalCheckFailed None")
	same(t, "message", aws.ToString(reasons[1].Message), "The conditional request failed")
	same(t, "item asked for", text(reasons[1].Item), text(attrs{"k": S("batch")}))
	same(t, "item not asked for", len(reasons[2].Item), 0)
	same(t, "error", strings.Contains(err.Error(), "specific reasons [None, ConditionalCheckFailed, ConditionalCheckFailed, None]"), true)
	same(t, "not updated", text(e.get(t, "held")["pend"]), `"b1"`)
}

func TestTokenMakesARepetitionHarmless(t *testing.T) {
	e := newEnv(t)
	token := fmt.Sprint("t", time.Now().UnixNano())
	ok(t, e.transact(t, token, e.putNew("a")))
	ok(t, e.transact(t, token, e.putNew("a")))
	_, err := e.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &e.table, Key: attrs{"k": S("a")}})
	ok(t, err)
	ok(t, e.transact(t, token, e.putNew("a")))
	same(t, "done again", e.get(t, "a") != nil, false)
	refused(t, e.transact(t, token, e.putNew("a", "other")), "IdempotentParameterMismatchException", "")
	refused(t, e.transact(t, token, e.putNew("b")), "IdempotentParameterMismatchException", "")

	// A transaction that was cancelled is not remembered.
	e.put(t, attrs{"k": S("c")})
	canceledFor(t, e.transact(t, token+"c", e.putNew("c")))
	_, err = e.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &e.table, Key: attrs{"k": S("c")}})
	ok(t, err)
	ok(t, e.transact(t, token+"c", e.putNew("c")))
	same(t, "done at last", e.get(t, "c") != nil, true)
}

func TestTokenIsForgottenAfterTenMinutes(t *testing.T) {
	e := newEnv(t)
	e.fakeOnly(t)
	ok(t, e.transact(t, "token", e.putNew("a")))
	e.clock.advance(10*time.Minute - time.Millisecond)
	ok(t, e.transact(t, "token", e.putNew("a")))
	e.clock.advance(time.Millisecond)
	same(t, "codes", codes(canceledFor(t, e.transact(t, "token", e.putNew("a")))), "ConditionalCheckFailed")
}

func TestBadTransactionsAreRefused(t *testing.T) {
	e := newEnv(t)
	var many, big []writeItem
	for i := range 101 {
		many = append(many, e.putAny(fmt.Sprint(i)))
	}
	for i := range 11 {
		big = append(big, writeItem{Put: &types.Put{TableName: &e.table, Item: attrs{"k": S(fmt.Sprint(i)), "a": S(strings.Repeat("y", 400_000))}}})
	}
	bad := e.putAny("b")
	bad.Put.ConditionExpression = aws.String("owner = a")
	two := e.putAny("a")
	two.Delete = e.remove("b").Delete
	for _, c := range []struct {
		items []writeItem
		want  string
	}{
		{[]writeItem{e.putAny("a"), e.remove("a")}, "Transaction request cannot include multiple operations on one item"},
		{[]writeItem{e.putAny("a"), bad}, "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: owner"},
		{[]writeItem{two}, "TransactItems can only contain one of Check, Put, Update or Delete"},
		{[]writeItem{{}}, ""}, {[]writeItem{}, ""}, {many, ""},
		{big, "Transaction payload size cannot exceed 4MB. Payload Size: 4400034"},
	} {
		refused(t, e.transact(t, "", c.items...), "ValidationException", c.want)
	}
	ok(t, e.transact(t, "", many[:100]...))
	missing := e.putAny("a")
	missing.Put.TableName = aws.String("no-such-table")
	refused(t, e.transact(t, "", missing), "ResourceNotFoundException", "")
	refused(t, e.transact(t, strings.Repeat("x", 37), e.putAny("a")), "ValidationException", "")
}

func TestWritesThatCanNotBeDoneCancel(t *testing.T) {
	e := newEnv(t)
	e.put(t, attrs{"k": S("full"), "a": S(strings.Repeat("y", 400<<10-6))})
	reasons := canceledFor(t, e.transact(t, "", e.putAny("a"), e.setTo("full", "SET b = :v", S("yyyyy"))))
	same(t, "codes", codes(reasons), "None ValidationError")
	same(t, "message", aws.ToString(reasons[1].Message), "Item size to update has exceeded the maximum allowed size")
	if e.server != nil { // DynamoDB Local answers a ValidationException to the whole
		reasons = canceledFor(t, e.transact(t, "", e.putAny("a"), e.setTo("b", "SET a = zz", nil)))
		same(t, "codes", codes(reasons), "None ValidationError")
		same(t, "message", aws.ToString(reasons[1].Message), "The provided expression refers to an attribute that does not exist in the item")
	}
	same(t, "nothing done", e.get(t, "a") == nil, true)
}

func TestTransactGetItems(t *testing.T) {
	e := newEnv(t)
	e.put(t, sample())
	get := func(key string) types.TransactGetItem {
		return types.TransactGetItem{Get: &types.Get{TableName: &e.table, Key: attrs{"k": S(key)}, ProjectionExpression: aws.String("n")}}
	}
	out, err := e.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{get("none"), get("a")}})
	ok(t, err)
	same(t, "answers", len(out.Responses), 2)
	same(t, "absent", len(out.Responses[0].Item), 0)
	same(t, "item", text(out.Responses[1].Item), text(attrs{"n": N("5")}))
	_, err = e.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{get("a"), get("a")}})
	refused(t, err, "ValidationException", "Transaction request cannot include multiple operations on one item")
}
