package emf

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// world has the program's metrics, as far as lines are made of them.
type world struct {
	registry *prometheus.Registry
	counters map[string]*prometheus.CounterVec
	gauges   map[string]prometheus.Gauge
	calls    *prometheus.HistogramVec
	out      written
}

// written is an Out that is read while it is written to.
type written struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *written) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.text.Reset()
	return w.text.String()
}

func newWorld() *world {
	w := &world{registry: prometheus.NewRegistry(), counters: map[string]*prometheus.CounterVec{}, gauges: map[string]prometheus.Gauge{}}
	for name, labels := range map[string][]string{
		"read_records_total": nil, "read_bytes_total": nil, "user_records_total": nil, "heartbeats_total": nil, "leases_lost_total": nil, "retention_gaps_total": nil, "batches_undone_total": nil,
		"batches_total": {"cause"}, "rejected_records_total": {"code"}, "untimed_records_total": {"output", "reason"}, "lambda_calls_total": {"step", "result"},
		"delivered_records_total": {"output"}, "delivered_bytes_total": {"output"}, "objects_total": {"output"},
		"requests_total": {"service", "op"}, "retries_total": {"service", "op"}, "read_retries_total": {"service", "op"},
	} {
		w.counters[name] = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "standpipe_" + name}, labels)
		w.registry.MustRegister(w.counters[name])
	}
	for _, name := range []string{"oldest_uncommitted_seconds", "behind_latest_max_seconds", "leases_held", "shards_unowned", "workers_alive", "stream_retention_seconds", "memory_used_bytes", "memory_budget_bytes"} {
		w.gauges[name] = prometheus.NewGauge(prometheus.GaugeOpts{Name: "standpipe_" + name})
		w.registry.MustRegister(w.gauges[name])
	}
	w.calls = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "standpipe_lambda_call_seconds"}, []string{"step"})
	w.registry.MustRegister(w.calls)
	return w
}

func (w *world) add(name string, n float64, labels ...string) {
	w.counters[name].WithLabelValues(labels...).Add(n)
}

// lines checks and takes what was written.
func (w *world) lines(t *testing.T) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(w.out.take()) {
		root, err := check([]byte(line))
		if err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, root)
	}
	return all
}

// run has an emitter run within a bubble while do acts.
func (w *world) run(t *testing.T, opts Options, do func(wait func(time.Duration))) {
	t.Helper()
	opts.Application, opts.Gatherer, opts.Log = "standpipe-clicks", w.registry, zerolog.Nop()
	if opts.Out == nil {
		opts.Out = &w.out
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			New(opts).Run(ctx)
		}()
		do(func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		})
		cancel()
		<-ended
	})
}

func TestLineAMinuteAndALastOne(t *testing.T) {
	w := newWorld()
	w.run(t, Options{}, func(wait func(time.Duration)) {
		w.add("read_records_total", 5)
		wait(59 * time.Second)
		if n := len(w.lines(t)); n != 0 {
			t.Errorf("%d lines before the minute is over", n)
		}
		wait(2 * time.Second)
		w.add("read_records_total", 7)
		wait(time.Minute)
		lines := w.lines(t)
		if len(lines) != 2 || lines[0]["DataReadFromKinesisStream.Records"] != 5.0 || lines[1]["DataReadFromKinesisStream.Records"] != 7.0 {
			t.Errorf("got %v", lines)
		}
		w.add("read_records_total", 2)
	})
	lines := w.lines(t)
	if len(lines) != 1 || lines[0]["DataReadFromKinesisStream.Records"] != 2.0 || lines[0][Dimension] != "standpipe-clicks" {
		t.Errorf("the last line is %v", lines)
	}
}

// TestPeaksBetweenLines: a gauge that was high for a while is not forgotten because it is low when the line is written.
func TestPeaksBetweenLines(t *testing.T) {
	w := newWorld()
	w.gauges["leases_held"].Set(2)
	w.gauges["stream_retention_seconds"].Set(86400)
	w.run(t, Options{}, func(wait func(time.Duration)) {
		w.gauges["oldest_uncommitted_seconds"].Set(299)
		w.gauges["behind_latest_max_seconds"].Set(43200)
		wait(31 * time.Second)
		w.gauges["oldest_uncommitted_seconds"].Set(0)
		w.gauges["behind_latest_max_seconds"].Set(1.5)
		wait(30 * time.Second)
		line := w.lines(t)[0]
		if line["DeliveryToS3.DataFreshness"] != 299.0 || line["KinesisMillisBehindLatest"] != 43200e3 || line["RetentionUsed"] != 50.0 {
			t.Errorf("got %v", line)
		}
	})
	line := w.lines(t)[0]
	if _, there := line["DeliveryToS3.DataFreshness"]; there || line["KinesisMillisBehindLatest"] != 1500.0 {
		t.Errorf("the next window has %v", line)
	}
}

// TestEveryMetric gives each metric a value that tells it from the others.
func TestEveryMetric(t *testing.T) {
	w := newWorld()
	for i, name := range []string{"read_records_total", "read_bytes_total", "user_records_total", "heartbeats_total", "leases_lost_total", "retention_gaps_total", "batches_undone_total"} {
		w.add(name, float64(11+i))
	}
	w.add("batches_total", 2, "size")
	w.add("batches_total", 3, "interval")
	w.add("rejected_records_total", 21, "Standpipe.NotJSON")
	w.add("rejected_records_total", 4, "DataFormatConversion.ParseError")
	w.add("rejected_records_total", 1, "DynamicPartitioning.ActivePartitionsLimitExceeded")
	w.add("untimed_records_total", 6, "raw", "missing")
	w.add("lambda_calls_total", 3, "tidy", "ok")
	w.add("lambda_calls_total", 1, "tidy", "timeout")
	w.calls.WithLabelValues("tidy").Observe(0.5)
	w.calls.WithLabelValues("tidy").Observe(1.5)
	for i, output := range []string{"raw", "rows", "errors"} {
		w.add("delivered_records_total", float64(100+i), output)
		w.add("delivered_bytes_total", float64(1000+i), output)
		w.add("objects_total", float64(10+i), output)
	}
	w.add("requests_total", 17, "s3", "UploadPart")
	w.add("requests_total", 1, "s3", "CompleteMultipartUpload")
	w.add("requests_total", 50, "s3", "GetObject")
	w.add("requests_total", 50, "dynamodb", "Intend")
	w.add("retries_total", 2, "s3", "UploadPart")
	w.add("retries_total", 30, "dynamodb", "Intend")
	w.add("read_retries_total", 8, "kinesis", "GetRecords")
	for name, v := range map[string]float64{"oldest_uncommitted_seconds": 30, "behind_latest_max_seconds": 864, "leases_held": 4, "shards_unowned": 1, "workers_alive": 2, "stream_retention_seconds": 86400, "memory_used_bytes": 32, "memory_budget_bytes": 128} {
		w.gauges[name].Set(v)
	}
	w.run(t, Options{Parquet: []string{"rows"}, Limited: true, Worker: "w"}, func(func(time.Duration)) {})
	want := map[string]float64{
		"DeliveryToS3.DataFreshness": 30, "DeliveryToS3.Records": 201, "DeliveryToS3.Bytes": 2001, "DeliveryToS3.ObjectCount": 21, "DeliveryToS3.Success": 0.9,
		"DataReadFromKinesisStream.Records": 11, "DataReadFromKinesisStream.Bytes": 12, "KinesisMillisBehindLatest": 864000, "IncomingRecords": 13, "IncomingBytes": 12,
		"ExecuteProcessing.Duration": 1000, "ExecuteProcessing.Success": 0.75, "SucceedConversion.Records": 101, "FailedConversion.Records": 4, "PartitionCountExceeded": 1,
		"Heartbeats": 14, "ErrorRecords": 26, "UntimedRecords": 6, "RetentionUsed": 1, "RetentionGaps": 16, "ShardsUnowned": 1, "LeasesHeld": 4, "LeasesLost": 15, "WorkersAlive": 2,
		"BatchesCommitted": 5, "BatchesUndone": 17, "Retries": 40, "MemoryUsed": 25,
	}
	line := w.lines(t)[0]
	for _, m := range Metrics {
		if v, known := want[m.Name]; !known || line[m.Name] != v {
			t.Errorf("%s is %v, should be %v", m.Name, line[m.Name], v)
		}
		delete(want, m.Name)
	}
	if len(want) > 0 {
		t.Errorf("no metrics %v", slices.Sorted(maps.Keys(want)))
	}
}

// TestWhatIsNotThereIsLeftOut: a worker that does nothing tells what counts as nothing, and no ratio of nothing.
func TestWhatIsNotThereIsLeftOut(t *testing.T) {
	w := newWorld()
	w.run(t, Options{}, func(func(time.Duration)) {})
	line := w.lines(t)[0]
	for _, m := range []string{"DeliveryToS3.DataFreshness", "DeliveryToS3.Success", "KinesisMillisBehindLatest", "RetentionUsed", "ExecuteProcessing.Success", "ExecuteProcessing.Duration", "SucceedConversion.Records",
		"FailedConversion.Records", "PartitionCountExceeded", "UntimedRecords"} {
		if v, there := line[m]; there {
			t.Errorf("%s is %v", m, v)
		}
	}
	for _, m := range []string{"Heartbeats", "ErrorRecords", "DeliveryToS3.Records", "IncomingRecords"} {
		if line[m] != 0.0 {
			t.Errorf("%s is %v", m, line[m])
		}
	}
}

// failing is an Out that is gone.
type failing struct{ tried int }

func (f *failing) Write([]byte) (int, error) {
	f.tried++
	return 0, errors.New("broken pipe")
}

func TestOutThatIsGoneIsTriedAgain(t *testing.T) {
	w, out := newWorld(), &failing{}
	w.run(t, Options{Out: out}, func(wait func(time.Duration)) { wait(3*time.Minute + time.Second) })
	if out.tried != 4 {
		t.Errorf("tried %d times", out.tried)
	}
}
