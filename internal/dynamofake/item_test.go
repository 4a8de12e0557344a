package dynamofake

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestItemsComeBackAsTheyWerePut(t *testing.T) {
	e := newEnv(t)
	it := sample()
	it["bs"] = &types.AttributeValueMemberBS{Value: [][]byte{{1}, {2, 3}}}
	it["ns"] = &types.AttributeValueMemberNS{Value: []string{"-1", "2.5"}}
	it["bool"] = &types.AttributeValueMemberBOOL{Value: false}
	it["empty"] = S("")
	it["none"], it["nothing"] = L(), M(attrs{})
	e.put(t, it)
	same(t, "item", text(e.get(t, "a")), text(it))
	same(t, "absent item", e.get(t, "b") == nil, true)
}

func TestPutAndDeleteReturnTheOldItem(t *testing.T) {
	e := newEnv(t)
	put := &dynamodb.PutItemInput{TableName: &e.table, Item: attrs{"k": S("a"), "v": N("1")}, ReturnValues: types.ReturnValueAllOld}
	out, err := e.PutItem(t.Context(), put)
	ok(t, err)
	same(t, "before the first put", len(out.Attributes), 0)
	out, err = e.PutItem(t.Context(), put)
	ok(t, err)
	same(t, "before the second", text(out.Attributes), text(put.Item))
	del := &dynamodb.DeleteItemInput{TableName: &e.table, Key: attrs{"k": S("a")}, ReturnValues: types.ReturnValueAllOld}
	gone, err := e.DeleteItem(t.Context(), del)
	ok(t, err)
	same(t, "deleted", text(gone.Attributes), text(put.Item))
	gone, err = e.DeleteItem(t.Context(), del)
	ok(t, err)
	same(t, "deleted again", len(gone.Attributes), 0)
	put.ReturnValues = types.ReturnValueAllNew
	_, err = e.PutItem(t.Context(), put)
	refused(t, err, "ValidationException", "Return values set to invalid value")
}

func TestFailedConditionShowsTheItem(t *testing.T) {
	e := newEnv(t)
	e.put(t, attrs{"k": S("a"), "leaseOwner": S("w1")})
	_, err := e.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &e.table, Key: attrs{"k": S("a")},
		UpdateExpression: aws.String("SET leaseOwner = :me"), ConditionExpression: aws.String("leaseOwner = :me"),
		ExpressionAttributeValues:           attrs{":me": S("w2")},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		t.Fatalf("got %v", err)
	}
	same(t, "item in the error", text(failed.Item), text(attrs{"k": S("a"), "leaseOwner": S("w1")}))
	_, err = e.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &e.table, Key: attrs{"k": S("b")},
		ConditionExpression:                 aws.String("attribute_exists(k)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	if !errors.As(err, &failed) {
		t.Fatalf("got %v", err)
	}
	same(t, "item that is not there", len(failed.Item), 0)
}

func TestBadItemsAreRefused(t *testing.T) {
	e := newEnv(t)
	deep := S("x")
	for range 32 {
		deep = L(deep)
	}
	for name, it := range map[string]attrs{
		"no key":           {"a": S("x")},
		"key of type N":    {"k": N("1")},
		"empty key":        {"k": S("")},
		"long key":         {"k": S(strings.Repeat("x", 2049))},
		"401 KB":           {"k": S("x"), "a": S(strings.Repeat("y", 400<<10))},
		"one byte too big": {"k": S("x"), "a": S(strings.Repeat("y", 400<<10-2))},
		"too deep":         {"k": S("x"), "a": deep},
		"not a number":     {"k": S("x"), "a": N("abc")},
		"doubles in a set": {"k": S("x"), "a": SS("a", "a")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := e.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &e.table, Item: it})
			refused(t, err, "ValidationException", "")
		})
	}
	e.put(t, attrs{"k": S("x"), "a": S(strings.Repeat("y", 400<<10-3))})
	_, err := e.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &e.table, Key: attrs{"k": S("x")},
		UpdateExpression: aws.String("SET b = :v"), ExpressionAttributeValues: attrs{":v": S("z")}})
	refused(t, err, "ValidationException", "Item size to update has exceeded the maximum allowed size")
}

func TestKeysMustFitTheSchema(t *testing.T) {
	e := newEnv(t)
	for _, key := range []attrs{{}, {"j": S("x")}, {"k": N("1")}, {"k": S("")}, {"k": S("x"), "j": S("x")}} {
		_, err := e.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &e.table, Key: key})
		refused(t, err, "ValidationException", "")
	}
}

func TestProjections(t *testing.T) {
	e := newEnv(t)
	e.put(t, sample())
	for expr, want := range map[string]attrs{
		"a":                {"a": S("x")},
		"m.x, l[1], zz, n": {"m": M(attrs{"x": N("1")}), "l": L(S("q")), "n": N("5")},
		"l[2], l[0]":       {"l": L(S("p"), S("r"))},
		"m.l[1], m.l[0]":   {"m": M(attrs{"l": L(N("1"), N("2"))})},
		"zz":               {},
	} {
		out, err := e.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &e.table, Key: attrs{"k": S("a")}, ProjectionExpression: aws.String(expr)})
		ok(t, err)
		same(t, expr, text(out.Item), text(want))
		same(t, "there is an item", out.Item != nil, true)
	}
	_, err := e.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &e.table, Key: attrs{"k": S("a")}, ProjectionExpression: aws.String("m, m.x")})
	refused(t, err, "ValidationException", "Invalid ProjectionExpression: Two document paths overlap with each other; "+
		"must remove or rewrite one of these paths; path one: [m], path two: [m, x]")
}

func TestBatchGetItem(t *testing.T) {
	e := newEnv(t)
	e.put(t, sample())
	get := func(keys ...attrs) (*dynamodb.BatchGetItemOutput, error) {
		return e.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
			e.table: {Keys: keys, ProjectionExpression: aws.String("#n"), ExpressionAttributeNames: map[string]string{"#n": "n"}}}})
	}
	out, err := get(attrs{"k": S("a")}, attrs{"k": S("b")})
	ok(t, err)
	same(t, "answers", len(out.Responses[e.table]), 1)
	same(t, "item", text(out.Responses[e.table][0]), text(attrs{"n": N("5")}))
	_, err = get(attrs{"k": S("a")}, attrs{"k": S("a")})
	refused(t, err, "ValidationException", "Provided list of item keys contains duplicates")
}

func TestNumbersComeBackInCanonicalForm(t *testing.T) {
	e := newEnv(t)
	e.fakeOnly(t) // DynamoDB Local gives back what it was given
	for in, want := range map[string]string{"1e2": "100", "1.50": "1.5", "-0": "0", "1e-5": "0.00001", "00012": "12", "+1": "1", "1.": "1", ".5": "0.5",
		"-123e-2": "-1.23", "9.9999999999999999999999999999999999999e125": "99999999999999999999999999999999999999" + strings.Repeat("0", 88),
		"1e-130": "0." + strings.Repeat("0", 129) + "1"} {
		e.put(t, attrs{"k": S("a"), "n": N(in)})
		same(t, in, text(e.get(t, "a")["n"]), want)
	}
	for _, in := range []string{"", "-", ".", "1e", "e1", "1 ", "0x1", "1e126", "1e-131", strings.Repeat("1", 39), "1e99999999999"} {
		_, err := e.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &e.table, Item: attrs{"k": S("a"), "n": N(in)}})
		refused(t, err, "ValidationException", "")
	}
}

func TestOneOfManyTakersWins(t *testing.T) {
	e := newEnv(t)
	e.put(t, attrs{"k": S("a"), "epoch": N("0")})
	won := make(chan bool, 8)
	for range cap(won) {
		go func() {
			_, err := e.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &e.table, Key: attrs{"k": S("a")},
				UpdateExpression: aws.String("SET epoch = epoch + :one"), ConditionExpression: aws.String("epoch = :zero"),
				ExpressionAttributeValues: attrs{":one": N("1"), ":zero": N("0")}})
			won <- err == nil
		}()
	}
	winners := 0
	for range cap(won) {
		if <-won {
			winners++
		}
	}
	same(t, "winners", winners, 1)
	same(t, "epoch", text(e.get(t, "a")["epoch"]), "1")
}
