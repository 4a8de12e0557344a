package dynamofake

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/internal/faults"
)

func TestHooksSeeOperationAndKey(t *testing.T) {
	e := newEnv(t)
	e.fakeOnly(t)
	var calls []string
	e.server.Control("", func(c faults.Call, next func()) error {
		calls = append(calls, c.Service+" "+c.Op+" "+c.Object)
		return nil
	})
	e.put(t, attrs{"k": S("a")})
	e.get(t, "a")
	ok(t, e.transact(t, "", e.putAny("a"), e.remove("b"), e.check("c", "attribute_not_exists(k)")))
	_, err := e.Scan(t.Context(), &dynamodb.ScanInput{TableName: &e.table})
	ok(t, err)
	same(t, "calls", strings.Join(calls, "; "), "dynamodb PutItem a; dynamodb GetItem a; dynamodb TransactWriteItems a,b,c; dynamodb Scan "+e.table)
	same(t, "number of calls", e.server.Calls(), 5)
}

func TestInjectedAnswersReadLikeTheService(t *testing.T) {
	e := newEnv(t)
	e.fakeOnly(t)
	stop := e.server.Control("TransactWriteItems", func(faults.Call, func()) error { return Canceled("None", "TransactionConflict") })
	reasons := canceledFor(t, e.transact(t, "", e.putAny("a"), e.putAny("b")))
	same(t, "codes", codes(reasons), "None TransactionConflict")
	same(t, "message", aws.ToString(reasons[1].Message), "Transaction is ongoing for the item")
	stop()
	stop = e.server.Control("TransactWriteItems", func(faults.Call, func()) error { return InProgress() })
	refused(t, e.transact(t, "", e.putAny("a")), "TransactionInProgressException", "")
	stop()
	for code, fault := range map[string]*faults.Error{"ProvisionedThroughputExceededException": Throttled(), "TransactionConflictException": Conflict(),
		"InternalServerError": {Status: 500, Code: "InternalServerError", Message: "oops"}} {
		stop = e.server.Control("PutItem", func(faults.Call, func()) error { return fault })
		_, err := e.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &e.table, Item: attrs{"k": S("a")}})
		refused(t, err, code, "")
		stop()
	}
	same(t, "nothing done", len(e.server.Dump(e.table)), 0)
}

func TestAnswerLostAfterTheEffect(t *testing.T) {
	e := newEnv(t)
	e.fakeOnly(t)
	stop := e.server.Control("TransactWriteItems", func(_ faults.Call, next func()) error {
		next()
		return faults.ErrLost
	})
	if err := e.transact(t, "token", e.putNew("a")); err == nil {
		t.Fatal("want a broken connection")
	}
	stop()
	ok(t, e.transact(t, "token", e.putNew("a")))
	same(t, "items", len(e.server.Dump(e.table)), 1)
}

func TestServerOverASocket(t *testing.T) {
	e := newEnv(t)
	e.fakeOnly(t)
	srv := httptest.NewServer(e.server)
	defer srv.Close()
	c := client(srv.URL, srv.Client())
	_, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &e.table, Item: attrs{"k": S("a")}})
	ok(t, err)
	same(t, "item", text(e.get(t, "a")), text(attrs{"k": S("a")}))
	for target, body := range map[string]string{"DynamoDB_20120810.Nope": "{}", "DynamoDB_20120810.GetItem": "{nope", "DynamoDB_20120810.PutItem": `{"TableName":5}`} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, bytes.NewReader([]byte(body)))
		ok(t, err)
		req.Header.Set("X-Amz-Target", target)
		resp, err := srv.Client().Do(req)
		ok(t, err)
		answer, err := io.ReadAll(resp.Body)
		ok(t, err)
		ok(t, resp.Body.Close())
		same(t, target, resp.StatusCode, 400)
		same(t, target+" answers "+string(answer), strings.Contains(string(answer), "UnknownOperation") || strings.Contains(string(answer), "Serialization"), true)
	}
}

func TestDumpIsPlainValues(t *testing.T) {
	e := newEnv(t)
	e.fakeOnly(t)
	e.put(t, sample())
	rows := e.server.Dump(e.table)
	same(t, "rows", len(rows), 1)
	same(t, "string", rows[0]["a"], any("x"))
	same(t, "number", rows[0]["n"], any("5"))
	same(t, "null", rows[0]["nn"], nil)
	same(t, "nested", rows[0]["m"].(map[string]any)["l"].([]any)[1], any("2"))
	same(t, "unknown table", len(e.server.Dump("nope")), 0)
}

func TestUnitsAreCountedAsBilled(t *testing.T) {
	e := newEnv(t)
	total := types.ReturnConsumedCapacityTotal
	key := attrs{"k": S("a")}
	put := func(bytes int) float64 {
		out, err := e.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &e.table, Item: attrs{"k": S("a"), "v": S(strings.Repeat("x", bytes))}, ReturnConsumedCapacity: total})
		ok(t, err)
		return aws.ToFloat64(out.ConsumedCapacity.CapacityUnits)
	}
	get := func(consistent bool) float64 {
		out, err := e.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &e.table, Key: key, ConsistentRead: &consistent, ReturnConsumedCapacity: total})
		ok(t, err)
		return aws.ToFloat64(out.ConsumedCapacity.CapacityUnits)
	}
	same(t, "1 KB", put(1021), 1)
	same(t, "a byte more", put(1022), 2)
	same(t, "5 KB", put(5000), 5)
	same(t, "less in place of 5 KB", put(10), 5)
	same(t, "5 KB again", put(5000), 5)
	same(t, "consistent read of 5 KB", get(true), 2)
	same(t, "eventual read of 5 KB", get(false), 1)
	e.fakeOnly(t)
	same(t, "so far", e.server.Units()[e.table], Units{Read: 3, Write: 18})
	ok(t, e.transact(t, "token", e.putAny("b"), e.check("a", "attribute_exists(k)")))
	same(t, "a transaction costs twice", e.server.Units()[e.table], Units{Read: 3, Write: 18 + 2 + 10})
	ok(t, e.transact(t, "token", e.putAny("b"), e.check("a", "attribute_exists(k)")))
	same(t, "its repetition costs reads", e.server.Units()[e.table], Units{Read: 3 + 2 + 4, Write: 30})
	_, err := e.Scan(t.Context(), &dynamodb.ScanInput{TableName: &e.table, ConsistentRead: aws.Bool(true)})
	ok(t, err)
	same(t, "a scan costs its bytes", e.server.Units()[e.table], Units{Read: 11, Write: 30})
}
