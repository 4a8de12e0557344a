package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"standpipe/config"
	"standpipe/internal/embedded"
	"standpipe/sink"
)

// Options says what is tried, and with what.
type Options struct {
	Config config.Config // as config.Load returned it; changed by Run
	Load   func(env []string) (config.Config, error)
	Files  []string  // hold the records; - is Stdin
	Form   Form      // of the files
	Stdin  io.Reader // for -
	Dir    string    // keeps the buckets, a folder each; "" keeps nothing
	Show   int       // lines of each object that are printed

	// Worker carries records until ctx ends, and tells visible of the objects.
	Worker func(ctx context.Context, cfg config.Config, reg *prometheus.Registry, visible func([]sink.JournalObject)) error
	Out    io.Writer
}

// Run tries a configuration and prints what came of it. It returns nil when every record is delivered, dropped by a step
// or in the error output; that records are there is no error of the trial. When ctx ends before, what was made is left.
func Run(ctx context.Context, o Options) error {
	if err := unfit(o.Config); err != nil {
		return err
	}
	samples, err := read(o.Files, o.Form, o.Stdin)
	if err != nil {
		return err
	}
	dir := o.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "standpipe-try-"); err != nil {
			return fmt.Errorf("make a folder for the objects: %w", err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
	} else if err := claim(dir); err != nil {
		return err
	}
	s, err := embedded.Start(embedded.Options{Dir: dir, Buckets: buckets(o.Config)})
	if err != nil {
		return err
	}
	defer s.Close()
	cfg, err := o.Load(overlay(o.Config, s))
	if err != nil {
		return err
	}
	t := &trial{Options: o, servers: s, dir: dir, ends: map[string]string{}, left: adapt(&cfg), registry: prometheus.NewRegistry()}
	if err := t.put(cfg.Stream.Name, samples); err != nil {
		return err
	}
	leave := embedded.Enter("try")
	defer leave()
	if err := t.carry(ctx, cfg); err != nil {
		return err
	}
	return t.report(len(samples))
}

// claim makes the folder, which must be empty.
func claim(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder %s: %w", dir, err)
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = errors.New("it is not empty: name a new one, or remove it")
	}
	if err != nil {
		return fmt.Errorf("use folder %s: %w", dir, err)
	}
	return nil
}

// trial is one under way.
type trial struct {
	Options
	servers  *embedded.Servers
	dir      string
	left     []string          // what was left out of the configuration
	ends     map[string]string // the last sequence number of each shard
	registry *prometheus.Registry

	mu      sync.Mutex
	objects map[string]sink.JournalObject // by bucket and key
}

// maxRecord is what Kinesis takes, and a little room for the partition key.
// https://docs.aws.amazon.com/streams/latest/dev/large-records.html
const maxRecord = 10<<20 - 256

// put puts the records into a stream of one shard, so that they stay in order.
func (t *trial) put(stream string, samples []sample) error {
	if err := t.servers.Kinesis.CreateStream(stream, 1); err != nil {
		return fmt.Errorf("make an embedded stream: %w", err)
	}
	for i, r := range samples {
		if len(r.data) > maxRecord {
			return fmt.Errorf("put %s: it has %d bytes, and Kinesis takes %d MiB in a record", r.where, len(r.data), 10)
		}
		shard, sequence, err := t.servers.Kinesis.Put(stream, strconv.Itoa(i), r.data)
		if err != nil {
			return fmt.Errorf("put %s, %d bytes: %w", r.where, len(r.data), err)
		}
		t.ends[shard] = sequence
	}
	return nil
}

// carry has a worker deliver everything.
func (t *trial) carry(ctx context.Context, cfg config.Config) error {
	work, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- t.Worker(work, cfg, t.registry, t.visible) }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !t.delivered(cfg.Leases.Table) {
		select {
		case err := <-ended:
			if err == nil {
				err = ctx.Err()
			}
			return err
		case <-tick.C:
		}
	}
	stop()
	return <-ended
}

// delivered says whether the checkpoints stand behind all records.
func (t *trial) delivered(table string) bool {
	waiting := len(t.ends)
	for _, row := range t.servers.Dynamo.Dump(table) {
		shard, _ := row["leaseKey"].(string)
		if end := t.ends[shard]; end != "" && row["checkpoint"] == end && row["pendingBatch"] == nil {
			waiting--
		}
	}
	return waiting == 0
}

// visible is told of the objects of each batch, perhaps twice.
func (t *trial) visible(objects []sink.JournalObject) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.objects == nil {
		t.objects = map[string]sink.JournalObject{}
	}
	for _, o := range objects {
		t.objects[o.Bucket+"/"+o.Key] = o
	}
}
