package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"standpipe/config"
	"standpipe/internal/emf"
)

// TestLastMetricsTellOfTheLastBatch: what the last line says includes the commit of the stop, logs stay on stderr, and
// every metric's source has a name that the program has.
func TestLastMetricsTellOfTheLastBatch(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	const records = 50
	for i := range records {
		if _, _, err := c.kinesis.Put("clicks", fmt.Sprint(i), fmt.Appendf(nil, `{"n":%d}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := c.kinesis.Put("clicks", "x", []byte("no JSON")); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Source{Env: c.env("STANDPIPE_METRICS_CLOUDWATCH=true")})
	if err != nil {
		t.Fatal(err)
	}
	var stdout strings.Builder
	ctx, cancel := context.WithCancel(t.Context())
	d := &daemon{registry: prometheus.NewRegistry(), ended: make(chan error, 1)}
	go func() {
		d.ended <- runDaemon(ctx, cfg, zerolog.New(zerolog.NewTestWriter(t)), daemonHooks{registry: d.registry, stdout: &stdout})
	}()
	eventually(t, "read all records", func() bool { return d.read(t) == records+1 })
	cancel()
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
	var last map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatalf("%v in %q", err, lines)
	}
	for name, want := range map[string]any{
		emf.Dimension: "standpipe-clicks", "DeliveryToS3.Records": 50.0, "IncomingRecords": 51.0, "DataReadFromKinesisStream.Records": 51.0, "ErrorRecords": 1.0,
		"DeliveryToS3.Success": 1.0, "DeliveryToS3.ObjectCount": 1.0, "BatchesCommitted": 1.0, "WorkersAlive": 1.0, "BatchesUndone": 0.0,
	} {
		if last[name] != want {
			t.Errorf("%s is %v, should be %v in %v", name, last[name], want, last)
		}
	}
	if beats, ok := last["Heartbeats"].(float64); !ok || beats < 1 {
		t.Errorf("%v heartbeats", last["Heartbeats"])
	}
	if held, ok := last["DeliveryToS3.DataFreshness"].(float64); ok && held > 20 {
		t.Errorf("freshness is %v s", held)
	}
}

// TestStdoutThatNobodyReadsDoesNotHoldUpAStop.
func TestStdoutThatNobodyReadsDoesNotHoldUpAStop(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	cfg := config.Default()
	cfg.Metrics.CloudWatch = true
	var log strings.Builder
	end := emitMetrics(t.Context(), cfg, "w", prometheus.NewRegistry(), w, zerolog.New(&log))
	end()
	if !strings.Contains(log.String(), "nobody reads stdout") {
		t.Errorf("log: %s", log.String())
	}
	if err := r.Close(); err != nil { // lets the emitter end
		t.Fatal(err)
	}
}

// TestMetricsFollowPrometheusConventions, as promtool checks them.
func TestMetricsFollowPrometheusConventions(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := start(t, c.env())
	d.leased(t)
	problems, err := testutil.GatherAndLint(d.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "standpipe_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	d.signal()
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
}

// TestReaderOfStdoutThatIsGoneCostsMetricsAlone: not the process, which a broken pipe on stdout would end.
func TestReaderOfStdoutThatIsGoneCostsMetricsAlone(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := launchTo(t, writer, c.env("STANDPIPE_METRICS_CLOUDWATCH=true", "STANDPIPE_METRICS_INTERVAL=1s"))
	if err := errors.Join(writer.Close(), reader.Close()); err != nil {
		t.Fatal(err)
	}
	p.until(t, "metrics for CloudWatch can not be written to stdout")
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.code(t); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}
