package emf

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

const (
	// Namespace is that of all metrics.
	Namespace = "Standpipe"
	// Dimension is the only one: Firehose's, with the application as its value. A dimension of shards would make a paid
	// metric of each.
	Dimension = "DeliveryStreamName"

	// sampleEvery is how often gauges are looked at, of which a line tells the highest.
	sampleEvery = 10 * time.Second
)

// Options configures an Emitter.
type Options struct {
	Application string // leases.application, the dimension's value
	Worker      string // beside the metrics, for CloudWatch Logs Insights; it is no dimension

	Interval time.Duration // between two lines; 0 = 1 minute
	Parquet  []string      // names of the outputs of format parquet
	Limited  bool          // an output has max_open_paths

	Gatherer prometheus.Gatherer // the program's registry
	Out      io.Writer           // gets a line in one Write
	Log      zerolog.Logger      // told, once, that Out can not be written to
}

// Emitter writes lines of metrics. It is used by one goroutine.
type Emitter struct {
	opts   Options
	window window
	failed bool
}

// New makes an emitter. Nothing is written before Run.
func New(opts Options) *Emitter {
	if opts.Interval == 0 {
		opts.Interval = time.Minute
	}
	return &Emitter{opts: opts, window: window{parquet: opts.Parquet, limited: opts.Limited}}
}

// Run writes a line each interval until ctx ends, and a last one then. Counts in a line are those since the line before,
// those of the first line since the program began. It waits for Out alone: whoever must not, does not wait for Run.
func (e *Emitter) Run(ctx context.Context) {
	t := time.NewTicker(min(sampleEvery, e.opts.Interval))
	defer t.Stop()
	for written := time.Now(); ; {
		select {
		case <-ctx.Done():
			e.emit(time.Now())
			return
		case now := <-t.C:
			if now.Sub(written) >= e.opts.Interval {
				e.emit(now)
				written = now
			} else {
				e.window.sample(e.gather())
			}
		}
	}
}

// gather asks for all metrics. An error is about single ones, which are then missing; /metrics tells of it.
func (e *Emitter) gather() families {
	list, _ := e.opts.Gatherer.Gather()
	return byName(list)
}

func (e *Emitter) emit(now time.Time) {
	e.window.sample(e.gather())
	line, err := e.line(now)
	if err == nil {
		_, err = e.opts.Out.Write(line)
	}
	if err != nil && !e.failed {
		e.opts.Log.Warn().Err(err).Msg("metrics for CloudWatch can not be written to stdout")
	}
	e.failed = err != nil
	e.window.next()
}

type definition struct {
	Name string
	Unit string
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []definition
}

type metadata struct {
	Timestamp         int64 // milliseconds since 1970
	CloudWatchMetrics []directive
}

// line is a document of the format for the window that ends now.
func (e *Emitter) line(now time.Time) ([]byte, error) {
	d := directive{Namespace: Namespace, Dimensions: [][]string{{Dimension}}}
	doc := map[string]any{Dimension: e.opts.Application, "Worker": e.opts.Worker}
	for _, m := range Metrics {
		v, ok := m.value(&e.window)
		if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		d.Metrics = append(d.Metrics, definition{m.Name, m.Unit})
		doc[m.Name] = v
	}
	doc["_aws"] = metadata{now.UnixMilli(), []directive{d}}
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("encode metrics: %w", err)
	}
	return append(text, '\n'), nil
}
