package consumer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"standpipe/internal/pause"
)

// RedriveShard is the key of the row by which error records are sent through the outputs again. To the commit protocol it
// is one more shard: its owner alone may promise batches, its checkpoint says how many steps of the work are done, and any
// worker carries out what is pending on it. Workers see no shard in it, since its entityType is none of a lease.
const RedriveShard = "standpipe#redrive"

const (
	redriveKind    = "STANDPIPE_REDRIVE"
	redriveBeatKey = "standpipe#redrive#beat"
)

// BusyError says that another process that lives owns [RedriveShard].
type BusyError struct{ Owner string }

func (e *BusyError) Error() string {
	return fmt.Sprintf("worker %s is redriving error records: wait until it has ended", e.Owner)
}

// AcquireRedrive makes worker the owner of [RedriveShard], in an epoch of its own, and gives the row as it is then. A row
// that does not exist begins at a checkpoint. An owner that did not give it up is watched for the failover time: one that
// beats meanwhile answers a *BusyError, before one that does not is taken over waiting is told, once. While it is the owner
// the worker has to call BeatRedrive five times in a failover time. Nothing but speed depends on that: what an earlier owner
// still sends is refused by the epoch.
func (t *Table) AcquireRedrive(ctx context.Context, worker, checkpoint string, failover time.Duration, waiting func(owner string)) (Lease, error) {
	for {
		row, err := t.Lease(ctx, RedriveShard)
		if err != nil {
			return Lease{}, err
		}
		if row == nil {
			if err := t.Create(ctx, Lease{Shard: RedriveShard, Epoch: 1, Checkpoint: checkpoint}); err != nil && !errors.Is(err, errConflict) {
				return Lease{}, err
			}
			continue
		}
		if row.Owner != "" && row.Owner != worker {
			if waiting != nil {
				waiting(row.Owner)
				waiting = nil
			}
			if err := t.outlive(ctx, row.Owner, failover); err != nil {
				return Lease{}, err
			}
		}
		lease, err := t.Acquire(ctx, RedriveShard, row.Epoch, worker)
		if err == nil || !errors.Is(err, errConflict) {
			return lease, err
		}
	}
}

// outlive waits for the failover time in which an owner of [RedriveShard] does not beat.
func (t *Table) outlive(ctx context.Context, owner string, failover time.Duration) error {
	_, first, err := t.redriveBeat(ctx)
	for end := time.Now().Add(failover); err == nil; {
		if !time.Now().Before(end) {
			return nil
		}
		if err := pause.For(ctx, max(failover/20, 100*time.Millisecond)); err != nil {
			return err
		}
		var who string
		var beat int64
		if who, beat, err = t.redriveBeat(ctx); who == owner && beat != first {
			return &BusyError{owner}
		}
	}
	return err
}

// BeatRedrive shows others that worker lives.
func (t *Table) BeatRedrive(ctx context.Context, worker string) error {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	_, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(redriveBeatKey),
		UpdateExpression:          aws.String("SET entityType = :kind, redriver = :me ADD beat :one"),
		ExpressionAttributeValues: row{":kind": str(redriveKind), ":me": str(worker), ":one": num(1)}})
	if err != nil {
		return t.fail("write", redriveBeatKey, err)
	}
	return nil
}

func (t *Table) redriveBeat(ctx context.Context) (worker string, beat int64, err error) {
	r, err := t.get(ctx, redriveBeatKey)
	if err != nil {
		return "", 0, err
	}
	a := attributes{row: r}
	worker, beat = a.optional("redriver"), a.number("beat", 0, 0)
	if a.fault != "" {
		return "", 0, &DamagedError{t.name, redriveBeatKey, a.fault}
	}
	return worker, beat, nil
}
