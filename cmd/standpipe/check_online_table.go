package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"
)

// leaseKey is the key of a KCL's lease table.
const leaseKey = "leaseKey"

func retryDynamoDB(o *dynamodb.Options) { o.Retryer = persist() }

// table looks at the lease table, reads it and writes a row of its own, which it removes. It does not create
// the table.
func (in *inspection) table(ctx context.Context, r *report) {
	ctx, cancel := context.WithTimeout(ctx, 2*startLimit)
	defer cancel()
	name := in.cfg.Leases.Table
	check := "table " + name
	readCheck, writeCheck := check+": read", check+": write"
	out, err := in.svc.dynamodb.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name}, retryDynamoDB)
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		r.add(fine, check, "does not exist yet: run creates it, paid per request; reading and writing can be tried when it is there")
		return
	case err != nil:
		r.fail(check, explain(err, in.tableRequest("describe table "+name, "dynamodb:DescribeTable")))
		r.skip(readCheck, writeCheck)
		return
	}
	switch status := out.Table.TableStatus; {
	case !leaseTable(out.Table):
		r.add(failed, check, "its key is (%s), a lease table's is (%s), a string: name another table in leases.table", strings.Join(keys(out.Table), ", "), leaseKey)
		r.skip(readCheck, writeCheck)
		return
	case status == types.TableStatusCreating:
		r.add(doubtful, check, "is being created: look again when it is ACTIVE")
		r.skip(readCheck, writeCheck)
		return
	case status != types.TableStatusActive && status != types.TableStatusUpdating:
		r.add(failed, check, "is %s: wait until it is gone, run creates it again; or name another table in leases.table", status)
		r.skip(readCheck, writeCheck)
		return
	}
	r.add(fine, check, "exists, %s", billing(out.Table))
	if !r.fail(readCheck, in.readTable(ctx)) {
		r.add(fine, readCheck, "a row and a scan, strongly consistent")
	}
	if !r.fail(writeCheck, in.writeTable(ctx)) {
		r.add(fine, writeCheck, "a row was put, changed and deleted")
	}
}

func (in *inspection) tableRequest(doing, action string) request {
	name := in.cfg.Leases.Table
	return request{
		service: "DynamoDB", endpoint: aws.ToString(in.svc.dynamodb.Options().BaseEndpoint), key: "leases.endpoint", region: in.svc.region,
		doing: doing, thing: "table " + name, missing: fmt.Sprintf("table %s has just gone: look again", name),
		denied: "allow " + action + " on it",
	}
}

func keys(d *types.TableDescription) (names []string) {
	for _, k := range d.KeySchema {
		names = append(names, aws.ToString(k.AttributeName))
	}
	return names
}

func leaseTable(d *types.TableDescription) bool {
	if len(d.KeySchema) != 1 || aws.ToString(d.KeySchema[0].AttributeName) != leaseKey {
		return false
	}
	for _, a := range d.AttributeDefinitions {
		if aws.ToString(a.AttributeName) == leaseKey {
			return a.AttributeType == types.ScalarAttributeTypeS
		}
	}
	return false
}

func billing(d *types.TableDescription) string {
	p := d.ProvisionedThroughput
	if d.BillingModeSummary != nil && d.BillingModeSummary.BillingMode == types.BillingModePayPerRequest || p == nil || aws.ToInt64(p.WriteCapacityUnits) == 0 {
		return "paid per request"
	}
	return fmt.Sprintf("with %d read and %d write units a second", aws.ToInt64(p.ReadCapacityUnits), aws.ToInt64(p.WriteCapacityUnits))
}

func (in *inspection) readTable(ctx context.Context) error {
	name := in.cfg.Leases.Table
	_, err := in.svc.dynamodb.GetItem(ctx, &dynamodb.GetItemInput{TableName: &name, Key: checkRow(), ConsistentRead: aws.Bool(true)}, retryDynamoDB)
	if err != nil {
		return explain(err, in.tableRequest("read a row of table "+name, "dynamodb:GetItem"))
	}
	_, err = in.svc.dynamodb.Scan(ctx, &dynamodb.ScanInput{TableName: &name, ConsistentRead: aws.Bool(true), Limit: aws.Int32(1)}, retryDynamoDB)
	return explain(err, in.tableRequest("scan table "+name, "dynamodb:Scan"))
}

// checkRow is the key of a row that no worker and no KCL knows.
func checkRow() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{leaseKey: &types.AttributeValueMemberS{Value: "standpipe#check#" + uuid.NewString()}}
}

// writeTable puts, changes and deletes a row whose entityType says that it is no lease. The row goes whatever
// happens in between, an interruption too.
func (in *inspection) writeTable(ctx context.Context) (err error) {
	name, key := in.cfg.Leases.Table, checkRow()
	item := map[string]types.AttributeValue{leaseKey: key[leaseKey], "entityType": &types.AttributeValueMemberS{Value: "STANDPIPE_CHECK"}}
	put := &dynamodb.PutItemInput{TableName: &name, Item: item}
	if _, err := in.svc.dynamodb.PutItem(ctx, put, retryDynamoDB); err != nil {
		in.removeRow(ctx, key) // its answer may be lost; a failure to remove adds nothing to this one
		return explain(err, in.tableRequest("put a row into table "+name, "dynamodb:PutItem"))
	}
	change := &dynamodb.UpdateItemInput{TableName: &name, Key: key, UpdateExpression: aws.String("SET beat = :one"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}}}
	_, err = in.svc.dynamodb.UpdateItem(ctx, change, retryDynamoDB)
	err = explain(err, in.tableRequest("change a row of table "+name, "dynamodb:UpdateItem"))
	if stays := in.removeRow(ctx, key); stays != nil {
		row := key[leaseKey].(*types.AttributeValueMemberS).Value
		said := explain(stays, in.tableRequest("delete a row of table "+name, "dynamodb:DeleteItem"))
		return &sentence{fmt.Sprintf("%s; the row %s stays, which does no harm", said, row), errors.Join(err, stays)}
	}
	return err
}

func (in *inspection) removeRow(ctx context.Context, key map[string]types.AttributeValue) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startLimit)
	defer cancel()
	_, err := in.svc.dynamodb.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &in.cfg.Leases.Table, Key: key}, retryDynamoDB)
	return err
}
