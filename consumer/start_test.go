package consumer

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/rs/zerolog"

	"standpipe/internal/dynamofake"
	"standpipe/internal/kinesisfake"
)

func put(t *testing.T, table *Table, r row) {
	t.Helper()
	if _, err := table.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table.name, Item: r}); err != nil {
		t.Fatal(err)
	}
}

// prepared is a consumer after its first look.
func prepared(t *testing.T, table *Table, client *kinesis.Client, stream, start string) (*Consumer, error) {
	t.Helper()
	c := New(Options{Application: "test", Stream: stream, Start: start, Table: table, Kinesis: client, Worker: "a", Log: zerolog.Nop()})
	c.leases.ctx = t.Context()
	return c, c.prepare(t.Context())
}

// LATEST is the moment of the application's first start, for ever: neither a later start nor a shard that
// is acquired late, nor a child, may skip what came since (hazard 5).
func TestLatestIsTheTimeOfTheFirstStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, _ := newTable(t, dynamofake.Options{})
		srv, client := newStream(t, 2, kinesisfake.Options{})
		began := time.Now()
		if _, err := prepared(t, table, client, "clicks", latest); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		left, right, err := srv.Split("clicks", shardID(0))
		if err != nil {
			t.Fatal(err)
		}
		for _, start := range []string{latest, trimHorizon, "2020-01-01T00:00:00Z"} { // what is remembered beats what is configured
			c, err := prepared(t, table, client, "clicks", start)
			if err != nil {
				t.Fatal(err)
			}
			c.leases.mu.Lock()
			app := c.leases.app
			for id, want := range map[string]string{shardID(0): startAt(began), shardID(1): startAt(began), left: trimHorizon, right: trimHorizon} {
				if got := firstCheckpoint(c.leases.shards[id], app); got != want {
					t.Errorf("shard %s begins at %s, want %s", id, got, want)
				}
			}
			c.leases.mu.Unlock()
		}
	})
}

func TestStartIsRememberedAsACheckpoint(t *testing.T) {
	for start, want := range map[string]string{
		trimHorizon:                 trimHorizon,
		"2026-01-31T12:00:00Z":      "AT_TIMESTAMP@2026-01-31T12:00:00Z",
		"2026-01-31T12:00:00+02:00": "AT_TIMESTAMP@2026-01-31T10:00:00Z",
	} {
		table, _ := newTable(t, dynamofake.Options{})
		_, client := newStream(t, 1, kinesisfake.Options{})
		if _, err := prepared(t, table, client, "clicks", start); err != nil {
			t.Fatal(err)
		}
		app, err := table.Application(t.Context())
		if err != nil || app == nil || app.Start != want || app.LastShard != shardID(0) || app.Stream != "clicks" {
			t.Errorf("%s: remembered %+v, %v", start, app, err)
		}
	}
	table, _ := newTable(t, dynamofake.Options{})
	_, client := newStream(t, 1, kinesisfake.Options{})
	if _, err := prepared(t, table, client, "clicks", "yesterday"); !has(err, `"yesterday"`) {
		t.Errorf("got %v", err)
	}
}

func TestStartTimesOfCheckpoints(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 123_000_000, time.UTC)
	if got, ok := startTime(startAt(at)); !ok || !got.Equal(at) {
		t.Errorf("got %v, %v", got, ok)
	}
	for _, s := range []string{"", "AT_TIMESTAMP", "AT_TIMESTAMP@", "AT_TIMESTAMP@soon", trimHorizon, "4959033827149025", "XX_TIMESTAMP@2026-01-31T12:00:00Z"} {
		if _, ok := startTime(s); ok {
			t.Errorf("%q is a start time", s)
		}
	}
}

// A stream made anew under its old name has the same shard ids, which the old checkpoints do not fit
// (hazard 26).
func TestRecreatedStreamIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, _ := newTable(t, dynamofake.Options{})
		srv, client := newStream(t, 1, kinesisfake.Options{})
		if _, err := prepared(t, table, client, "clicks", trimHorizon); err != nil {
			t.Fatal(err)
		}
		if _, err := client.DeleteStream(t.Context(), &kinesis.DeleteStreamInput{StreamName: aws.String("clicks")}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if err := srv.CreateStream("clicks", 1); err != nil {
			t.Fatal(err)
		}
		if _, err := prepared(t, table, client, "clicks", trimHorizon); !has(err, "made anew") || !has(err, "leases.application") {
			t.Errorf("got %v", err)
		}
		if err := srv.CreateStream("orders", 1); err != nil {
			t.Fatal(err)
		}
		if _, err := prepared(t, table, client, "orders", trimHorizon); !has(err, "belongs to stream clicks") {
			t.Errorf("got %v", err)
		}
		if _, err := prepared(t, table, client, "nowhere", trimHorizon); !has(err, "describe stream nowhere") {
			t.Errorf("got %v", err)
		}
	})
}

// All pages of ListShards are read, and both parents are kept.
func TestListShards(t *testing.T) {
	srv, client := newStream(t, 2, kinesisfake.Options{})
	child, err := srv.Merge("clicks", shardID(0), shardID(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.CreateStream("wide", 2500); err != nil {
		t.Fatal(err)
	}
	shards, err := listShards(t.Context(), client, streamRef{name: "clicks"}, nil)
	if err != nil || len(shards) != 3 {
		t.Fatalf("%d shards, %v", len(shards), err)
	}
	if c := shards[child]; len(c.Parents) != 2 || c.Closed || c.StartHash != "0" || !shards[shardID(0)].Closed {
		t.Errorf("child is %+v", c)
	}
	shards, err = listShards(t.Context(), client, streamRef{name: "wide"}, nil)
	if err != nil || len(shards) != 2500 {
		t.Errorf("%d shards, %v", len(shards), err)
	}
}
