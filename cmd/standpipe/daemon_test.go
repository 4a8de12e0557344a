package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"standpipe/config"
	"standpipe/internal/faults"
)

// daemon is a runDaemon on its own goroutine.
type daemon struct {
	registry *prometheus.Registry
	address  string
	signal   context.CancelFunc // what SIGTERM does
	ended    chan error
}

func start(t *testing.T, env []string, stopWithin ...time.Duration) *daemon {
	t.Helper()
	cfg, err := config.Load(config.Source{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	d := &daemon{registry: prometheus.NewRegistry(), signal: cancel, ended: make(chan error, 1)}
	listening := make(chan net.Addr, 1)
	hooks := daemonHooks{registry: d.registry, listening: func(a net.Addr) { listening <- a }}
	if len(stopWithin) > 0 {
		hooks.stopWithin = stopWithin[0]
	}
	go func() { d.ended <- runDaemon(ctx, cfg, zerolog.New(zerolog.NewTestWriter(t)), hooks) }()
	select {
	case a := <-listening:
		d.address = "http://" + a.String()
	case err := <-d.ended:
		t.Fatalf("daemon ended: %v", err)
	}
	return d
}

// read is how many records the daemon has read so far.
func (d *daemon) read(t *testing.T) float64 {
	t.Helper()
	return d.metric(t, "standpipe_read_records_total")
}

// leased waits until the daemon reads both shards.
func (d *daemon) leased(t *testing.T) {
	t.Helper()
	eventually(t, "lease both shards", func() bool { return d.metric(t, "standpipe_leases_held") == 2 })
}

// metric is the value of a counter or gauge without labels, 0 while there is none.
func (d *daemon) metric(t *testing.T, name string) float64 {
	t.Helper()
	families, err := d.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			m := f.GetMetric()[0]
			return m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return 0
}

// lines are all lines below a prefix of the bucket lake, by content.
func (c *cloud) lines(t *testing.T, prefix string) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, o := range c.s3.Objects("lake") {
		if !strings.HasPrefix(o.Key, prefix) {
			continue
		}
		f, err := c.s3.Open("lake", o.Key)
		if err != nil {
			t.Fatal(err)
		}
		packed, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		unpacked, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(unpacked)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(body)) {
			count[strings.TrimSuffix(line, "\n")]++
		}
	}
	return count
}

// TestSignalCommitsWhatWasRead stops a daemon long before its interval is over.
func TestSignalCommitsWhatWasRead(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	const records = 50
	for i := range records {
		if _, _, err := c.kinesis.Put("clicks", fmt.Sprint(i), fmt.Appendf(nil, `{"n":%d}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	d := start(t, c.env())
	d.leased(t)
	eventually(t, "read all records", func() bool { return d.read(t) == records })
	if n := len(c.lines(t, "clicks/")); n != 0 {
		t.Errorf("%d lines are visible before the first commit", n)
	}
	d.signal()
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
	lines := c.lines(t, "clicks/")
	for i := range records {
		if n := lines[fmt.Sprintf(`{"n":%d}`, i)]; n != 1 {
			t.Errorf("record %d is there %d times", i, n)
		}
	}
	for _, row := range c.dynamo.Dump("standpipe-clicks") {
		if owner, held := row["leaseOwner"]; held {
			t.Errorf("lease %v still belongs to %v", row["leaseKey"], owner)
		}
	}
}

// TestRestartGoesOnAtTheCheckpoint sees every record once over a restart.
func TestRestartGoesOnAtTheCheckpoint(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	for round := range 2 {
		if _, _, err := c.kinesis.Put("clicks", "k", fmt.Appendf(nil, `{"round":%d}`, round)); err != nil {
			t.Fatal(err)
		}
		d := start(t, c.env())
		d.leased(t)
		eventually(t, "read the record", func() bool { return d.read(t) == 1 })
		d.signal()
		if err := <-d.ended; err != nil {
			t.Fatal(err)
		}
	}
	if lines := c.lines(t, "clicks/"); lines[`{"round":0}`] != 1 || lines[`{"round":1}`] != 1 || len(lines) != 2 {
		t.Errorf("got %v", lines)
	}
}

// TestProbesOfARunningDaemon asks as Docker, Kubernetes and Prometheus do.
func TestProbesOfARunningDaemon(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := start(t, c.env())
	d.leased(t)
	eventually(t, "get ready", func() bool { return get(t, d.address+"/readyz") == "200 ready\n" })
	if got := get(t, d.address+"/healthz"); got != "200 ok\n" {
		t.Errorf("healthz: %s", got)
	}
	if got := get(t, d.address+"/metrics"); !strings.Contains(got, "\nstandpipe_memory_budget_bytes 1.34217728e+08\n") || !strings.Contains(got, "\ngo_goroutines ") {
		t.Errorf("metrics: %.300s", got)
	}
	if r := execute(t, nil, "health", "--url", d.address+"/healthz"); r.code != exitOK || r.stdout != "ok\n" {
		t.Errorf("health: %s", r)
	}
	d.signal()
	if err := <-d.ended; err != nil {
		t.Error(err)
	}
}

// TestSignalWhileS3IsDown stops a daemon while S3 refuses everything: the exit code must say so.
func TestSignalWhileS3IsDown(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	if _, _, err := c.kinesis.Put("clicks", "k", []byte(`{"n":1}`)); err != nil {
		t.Fatal(err)
	}
	d := start(t, c.env("STANDPIPE_LEASES_FAILOVER=3s"), 500*time.Millisecond)
	eventually(t, "read the record", func() bool { return d.read(t) == 1 })
	heal := c.s3.Control("", func(faults.Call, func()) error {
		return &faults.Error{Status: http.StatusServiceUnavailable, Code: "SlowDown", Message: "Please reduce your request rate."}
	})
	d.signal()
	err := <-d.ended
	if err == nil {
		t.Fatal("the record was left behind and nobody says so")
	}
	if exitCode(err, true) != exitRuntime {
		t.Errorf("exit code %d for %v", exitCode(err, true), err)
	}
	heal()
	d = start(t, c.env("STANDPIPE_BUFFER_INTERVAL=1s", "STANDPIPE_LEASES_FAILOVER=3s"))
	d.leased(t)
	eventually(t, "deliver the record at the next start", func() bool { return c.lines(t, "clicks/")[`{"n":1}`] == 1 })
	d.signal()
	if err := <-d.ended; err != nil {
		t.Error(err)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, body)
}
