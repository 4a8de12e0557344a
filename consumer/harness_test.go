package consumer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/rs/zerolog"
	par "github.com/vmware/vmware-go-kcl-v2/clientlibrary/partition"

	"standpipe/internal/dynamofake"
	"standpipe/internal/faults"
	"standpipe/internal/kinesisfake"
	"standpipe/sink"
)

func dynamoClient(srv *dynamofake.Server) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String("http://dynamodb"), Region: "eu-west-1", Retryer: aws.NopRetryer{},
		HTTPClient:  &http.Client{Transport: faults.Transport(map[string]http.Handler{"dynamodb": srv})},
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
}

func kinesisClient(h http.Handler) *kinesis.Client {
	return kinesisOver(faults.Transport(map[string]http.Handler{"kinesis": h}))
}

func kinesisOver(rt http.RoundTripper) *kinesis.Client {
	return kinesis.New(kinesis.Options{
		BaseEndpoint: aws.String("http://kinesis"), Region: "eu-west-1", Retryer: aws.NopRetryer{}, HTTPClient: &http.Client{Transport: rt},
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
}

// newTable is an empty lease table on a fake of its own.
func newTable(t *testing.T, o dynamofake.Options) (*Table, *dynamofake.Server) {
	t.Helper()
	srv := dynamofake.New(o)
	client := dynamoClient(srv)
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: aws.String("leases"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String(keyAttr), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String(keyAttr), KeyType: types.KeyTypeHash}}})
	if err != nil {
		t.Fatal(err)
	}
	return NewTable(client, "leases"), srv
}

// member is one worker of an application: its state machine and watcher, without the KCL library, whose
// calls the tests make, and with readers that read nothing.
type member struct {
	*leases
	t      *testing.T
	c      *Consumer
	shards map[string]Shard
	states map[string]*par.ShardStatus
}

const failover = 30 * time.Second

// beat joins a worker that has not yet joined, and moves its heartbeat.
func beat(t *testing.T, table *Table, worker string, limit int) {
	t.Helper()
	if err := table.Join(t.Context(), worker, limit); err != nil && !errors.Is(err, errConflict) {
		t.Fatal(err)
	}
	if err := table.Beat(t.Context(), worker, limit, ""); err != nil {
		t.Fatal(err)
	}
}

func newMember(t *testing.T, table *Table, name string, shards map[string]Shard) *member {
	t.Helper()
	return newLimited(t, table, name, shards, 0)
}

// newLimited makes a member that owns at most so many shards; 0 = no limit.
func newLimited(t *testing.T, table *Table, name string, shards map[string]Shard, limit int) *member {
	t.Helper()
	c := New(Options{MaxLeases: limit, Application: "test", Stream: "clicks", Table: table, Worker: name, Failover: failover, Log: zerolog.Nop()})
	m := &member{leases: c.leases, t: t, c: c, shards: shards, states: map[string]*par.ShardStatus{}}
	c.leases.ctx = t.Context()
	c.leases.app = Application{Stream: "clicks", Start: trimHorizon, LastShard: shardID(9999)}
	c.leases.start = func(l Lease) *reader {
		r := &reader{fetcher: &fetcher{trouble: &sink.Troubles{}}, lease: l, table: table, m: c.m, log: c.log, began: time.Now()}
		r.epoch, r.endEpoch = context.WithCancel(t.Context())
		r.reads, r.endReads = context.WithCancelCause(r.epoch)
		return r
	}
	beat(t, table, name, limit)
	m.look()
	return m
}

// look takes a new snapshot into use.
func (m *member) look() error {
	m.t.Helper()
	began := time.Now()
	snap, err := m.table.Snapshot(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	return m.c.watch.see(snap, m.shards, began)
}

// status is the library's record of a shard, which all its goroutines share.
func (m *member) status(id string) *par.ShardStatus {
	if m.states[id] == nil {
		m.states[id] = &par.ShardStatus{ID: id, StartingSequenceNumber: "0", Mux: &sync.RWMutex{}}
	}
	return m.states[id]
}

// turn is what the library's event loop does for one shard.
func (m *member) turn(id string) bool {
	s := m.status(id)
	if s.GetLeaseOwner() == m.me {
		return false
	}
	if err := m.FetchCheckpoint(s); err != nil && !isNoCheckpoint(err) {
		return false
	}
	return m.GetLease(s, m.me) == nil
}

// consumerEnds is what the library does when a shard's consumer ends.
func (m *member) consumerEnds(id string) {
	m.t.Helper()
	m.status(id).SetLeaseOwner("")
	if err := m.RemoveLeaseOwner(id); err != nil {
		m.t.Fatal(err)
	}
}

func (m *member) rowOf(id string) Lease {
	m.t.Helper()
	l, err := m.table.Lease(m.t.Context(), id)
	if err != nil {
		m.t.Fatal(err)
	}
	if l == nil {
		return Lease{}
	}
	return *l
}

func shardID(n int) string { return fmt.Sprintf("shardId-%012d", n) }

// shardsUpTo lists n open shards without parents.
func shardsUpTo(n int) map[string]Shard {
	all := map[string]Shard{}
	for i := range n {
		all[shardID(i)] = Shard{ID: shardID(i)}
	}
	return all
}

// newStream is a Kinesis with one stream, clicks.
func newStream(t *testing.T, shards int, o kinesisfake.Options) (*kinesisfake.Server, *kinesis.Client) {
	t.Helper()
	srv := kinesisfake.New(o)
	if err := srv.CreateStream("clicks", shards); err != nil {
		t.Fatal(err)
	}
	return srv, kinesisClient(srv)
}

func has(err error, part string) bool { return err != nil && strings.Contains(err.Error(), part) }
