package dynamofake

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"standpipe/internal/faults"
)

// The suite runs against this package's server or, with DYNAMODB_ENDPOINT set, against another one that
// speaks the protocol (DynamoDB Local); tests that need more of the fake call fakeOnly.

type env struct {
	*dynamodb.Client
	server *Server // nil when DYNAMODB_ENDPOINT is used
	clock  *clock
	table  string
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type attrs = map[string]types.AttributeValue

func S(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
func N(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }
func SS(s ...string) types.AttributeValue {
	return &types.AttributeValueMemberSS{Value: s}
}
func L(v ...types.AttributeValue) types.AttributeValue { return &types.AttributeValueMemberL{Value: v} }
func M(m attrs) types.AttributeValue                   { return &types.AttributeValueMemberM{Value: m} }

func client(endpoint string, hc *http.Client) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint:     aws.String(endpoint),
		Region:           "us-east-1",
		Credentials:      credentials.NewStaticCredentialsProvider("key", "secret", ""),
		HTTPClient:       hc,
		RetryMaxAttempts: 1,
	})
}

var tableNumber atomic.Int64

// newEnv is a client of an empty table with hash key "k".
func newEnv(t *testing.T) *env {
	e := bareEnv(t, Options{})
	e.create(t)
	return e
}

func bareEnv(t *testing.T, o Options) *env {
	t.Helper()
	e := &env{clock: &clock{at: time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)}}
	e.table = fmt.Sprintf("leases-%d-%d", os.Getpid(), tableNumber.Add(1))
	if endpoint := os.Getenv("DYNAMODB_ENDPOINT"); endpoint != "" {
		e.Client = client(endpoint, &http.Client{})
		return e
	}
	o.Now = e.clock.now
	e.server = New(o)
	e.Client = client("http://dynamodb/", &http.Client{Transport: faults.Transport(map[string]http.Handler{"dynamodb": e.server})})
	return e
}

func (e *env) create(t *testing.T) {
	t.Helper()
	_, err := e.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:            &e.table,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("k"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("k"), AttributeType: types.ScalarAttributeTypeS}},
		BillingMode:          types.BillingModePayPerRequest,
	})
	ok(t, err)
	if e.server == nil {
		t.Cleanup(func() {
			_, _ = e.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &e.table})
		})
	}
}

func (e *env) fakeOnly(t *testing.T) {
	t.Helper()
	if e.server == nil {
		t.Skip("a feature or an answer of the fake alone")
	}
}

func (e *env) put(t *testing.T, it attrs) {
	t.Helper()
	_, err := e.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &e.table, Item: it})
	ok(t, err)
}

func (e *env) get(t *testing.T, key string) attrs {
	t.Helper()
	out, err := e.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &e.table, Key: attrs{"k": S(key)}, ConsistentRead: aws.Bool(true)})
	ok(t, err)
	return out.Item
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks the code of an error answer, and its message unless it is "".
func refused(t *testing.T, err error, code, message string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || message != "" && e.ErrorMessage() != message {
		t.Fatalf("got %v\nwant %s: %s", err, code, message)
	}
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// text writes attributes so that they compare: maps and struct pointers in a fixed form.
func text(v any) string {
	switch v := v.(type) {
	case attrs:
		return text(M(v))
	case *types.AttributeValueMemberS:
		return fmt.Sprintf("%q", v.Value)
	case *types.AttributeValueMemberN:
		return v.Value
	case *types.AttributeValueMemberM:
		out := map[string]string{}
		for name, e := range v.Value {
			out[name] = text(e)
		}
		return fmt.Sprint(out)
	case *types.AttributeValueMemberL:
		out := make([]string, len(v.Value))
		for i, e := range v.Value {
			out[i] = text(e)
		}
		return fmt.Sprint(out)
	case *types.AttributeValueMemberSS:
		return fmt.Sprintf("SS%q", v.Value)
	case *types.AttributeValueMemberNS:
		return fmt.Sprintf("NS%q", v.Value)
	case *types.AttributeValueMemberBS:
		return fmt.Sprintf("BS%q", v.Value)
	case *types.AttributeValueMemberB:
		return fmt.Sprintf("B%q", v.Value)
	case *types.AttributeValueMemberBOOL:
		return fmt.Sprint(v.Value)
	case *types.AttributeValueMemberNULL:
		return "null"
	}
	return fmt.Sprintf("%T", v)
}
