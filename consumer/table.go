package consumer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/internal/awserr"
	"standpipe/sink"
)

// Table is the lease table in DynamoDB. Each method is one attempt of one request (Snapshot: one a page);
// a nil error means that the write is durable. errConflict means that it changed nothing; any other error
// leaves that open. Safe for concurrent use.
type Table struct {
	client  *dynamodb.Client
	name    string
	timeout time.Duration
}

// NewTable names a lease table. The client must not retry by itself.
func NewTable(client *dynamodb.Client, name string) *Table {
	return &Table{client: client, name: name, timeout: 5 * time.Second}
}

func (t *Table) fail(op, key string, err error) error {
	var no *types.ConditionalCheckFailedException
	if errors.As(err, &no) {
		return fmt.Errorf("%s %s in table %s: %w", op, key, t.name, errConflict)
	}
	return fmt.Errorf("%s %s in table %s: %w", op, key, t.name, awserr.Brief(err))
}

// Ensure creates the table if it does not exist (pay per request) and waits until it is ACTIVE.
func (t *Table) Ensure(ctx context.Context) error {
	for {
		out, err := t.client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &t.name})
		var missing *types.ResourceNotFoundException
		switch {
		case errors.As(err, &missing):
			_, err = t.client.CreateTable(ctx, &dynamodb.CreateTableInput{
				TableName: &t.name, BillingMode: types.BillingModePayPerRequest,
				AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String(keyAttr), AttributeType: types.ScalarAttributeTypeS}},
				KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String(keyAttr), KeyType: types.KeyTypeHash}},
			})
			var inUse *types.ResourceInUseException
			if err != nil && !errors.As(err, &inUse) {
				return fmt.Errorf("create lease table %s: %w", t.name, awserr.Brief(err))
			}
		case err != nil:
			return fmt.Errorf("describe lease table %s: %w", t.name, awserr.Brief(err))
		case out.Table.TableStatus == types.TableStatusActive || out.Table.TableStatus == types.TableStatusUpdating:
			return t.checkKey(out.Table)
		}
		timer := time.NewTimer(500 * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("wait for lease table %s to become ACTIVE: %w", t.name, ctx.Err())
		}
	}
}

func (t *Table) checkKey(d *types.TableDescription) error {
	if len(d.KeySchema) == 1 && aws.ToString(d.KeySchema[0].AttributeName) == keyAttr {
		return nil
	}
	var keys []string
	for _, k := range d.KeySchema {
		keys = append(keys, aws.ToString(k.AttributeName))
	}
	return fmt.Errorf("use lease table %s: its key is (%s), a lease table's is (%s): name another table in leases.table", t.name, strings.Join(keys, ", "), keyAttr)
}

// Snapshot scans the table.
func (t *Table) Snapshot(ctx context.Context) (*Snapshot, error) {
	s := &Snapshot{Leases: map[string]Lease{}, Workers: map[string]Heartbeat{}, Batches: map[string]BatchRef{}, Damaged: map[string]error{}}
	var from row
	for {
		page, cancel := context.WithTimeout(ctx, t.timeout)
		out, err := t.client.Scan(page, &dynamodb.ScanInput{TableName: &t.name, ConsistentRead: aws.Bool(true), ExclusiveStartKey: from})
		cancel()
		if err != nil {
			return nil, fmt.Errorf("scan lease table %s: %w", t.name, awserr.Brief(err))
		}
		for _, r := range out.Items {
			if fault := s.add(r); fault != "" {
				k := getStr(r, keyAttr)
				s.Damaged[k] = t.unusable(r, k, fault)
			}
		}
		if from = out.LastEvaluatedKey; len(from) == 0 {
			return s, nil
		}
	}
}

// Unusable says why nobody can know whose table this is; nil when its application's row is good, or not there.
func (s *Snapshot) Unusable() error { return s.Damaged[applicationKey] }

// add takes a row; fault says what is wrong with one that can not be taken. Of a batch item only its owner is looked at.
func (s *Snapshot) add(r row) (fault string) {
	a := attributes{row: r}
	k := a.text(keyAttr)
	switch kind(r) {
	case leaseKind:
		l, fault := toLease(r)
		if fault != "" {
			return fault
		}
		s.Leases[k] = l
	case workerKind:
		w := strings.TrimPrefix(k, workerKey)
		hb := Heartbeat{Worker: w, Beat: a.number("beat", 0, 0), MaxLeases: int(a.number("maxLeases", 0, 0)), Leaving: a.number("leaving", 0, 0) != 0}
		if a.fault == "" {
			if text := getStr(r, reportAttr); len(text) <= longestReport { // for people: nothing is decided by it, so it is not judged
				hb.Report = text
			}
			s.Workers[w] = hb
		}
	case batchKind:
		id := strings.TrimPrefix(k, batchKey)
		s.Batches[id] = BatchRef{ID: id, Owner: a.optional("batchOwner")}
	case applicationKind:
		app, fault := toApplication(r)
		if fault != "" {
			return fault
		}
		s.Application = &app
	default: // somebody else's, unless it is in the place of a shard's
		if strings.HasPrefix(k, "shardId-") {
			a.fail("entityType is %.40q, not %s", kind(r), leaseKind)
		}
	}
	return a.fault
}

func (t *Table) get(ctx context.Context, k string) (row, error) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: key(k), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, t.fail("read", k, err)
	}
	return out.Item, nil
}

// Lease reads one row, strongly consistent; nil when there is none. A *DamagedError or *NewerError says that it can not be trusted.
func (t *Table) Lease(ctx context.Context, shard string) (*Lease, error) {
	r, err := t.get(ctx, shard)
	if err != nil || len(r) == 0 {
		return nil, err
	}
	l, fault := toLease(r)
	if fault != "" {
		return nil, t.unusable(r, shard, fault)
	}
	return &l, nil
}

// Create stores a new row, on condition that there is none.
func (t *Table) Create(ctx context.Context, l Lease) error { return t.put(ctx, leaseRow(l)) }

// Remember stores what the first worker found, on condition that nobody did before.
func (t *Table) Remember(ctx context.Context, a Application) error {
	return t.put(ctx, applicationRow(a))
}

func (t *Table) put(ctx context.Context, r row) error {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	_, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: r, ConditionExpression: aws.String("attribute_not_exists(" + keyAttr + ")")})
	if err != nil {
		return t.fail("create", getStr(r, keyAttr), err)
	}
	return nil
}

// Application reads what the first worker found; nil when there was none yet.
func (t *Table) Application(ctx context.Context) (*Application, error) {
	r, err := t.get(ctx, applicationKey)
	if err != nil || len(r) == 0 {
		return nil, err
	}
	a, fault := toApplication(r)
	if fault != "" {
		return nil, t.unusable(r, applicationKey, fault)
	}
	return &a, nil
}

// Acquire makes worker the owner in the next epoch, on condition that the epoch is still the one read
// (rule 1). It gives the row as it is then. An unclear answer counts as not acquired.
func (t *Table) Acquire(ctx context.Context, shard string, epoch int64, worker string) (Lease, error) {
	v := row{":me": str(worker), ":next": num(epoch + 1), ":one": num(1), ":zero": num(0)}
	cond := "leaseEpoch = :epoch"
	if epoch == 0 { // a row the KCL made
		cond = "attribute_exists(" + keyAttr + ") AND attribute_not_exists(leaseEpoch)"
	} else {
		v[":epoch"] = num(epoch)
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	out, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(shard),
		UpdateExpression:    aws.String("SET leaseOwner = :me, leaseEpoch = :next, leaseCounter = if_not_exists(leaseCounter, :zero) + :one"),
		ConditionExpression: &cond, ExpressionAttributeValues: v, ReturnValues: types.ReturnValueAllNew})
	if err != nil {
		return Lease{}, t.fail("acquire", shard, err)
	}
	l, fault := toLease(out.Attributes)
	if fault != "" {
		return Lease{}, t.unusable(out.Attributes, shard, fault)
	}
	return l, nil
}

// Release frees a shard, on condition that worker still owns it in this epoch (rule 5). The epoch stays.
// at and idle are left for the next owner: behind position at the shard held nothing up to the time idle.
func (t *Table) Release(ctx context.Context, shard string, epoch int64, worker, at string, idle time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	_, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(shard),
		UpdateExpression: aws.String("SET idleCheckpoint = :at, idleTime = :idle REMOVE leaseOwner"), ConditionExpression: aws.String("leaseOwner = :me AND leaseEpoch = :epoch"),
		ExpressionAttributeValues: row{":me": str(worker), ":epoch": num(epoch), ":at": str(at), ":idle": num(millis(idle))}})
	if err != nil {
		return t.fail("release", shard, err)
	}
	return nil
}

// Remove deletes a finished shard's row, on condition that its checkpoint is SHARD_END and nothing is pending
// (rule 6). That all its children have rows the caller knows.
func (t *Table) Remove(ctx context.Context, shard string) error {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: key(shard),
		ConditionExpression:       aws.String("checkpoint = :end AND attribute_not_exists(pendingBatch)"),
		ExpressionAttributeValues: row{":end": str(shardEnd)}})
	if err != nil {
		return t.fail("remove", shard, err)
	}
	return nil
}

// Join makes a worker's row, on condition that there is none. It holds no beat yet, so nobody counts the worker before
// its first Beat: a Join that arrives after the worker's end does no harm.
func (t *Table) Join(ctx context.Context, worker string, maxLeases int) error {
	return t.put(ctx, row{keyAttr: str(workerKey + worker), "entityType": str(workerKind), "maxLeases": num(int64(maxLeases)), "beat": num(0)})
}

// Beat moves a worker's heartbeat, on condition that it has a row: one that arrives after the worker's end must not
// bring it back. The report, of at most ReportRoom bytes, replaces the last one; "" leaves it.
func (t *Table) Beat(ctx context.Context, worker string, maxLeases int, report string) error {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	update, values := "SET maxLeases = :max ADD beat :one", row{":max": num(int64(maxLeases)), ":one": num(1)}
	if report != "" {
		update, values[":report"] = "SET maxLeases = :max, "+reportAttr+" = :report ADD beat :one", str(report)
	}
	_, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(workerKey + worker),
		UpdateExpression: &update, ConditionExpression: aws.String("attribute_exists(" + keyAttr + ")"), ExpressionAttributeValues: values})
	if err != nil {
		return t.fail("heartbeat of", worker, err)
	}
	return nil
}

// Leave marks a worker's heartbeat, on condition that there is one: the others take what it gives up without
// waiting for its end.
func (t *Table) Leave(ctx context.Context, worker string) error {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	_, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(workerKey + worker),
		UpdateExpression: aws.String("SET leaving = :one"), ConditionExpression: aws.String("attribute_exists(" + keyAttr + ")"),
		ExpressionAttributeValues: row{":one": num(1)}})
	if err != nil {
		return t.fail("mark heartbeat of", worker, err)
	}
	return nil
}

// Forget removes the heartbeat of a worker that has stopped, or is long dead.
func (t *Table) Forget(ctx context.Context, worker string) error {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: key(workerKey + worker)})
	if err != nil {
		return t.fail("remove heartbeat of", worker, err)
	}
	return nil
}

var _ sink.Ledger = (*Table)(nil)
