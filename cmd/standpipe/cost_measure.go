package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"standpipe/internal/cost"
	"standpipe/internal/pause"
)

// measureTimeout bounds each request.
const measureTimeout = 5 * time.Second

// mostMetrics bounds what a page of metrics may be.
const mostMetrics = 64 << 20

// shardBytes is what a shard takes in a second.
// https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
const shardBytes = 1 << 20

// metricsSample is what a worker told at one time.
type metricsSample struct {
	records, bytes float64 // read since it started
	since          float64 // seconds since it started
	shards         float64 // held
	alive          float64 // workers of the application
}

// measure takes rate and size of the records from running workers, where --from names any, and the shards too.
func (p *program) measure(cmd *cobra.Command, o costFlags, w *cost.Workload) error {
	if len(o.from) == 0 {
		return nil
	}
	for _, address := range o.from {
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return usageError("--from must be an http(s) URL such as http://10.0.0.7:8080/metrics (got %q)", address)
		}
	}
	if w.Source == cost.AccessLogs {
		return usageError("--from sees log events packed by a subscription: give --record-size and --rate of the events themselves with --source access-logs")
	}
	probe := *w // so that other mistakes are told before the wait
	probe.RecordBytes, probe.RecordsPerSecond = 1, 1
	if err := probe.Check(); err != nil {
		return usageError("reckon the cost: %w", err)
	}
	if o.over < 0 {
		return usageError("--over must be 0 or more (got %v)", o.over)
	}
	first, began, err := askAll(cmd.Context(), o.from)
	if err != nil {
		return err
	}
	last, elapsed := first, 0.0
	if o.over > 0 {
		_, _ = fmt.Fprintf(p.stderr, "standpipe: watching for %v\n", o.over)
		if err := pause.For(cmd.Context(), o.over); err != nil {
			return err
		}
		var ended time.Time
		if last, ended, err = askAll(cmd.Context(), o.from); err != nil {
			return err
		}
		elapsed = ended.Sub(began).Seconds()
	}
	var records, bytes, shards, alive float64
	for i, s := range last {
		shards, alive = shards+s.shards, max(alive, s.alive)
		if o.over > 0 {
			if s.records < first[i].records {
				return fmt.Errorf("measure the stream at %s: the worker has started again meanwhile; try again", o.from[i])
			}
			s.records, s.bytes = s.records-first[i].records, s.bytes-first[i].bytes
		} else {
			elapsed += s.since / float64(len(last))
		}
		records, bytes = records+s.records, bytes+s.bytes
	}
	if records == 0 || elapsed <= 0 {
		return fmt.Errorf("measure the stream: no record was read in %.0f s; watch longer with --over, or give --record-size and --rate", elapsed)
	}
	// The workers that were not asked are taken to read as much.
	all := max(1, alive/float64(len(o.from)))
	if all > 1 {
		_, _ = fmt.Fprintf(p.stderr, "standpipe: %.0f workers are alive, of which %d tell what they read; the others are taken to read as much: name each with --from\n", alive, len(o.from))
	}
	w.RecordBytes, w.RecordsPerSecond = bytes/records, all*records/elapsed
	if cmd.Flags().Changed("shards") {
		return nil
	}
	w.Shards = int(math.Round(all * shards))
	if w.Shards > 0 && w.RecordBytes*w.RecordsPerSecond > 1.05*float64(w.Shards)*shardBytes {
		return fmt.Errorf("measure the stream: %s/s were read, more than %d shards take in, so the workers are catching up; try again when they are behind no more", sizeText(w.RecordBytes*w.RecordsPerSecond), w.Shards)
	}
	return nil
}

// askAll asks every worker, and gives the time at which the last one had answered.
func askAll(ctx context.Context, from []string) (all []metricsSample, at time.Time, err error) {
	for _, address := range from {
		s, err := askMetrics(ctx, address)
		if ctx.Err() != nil {
			return all, at, ctx.Err()
		}
		if err != nil {
			return all, at, fmt.Errorf("measure the stream at %s: %w; name the /metrics of a running worker", address, err)
		}
		all = append(all, s)
	}
	return all, time.Now(), nil
}

// askMetrics reads one worker's metrics.
func askMetrics(ctx context.Context, address string) (s metricsSample, err error) {
	limited, cancel := context.WithTimeout(ctx, measureTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodGet, address, nil)
	if err != nil {
		return s, err
	}
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return s, fmt.Errorf("no answer: %s", cause(err))
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return s, fmt.Errorf("answered %s", resp.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(resp.Body, mostMetrics))
	if err != nil {
		return s, fmt.Errorf("is no page of metrics: %w", err)
	}
	value := func(name string) (float64, bool) {
		m := families[name].GetMetric()
		if len(m) == 0 {
			return 0, false
		}
		return sampleValue(m[0]), true
	}
	records, known := value("standpipe_read_records_total")
	if !known {
		return s, fmt.Errorf("is no page of Standpipe's metrics: it has no standpipe_read_records_total")
	}
	started, _ := value("process_start_time_seconds")
	s.records = records
	s.bytes, _ = value("standpipe_read_bytes_total")
	s.shards, _ = value("standpipe_leases_held")
	s.alive, _ = value("standpipe_workers_alive")
	if started > 0 {
		s.since = time.Since(time.Unix(0, int64(started*1e9))).Seconds()
	}
	return s, nil
}

// sampleValue is a metric's value, whichever type the page says it has.
func sampleValue(m *dto.Metric) float64 {
	return m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
}
