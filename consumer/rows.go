package consumer

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/sink"
)

// The table has one string hash key, leaseKey, and rows of four kinds, told apart by entityType. Lease rows
// have the attributes of AWS's own KCL (com.amazonaws.services.kinesis.leases); the rest is ours.
const (
	keyAttr = "leaseKey"

	leaseKind       = "LEASE"
	workerKind      = "STANDPIPE_WORKER"
	batchKind       = "STANDPIPE_BATCH"
	applicationKind = "STANDPIPE_APPLICATION"

	workerKey      = "standpipe#worker#"
	batchKey       = "standpipe#batch#"
	applicationKey = "standpipe#application"
)

type row = map[string]types.AttributeValue

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
func num(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}
func key(k string) row { return row{keyAttr: str(k)} }

func getStr(r row, name string) string {
	if v, ok := r[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

func getNum(r row, name string) int64 {
	if v, ok := r[name].(*types.AttributeValueMemberN); ok {
		n, _ := strconv.ParseInt(v.Value, 10, 64)
		return n
	}
	return 0
}

// millis writes a time as milliseconds since 1970, none as 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n)
}

// kind tells what a row is. The KCL's own rows may lack the attribute.
func kind(r row) string {
	if k := getStr(r, "entityType"); k != "" {
		return k
	}
	return leaseKind
}

func leaseRow(l Lease) row {
	r := row{keyAttr: str(l.Shard), "entityType": str(leaseKind), "leaseEpoch": num(l.Epoch), "leaseCounter": num(l.Counter), "checkpoint": str(l.Checkpoint)}
	if l.Owner != "" {
		r["leaseOwner"] = str(l.Owner)
	}
	if len(l.Parents) > 0 {
		r["parentShardId"] = &types.AttributeValueMemberSS{Value: l.Parents}
	}
	return r
}

func toLease(r row) Lease {
	l := Lease{
		Shard: getStr(r, keyAttr), Owner: getStr(r, "leaseOwner"), Epoch: getNum(r, "leaseEpoch"), Counter: getNum(r, "leaseCounter"),
		Checkpoint: getStr(r, "checkpoint"), Pending: getStr(r, "pendingBatch"), PendingTo: getStr(r, "pendingCheckpoint"),
	}
	if _, foreign := r["checkpointSubSequenceNumber"]; foreign && isSequence(l.Checkpoint) {
		l.Within = getNum(r, "checkpointSubSequenceNumber") + 1
	}
	l.Time, l.IdleAt, l.IdleTime = fromMillis(getNum(r, "checkpointTime")), getStr(r, "idleCheckpoint"), fromMillis(getNum(r, "idleTime"))
	if ss, ok := r["parentShardId"].(*types.AttributeValueMemberSS); ok {
		l.Parents = ss.Value
	}
	return l
}

// isSequence tells a sequence number from a word such as TRIM_HORIZON.
func isSequence(checkpoint string) bool { return checkpoint != "" && isDigit(checkpoint[0]) }

// itemVersion grows when an older program could misread a batch item.
const itemVersion = 1

// storedItem is the JSON form of what a batch item says besides its state.
type storedItem struct {
	Spans   []storedSpan `json:"spans"`
	Journal *sink.Upload `json:"journal,omitempty"`
}

type storedSpan struct {
	Shard string `json:"shard"`
	Epoch int64  `json:"epoch"`
	From  string `json:"from"`
	To    string `json:"to"`
	Time  int64  `json:"time,omitempty"` // arrival of the record at To, in milliseconds
}

func itemRow(it sink.Item) row {
	st := storedItem{Journal: it.Journal}
	for _, sp := range it.Spans {
		st.Spans = append(st.Spans, storedSpan{sp.Shard, sp.Epoch, sp.After, sp.Through, millis(sp.Time)})
	}
	body, _ := json.Marshal(st) // strings and numbers always encode
	return row{keyAttr: str(batchKey + it.ID), "entityType": str(batchKind), "version": num(itemVersion), "batchOwner": str(it.Owner), "batchState": str(string(it.State)), "batch": str(string(body))}
}

func toItem(r row) (*sink.Item, error) {
	id := strings.TrimPrefix(getStr(r, keyAttr), batchKey)
	if v := getNum(r, "version"); v != itemVersion {
		return nil, fmt.Errorf("read batch item %s: it has version %d, this program knows %d: let a newer Standpipe finish it", id, v, itemVersion)
	}
	var st storedItem
	if err := json.Unmarshal([]byte(getStr(r, "batch")), &st); err != nil {
		return nil, fmt.Errorf("read batch item %s: %w", id, err)
	}
	it := &sink.Item{ID: id, Owner: getStr(r, "batchOwner"), State: sink.State(getStr(r, "batchState")), Journal: st.Journal}
	for _, sp := range st.Spans {
		it.Spans = append(it.Spans, sink.Span{Shard: sp.Shard, Epoch: sp.Epoch, After: sp.From, Through: sp.To, Time: fromMillis(sp.Time)})
	}
	return it, nil
}

func applicationRow(a Application) row {
	return row{keyAttr: str(applicationKey), "entityType": str(applicationKind), "stream": str(a.Stream), "streamCreated": str(a.Created.UTC().Format(time.RFC3339Nano)),
		"startCheckpoint": str(a.Start), "lastShard": str(a.LastShard)}
}

func toApplication(r row) Application {
	created, _ := time.Parse(time.RFC3339Nano, getStr(r, "streamCreated"))
	return Application{Stream: getStr(r, "stream"), Created: created, Start: getStr(r, "startCheckpoint"), LastShard: getStr(r, "lastShard")}
}
