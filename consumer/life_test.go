package consumer

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"standpipe/internal/dynamofake"
	"standpipe/sink"
)

// step is a write to the lease table.
type step struct {
	name  string
	do    func(ctx context.Context) error
	shows map[string]string // rows worth keeping as they are after it, by name, as keys
	makes []string          // keys of rows that it makes and that no later step deletes
}

// lifeOf writes rows of every kind, in every state that the program brings them to.
func lifeOf(t *Table) []step {
	at := func(s int64) time.Time { return time.Unix(1_769_860_800+s, 0).UTC() }
	a, b, c := shardID(0), shardID(1), shardID(2)
	journal := &sink.Upload{Bucket: "lake", Key: "_standpipe/clicks/2026/01/31/12/clicks-2026-01-31-12-05-00-0b6e.ndjson", ID: "upload-1", Parts: []sink.Part{{Number: 1, ETag: `"9b2cf535f27731c974343645a3985328"`, CRC32: "NSRBwg==", Size: 1234}}}
	item := func(id string, spans ...sink.Span) sink.Item {
		return sink.Item{ID: id, Owner: "w-1", State: sink.Committed, Spans: spans, Journal: journal}
	}
	first := item("0b6e", sink.Span{Shard: a, Epoch: 2, After: trimHorizon, Through: "200", Time: at(200)}, sink.Span{Shard: b, Epoch: 1, After: "100", Through: shardEnd})
	undone := item("0b6f", sink.Span{Shard: a, Epoch: 2, After: "200", Through: "300", Time: at(300)})
	ends := sink.Item{ID: "0b70", Owner: "w-1", State: sink.Committed, Spans: []sink.Span{{Shard: c, Epoch: 1, After: startAt(at(0)), Through: shardEnd}}}
	app := Application{Stream: "clicks", Created: at(-5), Start: startAt(at(0)), LastShard: b}
	return []step{
		{name: "remember", do: func(ctx context.Context) error { return t.Remember(ctx, app) }, shows: map[string]string{"application": applicationKey}, makes: []string{applicationKey}},
		{name: "join", do: func(ctx context.Context) error { return t.Join(ctx, "w-1", 9) }, shows: map[string]string{"worker-joined": workerKey + "w-1"}, makes: []string{workerKey + "w-1"}},
		{name: "beat", do: func(ctx context.Context) error { return t.Beat(ctx, "w-1", 9, `{"v":1,"t":1769860800000}`) }, shows: map[string]string{"worker-beating": workerKey + "w-1"}},
		{name: "create", do: func(ctx context.Context) error {
			return t.Create(ctx, Lease{Shard: a, Owner: "w-0", Epoch: 1, Counter: 1, Checkpoint: trimHorizon})
		}, shows: map[string]string{"lease-created": a}, makes: []string{a}},
		{name: "create a child", do: func(ctx context.Context) error {
			return t.Create(ctx, Lease{Shard: b, Owner: "w-1", Epoch: 1, Counter: 1, Checkpoint: "100", Parents: []string{shardID(7), shardID(8)}})
		}, shows: map[string]string{"lease-child": b}, makes: []string{b}},
		{name: "create at a time", do: func(ctx context.Context) error {
			return t.Create(ctx, Lease{Shard: c, Owner: "w-1", Epoch: 1, Counter: 1, Checkpoint: startAt(at(0))})
		}, shows: map[string]string{"lease-at-time": c}, makes: []string{c}},
		{name: "acquire", do: func(ctx context.Context) error { _, err := t.Acquire(ctx, a, 1, "w-1"); return err }, shows: map[string]string{"lease-acquired": a}},
		{name: "intend", do: func(ctx context.Context) error { return t.Intend(ctx, first) }, shows: map[string]string{"lease-pending": a, "batch-committed": batchKey + "0b6e"}},
		{name: "advance", do: func(ctx context.Context) error { return t.Advance(ctx, first) }, shows: map[string]string{"lease-advanced": a, "lease-finished": b}},
		{name: "intend again", do: func(ctx context.Context) error { return t.Intend(ctx, undone) }},
		{name: "mark", do: func(ctx context.Context) error { return t.Mark(ctx, "0b6f") }, shows: map[string]string{"batch-undoing": batchKey + "0b6f"}},
		{name: "clear", do: func(ctx context.Context) error { return t.Clear(ctx, undone) }, shows: map[string]string{"lease-cleared": a}},
		{name: "acquire again", do: func(ctx context.Context) error { _, err := t.Acquire(ctx, a, 3, "w-1"); return err }},
		{name: "release", do: func(ctx context.Context) error { return t.Release(ctx, a, 4, "w-1", "200", at(400)) }, shows: map[string]string{"lease-released": a}},
		{name: "intend an end", do: func(ctx context.Context) error { return t.Intend(ctx, ends) }, shows: map[string]string{"batch-ends": batchKey + "0b70"}},
		{name: "leave", do: func(ctx context.Context) error { return t.Leave(ctx, "w-1") }, shows: map[string]string{"worker-leaving": workerKey + "w-1"}},
		{name: "create the row of redriving", do: func(ctx context.Context) error {
			return t.Create(ctx, Lease{Shard: RedriveShard, Epoch: 1, Checkpoint: trimHorizon})
		}, makes: []string{RedriveShard}},
		{name: "acquire redriving", do: func(ctx context.Context) error { _, err := t.Acquire(ctx, RedriveShard, 1, "redrive-1"); return err }, shows: map[string]string{"redrive": RedriveShard}},
		{name: "beat of redriving", do: func(ctx context.Context) error { return t.BeatRedrive(ctx, "redrive-1") }, shows: map[string]string{"redrive-beat": redriveBeatKey}, makes: []string{redriveBeatKey}},
	}
}

// writtenRows are the rows that this program writes, by name.
func writtenRows(t *testing.T) map[string]row {
	t.Helper()
	table, srv := newTable(t, dynamofake.Options{})
	client := dynamoClient(srv)
	written := map[string]row{}
	for _, s := range lifeOf(table) {
		if err := s.do(t.Context()); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		rows := allRows(t, client)
		for name, key := range s.shows {
			written[name] = maps.Clone(rows[key])
		}
	}
	written["application-replay"] = applicationRow(Application{Stream: "clicks", Created: time.Unix(1_769_860_795, 0), Start: trimHorizon, LastShard: shardID(1), Replay: "from then to now", Until: time.UnixMilli(1_769_860_800_001)})
	return written
}

// allRows is the table, by key.
func allRows(t *testing.T, client *dynamodb.Client) map[string]row {
	t.Helper()
	out, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("leases")})
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]row{}
	for _, r := range out.Items {
		rows[getStr(r, keyAttr)] = r
	}
	return rows
}
