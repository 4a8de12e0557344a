package dynamofake

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TestRefusalsAndTransactionsAreBilled: what was refused costs what it would have cost, a transaction twice.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
func TestRefusalsAndTransactionsAreBilled(t *testing.T) {
	e := newEnv(t)
	e.fakeOnly(t)
	spent := func(what string, want Units, do func()) {
		t.Helper()
		before := e.server.Units()[e.table]
		do()
		after := e.server.Units()[e.table]
		same(t, what, Units{after.Read - before.Read, after.Write - before.Write}, want)
	}
	refused := func(err error) {
		t.Helper()
		if err == nil {
			t.Fatal("not refused")
		}
	}
	long := S(strings.Repeat("x", 4000))
	e.put(t, attrs{"k": S("small")})
	spent("a refused put counts the item that it would have stored", Units{Write: 4}, func() {
		_, err := e.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &e.table, Item: attrs{"k": S("small"), "v": long}, ConditionExpression: aws.String("attribute_not_exists(k)")})
		refused(err)
	})
	spent("a refused update as well", Units{Write: 4}, func() {
		_, err := e.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &e.table, Key: attrs{"k": S("small")}, UpdateExpression: aws.String("SET v = :v"),
			ConditionExpression: aws.String("attribute_not_exists(k)"), ExpressionAttributeValues: attrs{":v": long}})
		refused(err)
	})
	spent("a refused delete of nothing counts one", Units{Write: 1}, func() {
		_, err := e.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &e.table, Key: attrs{"k": S("none")}, ConditionExpression: aws.String("attribute_exists(k)")})
		refused(err)
	})
	spent("a canceled transaction counts all its items twice", Units{Write: 2 * (4 + 1)}, func() {
		refused(e.transact(t, "", e.putNew("small", strings.Repeat("x", 4000)), e.putAny("other")))
	})
	spent("each item of a transaction counts for itself", Units{Write: 2 * (1 + 1 + 4)}, func() {
		ok(t, e.transact(t, "", e.putAny("a"), e.putAny("b"), e.setTo("c", "SET v = :v", long)))
	})
	spent("removing a large item counts its size", Units{Write: 2 * 4}, func() { ok(t, e.transact(t, "", e.remove("c"))) })
	spent("a transaction reads for twice the units", Units{Read: 2 * 2}, func() {
		get := func(k string) types.TransactGetItem {
			return types.TransactGetItem{Get: &types.Get{TableName: &e.table, Key: attrs{"k": S(k)}}}
		}
		_, err := e.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{get("a"), get("none")}})
		ok(t, err)
	})
	for _, k := range []string{"s1", "s2", "s3"} {
		e.put(t, attrs{"k": S(k), "v": long})
	}
	scan := func(consistent bool) func() {
		return func() {
			_, err := e.Scan(t.Context(), &dynamodb.ScanInput{TableName: &e.table, ConsistentRead: &consistent})
			ok(t, err)
		}
	}
	spent("a scan rounds the sum up, not each item", Units{Read: 3}, scan(true))
	spent("and costs half where it need not be consistent", Units{Read: 1.5}, scan(false))
}
