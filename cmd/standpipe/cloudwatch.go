package main

import (
	"context"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"standpipe/config"
	"standpipe/internal/emf"
)

// lastLine is how long a stop waits for the last metrics to be written: a reader of stdout that has gone to sleep must
// not hold it up.
const lastLine = time.Second

// emitMetrics writes metrics to out in CloudWatch's format, where the configuration asks for them. What it returns ends
// that with a last line, and is to be called when nothing is counted any more.
func emitMetrics(ctx context.Context, cfg config.Config, worker string, registry prometheus.Gatherer, out io.Writer, log zerolog.Logger) (end func()) {
	if !cfg.Metrics.CloudWatch || out == nil {
		return func() {}
	}
	opts := emf.Options{Application: cfg.Leases.Application, Worker: worker, Interval: time.Duration(cfg.Metrics.Interval), Gatherer: registry, Out: out, Log: log}
	for _, o := range cfg.Outputs {
		if o.Format == "parquet" {
			opts.Parquet = append(opts.Parquet, o.Name)
		}
		opts.Limited = opts.Limited || o.MaxOpenPaths > 0
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		emf.New(opts).Run(ctx)
	}()
	return func() {
		cancel()
		t := time.NewTimer(lastLine)
		defer t.Stop()
		select {
		case <-ended:
		case <-t.C:
			log.Warn().Msg("the last metrics for CloudWatch are not written: nobody reads stdout")
		}
	}
}
