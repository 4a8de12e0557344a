package dynamofake

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestTableIsMadeFoundAndDeleted(t *testing.T) {
	e := newEnv(t)
	e.put(t, attrs{"k": S("a")})
	out, err := e.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &e.table})
	ok(t, err)
	same(t, "status", out.Table.TableStatus, types.TableStatusActive)
	same(t, "billing", out.Table.BillingModeSummary.BillingMode, types.BillingModePayPerRequest)
	same(t, "key", aws.ToString(out.Table.KeySchema[0].AttributeName), "k")
	same(t, "items", aws.ToInt64(out.Table.ItemCount), 1)
	_, err = e.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: &e.table, KeySchema: out.Table.KeySchema,
		AttributeDefinitions: out.Table.AttributeDefinitions, BillingMode: types.BillingModePayPerRequest})
	refused(t, err, "ResourceInUseException", "")
	list, err := e.ListTables(t.Context(), &dynamodb.ListTablesInput{})
	ok(t, err)
	same(t, "listed", slices.Contains(list.TableNames, e.table), true)

	_, err = e.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &e.table})
	ok(t, err)
	_, err = e.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &e.table})
	refused(t, err, "ResourceNotFoundException", "")
	_, err = e.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &e.table})
	refused(t, err, "ResourceNotFoundException", "")
	_, err = e.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &e.table, Key: attrs{"k": S("a")}})
	refused(t, err, "ResourceNotFoundException", "")
}

func TestListTablesInPages(t *testing.T) {
	e := bareEnv(t, Options{})
	e.fakeOnly(t)
	for _, name := range []string{"ccc", "aaa", "bbb"} {
		e.table = name
		e.create(t)
	}
	var got []string
	pages := dynamodb.NewListTablesPaginator(e, &dynamodb.ListTablesInput{Limit: aws.Int32(2)})
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		ok(t, err)
		got = append(got, fmt.Sprint(out.TableNames))
	}
	same(t, "pages", fmt.Sprint(got), "[[aaa bbb] [ccc]]")
}

func TestNewTableIsCreatingForAWhile(t *testing.T) {
	e := bareEnv(t, Options{CreateDelay: 10 * time.Second})
	e.fakeOnly(t)
	e.create(t)
	status := func() types.TableStatus {
		out, err := e.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &e.table})
		ok(t, err)
		return out.Table.TableStatus
	}
	same(t, "status", status(), types.TableStatusCreating)
	_, err := e.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &e.table, Item: attrs{"k": S("a")}})
	refused(t, err, "ResourceNotFoundException", "Requested resource not found")
	refused(t, e.transact(t, "", e.putAny("a")), "ResourceNotFoundException", "Requested resource not found")
	_, err = e.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &e.table})
	refused(t, err, "ResourceInUseException", "")
	e.clock.advance(10 * time.Second)
	same(t, "status later", status(), types.TableStatusActive)
	e.put(t, attrs{"k": S("a")})
}

func TestBadTablesAreRefused(t *testing.T) {
	hash := func(name string) []types.KeySchemaElement {
		return []types.KeySchemaElement{{AttributeName: &name, KeyType: types.KeyTypeHash}}
	}
	defs := func(kind types.ScalarAttributeType, names ...string) (out []types.AttributeDefinition) {
		for _, n := range names {
			out = append(out, types.AttributeDefinition{AttributeName: aws.String(n), AttributeType: kind})
		}
		return out
	}
	e := bareEnv(t, Options{})
	e.fakeOnly(t) // it has fewer kinds of tables
	onDemand, provisioned := types.BillingModePayPerRequest, types.BillingModeProvisioned
	units := &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(1)}
	for name, in := range map[string]dynamodb.CreateTableInput{
		"name":                {TableName: aws.String("a b"), KeySchema: hash("k"), AttributeDefinitions: defs("S", "k"), BillingMode: onDemand},
		"number key":          {KeySchema: hash("k"), AttributeDefinitions: defs("N", "k"), BillingMode: onDemand},
		"range key":           {KeySchema: append(hash("k"), types.KeySchemaElement{AttributeName: aws.String("r"), KeyType: types.KeyTypeRange}), AttributeDefinitions: defs("S", "k", "r"), BillingMode: onDemand},
		"undefined key":       {KeySchema: hash("k"), AttributeDefinitions: defs("S", "j"), BillingMode: onDemand},
		"unused definition":   {KeySchema: hash("k"), AttributeDefinitions: defs("S", "k", "j"), BillingMode: onDemand},
		"provisioned nothing": {KeySchema: hash("k"), AttributeDefinitions: defs("S", "k"), BillingMode: provisioned},
		"both":                {KeySchema: hash("k"), AttributeDefinitions: defs("S", "k"), BillingMode: onDemand, ProvisionedThroughput: units},
	} {
		t.Run(name, func(t *testing.T) {
			if in.TableName == nil {
				in.TableName = &e.table
			}
			_, err := e.CreateTable(t.Context(), &in)
			refused(t, err, "ValidationException", "")
		})
	}
	_, err := e.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: &e.table, KeySchema: hash("k"), AttributeDefinitions: defs("S", "k"), ProvisionedThroughput: units})
	ok(t, err)
}
