package consumer

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/internal/awserr"
	"standpipe/sink"
)

const (
	pendingIsBatch = "pendingBatch = :batch"
	allOld         = types.ReturnValuesOnConditionCheckFailureAllOld
)

// Intend stores the batch item and makes the batch pending on each of its rows (rule 8). Spans must come in
// the same order at every attempt, so that the bytes under the token are the same.
func (t *Table) Intend(ctx context.Context, it sink.Item) error {
	tx := []types.TransactWriteItem{{Put: &types.Put{TableName: &t.name, Item: itemRow(it),
		ConditionExpression: aws.String("attribute_not_exists(" + keyAttr + ")"), ReturnValuesOnConditionCheckFailure: allOld}}}
	for _, sp := range it.Spans {
		cond := "leaseOwner = :me AND leaseEpoch = :epoch AND checkpoint = :from AND attribute_not_exists(pendingBatch)"
		if sp.After == sp.Through { // what advances here is that the rest of the record at the checkpoint is delivered
			cond += " AND attribute_exists(checkpointSubSequenceNumber)"
		}
		tx = append(tx, types.TransactWriteItem{Update: &types.Update{TableName: &t.name, Key: key(sp.Shard),
			UpdateExpression:                    aws.String("SET pendingBatch = :batch, pendingCheckpoint = :to"),
			ConditionExpression:                 &cond,
			ExpressionAttributeValues:           row{":batch": str(it.ID), ":to": str(sp.Through), ":me": str(it.Owner), ":epoch": num(sp.Epoch), ":from": str(sp.After)},
			ReturnValuesOnConditionCheckFailure: allOld}})
	}
	reasons, err := t.transact(ctx, "intend", it.ID, tx, &it.ID)
	if reasons == nil {
		return err
	}
	return t.refusedIntent(ctx, it, reasons, err)
}

// refusedIntent finds out from the reasons of a refusal whether it is final (rule 9). Reasons lists all
// items in order, the batch item first.
func (t *Table) refusedIntent(ctx context.Context, it sink.Item, reasons []types.CancellationReason, cause error) error {
	no := &sink.RefusedError{Op: "intend", Batch: it.ID}
	unclear := false
	for i, r := range reasons {
		switch code := aws.ToString(r.Code); code {
		case "None":
			continue
		case "ConditionalCheckFailed":
		default: // TransactionConflict, ThrottlingError, ProvisionedThroughputExceeded, …
			unclear = true
			continue
		}
		if i == 0 {
			no.Reasons = append(no.Reasons, "the batch item exists")
			continue
		}
		sp := it.Spans[i-1]
		old := r.Item
		if old == nil { // no row, or a server that does not return it
			var err error
			if old, err = t.get(ctx, sp.Shard); err != nil {
				return err
			}
		}
		if len(old) == 0 {
			no.Final = true
			no.Reasons = append(no.Reasons, fmt.Sprintf("shard %s has no row", sp.Shard))
			continue
		}
		l, fault := toLease(old)
		switch {
		case fault != "": // it says nothing of what comes once it is mended
			no.Damaged = t.unusable(old, sp.Shard, fault)
			no.Reasons = append(no.Reasons, fmt.Sprintf("the row of shard %s can not be trusted", sp.Shard))
		case l.Owner != it.Owner || l.Epoch != sp.Epoch:
			no.Final = true
			no.Reasons = append(no.Reasons, fmt.Sprintf("shard %s belongs to %q in epoch %d, was read in epoch %d", sp.Shard, l.Owner, l.Epoch, sp.Epoch))
		case l.Checkpoint != sp.After || sp.After == sp.Through && l.Within == 0:
			no.Final = true
			no.Reasons = append(no.Reasons, fmt.Sprintf("shard %s is at %s, was read after %s", sp.Shard, l.Checkpoint, sp.After))
		case l.Pending != "":
			no.Reasons = append(no.Reasons, fmt.Sprintf("batch %s is pending on shard %s", l.Pending, sp.Shard))
			if l.Pending != it.ID {
				no.Pending = append(no.Pending, l.Pending)
			}
		default: // changed between the refusal and our reading
			unclear = true
		}
	}
	if unclear && !no.Final {
		return cause
	}
	return no
}

// Item reads a batch item; nil when there is none. A *DamagedError or *NewerError says that it can not be trusted.
func (t *Table) Item(ctx context.Context, id string) (*sink.Item, error) {
	r, err := t.get(ctx, batchKey+id)
	if err != nil || len(r) == 0 {
		return nil, err
	}
	it, fault := toItem(r)
	if fault != "" {
		return nil, t.unusable(r, batchKey+id, fault)
	}
	return it, nil
}

// Advance moves the checkpoints of a committed batch (rule 13). No owner and no epoch is asked.
func (t *Table) Advance(ctx context.Context, it sink.Item) error {
	tx := []types.TransactWriteItem{t.deleteItem(it.ID, sink.Committed)}
	for _, sp := range it.Spans {
		tx = append(tx, types.TransactWriteItem{Update: &types.Update{TableName: &t.name, Key: key(sp.Shard),
			UpdateExpression:    aws.String("SET checkpoint = :to, checkpointTime = :time REMOVE pendingBatch, pendingCheckpoint, checkpointSubSequenceNumber"),
			ConditionExpression: aws.String(pendingIsBatch), ExpressionAttributeValues: row{":to": str(sp.Through), ":time": num(millis(sp.Time)), ":batch": str(it.ID)}}})
	}
	return t.settle(ctx, "advance", it.ID, tx)
}

// Mark begins an undo (rule 15).
func (t *Table) Mark(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	_, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(batchKey + id),
		UpdateExpression: aws.String("SET batchState = :undoing"), ConditionExpression: aws.String("batchState = :committed"),
		ExpressionAttributeValues: row{":undoing": str(string(sink.Undoing)), ":committed": str(string(sink.Committed))}})
	if err == nil {
		return nil
	}
	if err = t.fail("mark batch", id, err); errors.Is(err, errConflict) {
		return &sink.RefusedError{Op: "mark", Batch: id, Reasons: []string{"it is not committed any more"}}
	}
	return err
}

// Clear frees the rows of an undone batch in a new epoch, checkpoints untouched (rule 17).
func (t *Table) Clear(ctx context.Context, it sink.Item) error {
	tx := []types.TransactWriteItem{t.deleteItem(it.ID, sink.Undoing)}
	for _, sp := range it.Spans {
		tx = append(tx, types.TransactWriteItem{Update: &types.Update{TableName: &t.name, Key: key(sp.Shard),
			UpdateExpression:    aws.String("SET leaseEpoch = leaseEpoch + :one REMOVE leaseOwner, pendingBatch, pendingCheckpoint"),
			ConditionExpression: aws.String(pendingIsBatch), ExpressionAttributeValues: row{":one": num(1), ":batch": str(it.ID)}}})
	}
	return t.settle(ctx, "clear", it.ID, tx)
}

func (t *Table) deleteItem(id string, state sink.State) types.TransactWriteItem {
	return types.TransactWriteItem{Delete: &types.Delete{TableName: &t.name, Key: key(batchKey + id),
		ConditionExpression: aws.String("batchState = :state"), ExpressionAttributeValues: row{":state": str(string(state))}}}
}

// settle sends a transaction whose refusal says that somebody else did it.
func (t *Table) settle(ctx context.Context, op, id string, tx []types.TransactWriteItem) error {
	reasons, err := t.transact(ctx, op, id, tx, nil)
	no := &sink.RefusedError{Op: op, Batch: id}
	for i, r := range reasons {
		switch code := aws.ToString(r.Code); code {
		case "None":
		case "ConditionalCheckFailed":
			no.Reasons = append(no.Reasons, fmt.Sprintf("condition %d does not hold", i))
		default:
			return err
		}
	}
	if len(no.Reasons) > 0 {
		return no
	}
	return err
}

// transact sends one transaction. reasons is not nil when it was cancelled.
func (t *Table) transact(ctx context.Context, op, id string, tx []types.TransactWriteItem, token *string) ([]types.CancellationReason, error) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	_, err := t.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: tx, ClientRequestToken: token})
	if err == nil {
		return nil, nil
	}
	err = fmt.Errorf("%s batch %s in table %s: %w", op, id, t.name, awserr.Brief(err))
	var cancelled *types.TransactionCanceledException
	if errors.As(err, &cancelled) {
		return cancelled.CancellationReasons, err
	}
	return nil, err
}
