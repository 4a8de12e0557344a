package consumer

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/sink"
)

// The table has one string hash key, leaseKey, and rows of five kinds, told apart by entityType. Lease rows
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

// kind tells what a row is. Ours are told by their keys, which no shard's id can be. The KCL's own rows may lack the
// entityType, and may have others, which are none of our business.
func kind(r row) string {
	switch k := getStr(r, keyAttr); {
	case strings.HasPrefix(k, workerKey):
		return workerKind
	case strings.HasPrefix(k, batchKey):
		return batchKind
	case k == applicationKey:
		return applicationKind
	}
	if !isType(r["entityType"]) {
		return leaseKind // and damaged
	}
	if k := getStr(r, "entityType"); k != "" {
		return k
	}
	return leaseKind
}

// kindOf is the kind of a shard's row.
func kindOf(shard string) string {
	if shard == RedriveShard {
		return redriveKind
	}
	return leaseKind
}

func isType(v types.AttributeValue) bool {
	_, text := v.(*types.AttributeValueMemberS)
	return text || v == nil
}

func leaseRow(l Lease) row {
	r := row{keyAttr: str(l.Shard), "entityType": str(kindOf(l.Shard)), "leaseEpoch": num(l.Epoch), "leaseCounter": num(l.Counter), "checkpoint": str(l.Checkpoint)}
	if l.Owner != "" {
		r["leaseOwner"] = str(l.Owner)
	}
	if len(l.Parents) > 0 {
		r["parentShardId"] = &types.AttributeValueMemberSS{Value: l.Parents}
	}
	return r
}

// toLease reads a lease row; fault is empty, or says what is wrong with it.
func toLease(r row) (l Lease, fault string) {
	a := attributes{row: r}
	if a.version(); a.fault != "" {
		return l, a.fault
	}
	l = Lease{
		Shard: a.text(keyAttr), Owner: a.optional("leaseOwner"), Epoch: a.number("leaseEpoch", 1, 0), Counter: a.number("leaseCounter", 0, 0),
		Checkpoint: a.checkpoint("checkpoint"), Pending: a.optional("pendingBatch"), PendingTo: a.optional("pendingCheckpoint"), Parents: a.texts("parentShardId"),
		Time: a.millis("checkpointTime"), IdleAt: a.optional("idleCheckpoint"), IdleTime: a.millis("idleTime"),
	}
	want := kindOf(l.Shard)
	if k := a.optional("entityType"); k != want && (k != "" || want != leaseKind) {
		a.fail("entityType is %.40q, not %s", k, want)
	}
	if within := a.number("checkpointSubSequenceNumber", 0, -1) + 1; isSequence(l.Checkpoint) {
		l.Within = within
	}
	switch {
	case l.Pending != "" || a.has("pendingBatch"):
		a.text("pendingBatch")
		a.checkpoint("pendingCheckpoint")
		fallthrough
	case a.has("checkpointTime") || a.has("idleTime") || a.has("idleCheckpoint"):
		if l.Epoch == 0 { // a row that only the KCL has written has none of these
			a.fail("leaseEpoch is missing")
		}
	}
	return l, a.fault
}

// isSequence tells a sequence number from a word such as TRIM_HORIZON.
func isSequence(checkpoint string) bool { return checkpoint != "" && isDigit(checkpoint[0]) }

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
	return row{keyAttr: str(batchKey + it.ID), "entityType": str(batchKind), "version": num(itemVersion), "batchOwner": str(it.Owner), "batchState": str(string(it.State)),
		"batch": str(string(body)), "batchSum": str(batchSum(it.ID, string(body)))}
}

// batchSum is the checksum of what a batch item promises, the CRC-32 of its id and body: checkpoints move and objects
// become visible on its word alone. The journal's own checksum is in the body.
func batchSum(id, body string) string {
	return fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(id+"\n"+body)))
}

// toItem reads a batch item; fault is empty, or says what is wrong with it.
func toItem(r row) (it *sink.Item, fault string) {
	a := attributes{row: r}
	id := strings.TrimPrefix(a.text(keyAttr), batchKey)
	v := a.version()
	if a.fault != "" {
		return nil, a.fault
	}
	it = &sink.Item{ID: id, Owner: a.text("batchOwner"), State: sink.State(a.text("batchState"))}
	if it.State != sink.Committed && it.State != sink.Undoing {
		a.fail("batchState is %.40q, neither %s nor %s", it.State, sink.Committed, sink.Undoing)
	}
	body := a.text("batch")
	if v >= summedItems || a.has("batchSum") {
		if sum := a.text("batchSum"); sum != batchSum(id, body) {
			a.fail("batch does not have the checksum in batchSum")
		}
	}
	if k := a.optional("entityType"); k != batchKind {
		a.fail("entityType is %.40q, not %s", k, batchKind)
	}
	if a.fault != "" {
		return nil, a.fault
	}
	var st storedItem
	if err := json.Unmarshal([]byte(body), &st); err != nil {
		return nil, "batch is no JSON of ours: " + err.Error()
	}
	it.Journal = st.Journal
	if len(st.Spans) == 0 {
		return nil, "batch names no shard"
	}
	for _, sp := range st.Spans {
		if sp.Shard == "" || !isCheckpoint(sp.To) {
			return nil, fmt.Sprintf("batch leads shard %.40q to %.80q", sp.Shard, sp.To)
		}
		it.Spans = append(it.Spans, sink.Span{Shard: sp.Shard, Epoch: sp.Epoch, After: sp.From, Through: sp.To, Time: fromMillis(sp.Time)})
	}
	return it, ""
}

func applicationRow(a Application) row {
	r := row{keyAttr: str(applicationKey), "entityType": str(applicationKind), "stream": str(a.Stream), "streamCreated": str(a.Created.UTC().Format(time.RFC3339Nano)),
		"startCheckpoint": str(a.Start), "lastShard": str(a.LastShard)}
	if a.Replay != "" {
		r["replay"], r["replayUntil"] = str(a.Replay), num(millis(a.Until))
	}
	return r
}

// toApplication reads the application's row; fault is empty, or says what is wrong with it.
func toApplication(r row) (app Application, fault string) {
	a := attributes{row: r}
	if a.version(); a.fault != "" {
		return app, a.fault
	}
	app = Application{Stream: a.text("stream"), Start: a.checkpoint("startCheckpoint"), LastShard: a.optional("lastShard"),
		Replay: a.optional("replay"), Until: a.millis("replayUntil")}
	if (app.Replay == "") != app.Until.IsZero() {
		a.fail("replay and replayUntil do not go together")
	}
	if !a.has("lastShard") {
		a.fail("lastShard is missing")
	}
	var err error
	if app.Created, err = time.Parse(time.RFC3339Nano, a.text("streamCreated")); err != nil {
		a.fail("streamCreated is no time like 2026-01-31T12:00:00Z")
	}
	return app, a.fault
}
