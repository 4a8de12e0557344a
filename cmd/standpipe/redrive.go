package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"standpipe/config"
	"standpipe/consumer"
	"standpipe/internal/catalog"
	"standpipe/internal/redrive"
	"standpipe/internal/s3read"
	"standpipe/sink"
	"standpipe/sink/steps"
	"standpipe/sink/steps/transform"
)

// redriveFlags are what the command line says.
type redriveFlags struct {
	from, since, until string
	enterAfter         string
	enterAtStart       bool
	asJSON, listDone   bool
	filter             redrive.Filter
	memoryLost, dryRun bool
}

func (p *program) redriveCommand() *cobra.Command {
	var f redriveFlags
	cmd := &cobra.Command{
		Use:   "redrive",
		Short: "Send the records of the error prefix through steps and outputs again, each once",
		Long: `Redrive reads error records, after the configuration was mended, and sends their raw records through the steps and
outputs again: to the output that lacks them, under the hour of their arrival. It reads the error prefix of the
configuration, or with --from one that Firehose wrote. What was redriven is remembered, so that a repeat redrives only
what is new, and neither a crash nor two calls at once doubles or loses a record. A record that fails again gets a new
error record. Error objects are never changed or deleted.

It may run beside workers, which need not stop; one redrive at a time works on an application. --dry-run counts by type,
code and hour, and writes nothing. docs/redrive.md says more, docs/errors.md what each code means.

The exit code is 3 if error records could not be redriven: they are named, and stay.`,
		Example: `  standpipe redrive -c standpipe.yaml --dry-run
  standpipe redrive -c standpipe.yaml --code Standpipe.JQ --since 2026-01-31T06:00:00Z --until 2026-01-31T09:00:00Z
  standpipe redrive -c standpipe.yaml --from s3://lake/firehose-errors/processing-failed/
  standpipe redrive -c standpipe.yaml --list-done | xargs -n 1 aws s3 rm`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, pipe, err := p.load(cmd)
			o, ferr := f.options(cmd)
			if ferr != nil {
				return joinUsage(err, "%s", ferr)
			}
			if err != nil {
				return err
			}
			if o.Source, ferr = errorSource(cfg, pipe, f.from); ferr != nil {
				return usageError("%s", ferr)
			}
			return p.redrive(cmd.Context(), cfg, pipe, o, f)
		},
	}
	configFlag(cmd)
	config.Flags(cmd.Flags())
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", "where the error objects lie, as s3://bucket/prefix (default: errors.bucket and errors.prefix)")
	flags.StringVar(&f.since, "since", "", "leave out records that arrived before this time: RFC 3339, or a date in UTC")
	flags.StringVar(&f.until, "until", "", "leave out records that arrived at this time or later")
	flags.StringSliceVar(&f.filter.Types, "type", nil, "only these types: "+strings.Join(redrive.Types, ", "))
	flags.StringSliceVar(&f.filter.Codes, "code", nil, "only these error codes, such as Standpipe.NotJSON")
	flags.StringVar(&f.enterAfter, "enter-after", "", "let all records enter behind the step of this name, whatever they say themselves")
	flags.BoolVar(&f.enterAtStart, "enter-at-start", false, "let all records enter in front of the first step, whatever they say themselves")
	flags.BoolVar(&f.dryRun, "dry-run", false, "count, and write nothing")
	flags.BoolVar(&f.listDone, "list-done", false, "only list the error objects whose every record was redriven, one a line")
	flags.BoolVar(&f.memoryLost, "memory-lost", false, "take error objects for not yet redriven that are older than what is left of the memory of it")
	flags.BoolVar(&f.asJSON, "json", false, "print the report as JSON")
	return cmd
}

// options reads the flags.
func (f *redriveFlags) options(cmd *cobra.Command) (o redrive.Options, err error) {
	o = redrive.Options{Filter: f.filter, DryRun: f.dryRun, MemoryLost: f.memoryLost}
	if o.Filter.Since, o.Filter.Until, err = span("since", f.since, "until", f.until); err != nil {
		return o, err
	}
	for _, t := range f.filter.Types {
		if !slices.ContainsFunc(redrive.Types, func(known string) bool { return strings.EqualFold(known, t) }) {
			return o, fmt.Errorf("--type must be one of %s (got %q)", strings.Join(redrive.Types, ", "), t)
		}
	}
	after := cmd.Flags().Changed("enter-after")
	switch {
	case after && f.enterAtStart:
		return o, errors.New("--enter-after and --enter-at-start exclude each other")
	case after && f.enterAfter == "":
		return o, errors.New("--enter-after must name a step: use --enter-at-start for the beginning")
	case after || f.enterAtStart:
		o.EnterAfter = &f.enterAfter
	}
	return o, nil
}

// errorSource is where error objects lie: below an address, or where a configuration has them. There, objects of other
// applications and outputs may lie between them.
func errorSource(cfg config.Config, pipe *pipeline, from string) (redrive.Source, error) {
	journal := func(bucket, key string) bool {
		return bucket == cfg.Journal.Bucket && strings.HasPrefix(key, cfg.Journal.Prefix)
	}
	if from != "" {
		rest, ok := strings.CutPrefix(from, "s3://")
		bucket, head, _ := strings.Cut(rest, "/")
		if !ok || bucket == "" {
			return redrive.Source{}, fmt.Errorf("--from must be an address such as s3://bucket/prefix/ (got %q)", from)
		}
		return redrive.Source{Place: s3read.Place{Bucket: bucket, Head: head}, Takes: func(key string) bool { return !journal(bucket, key) }}, nil
	}
	at := s3read.Place{Bucket: cfg.Errors.Bucket, Head: pipe.errors.Prefix.Literal()}
	typed := strings.Contains(cfg.Errors.Prefix, "!{firehose:error-output-type}")
	var others []string // prefixes within that of the error output
	for _, out := range pipe.outputs {
		if head := out.Prefix.Literal(); out.Bucket == at.Bucket && len(head) > len(at.Head) && strings.HasPrefix(head, at.Head) {
			others = append(others, head)
		}
	}
	ours := newNaming(cfg, pipe)
	return redrive.Source{Place: at, Takes: func(key string) bool {
		if _, ok := ours.batch(at.Bucket, key); !ok {
			return false
		}
		return !journal(at.Bucket, key) && (!typed || redrive.TypeOf(key) != "") &&
			!slices.ContainsFunc(others, func(head string) bool { return strings.HasPrefix(key, head) })
	}}, nil
}

// redrive finds everything that is needed, and lets it be used.
func (p *program) redrive(ctx context.Context, cfg config.Config, pipe *pipeline, o redrive.Options, f redriveFlags) error {
	log, err := p.redriveLog(cfg)
	if err != nil {
		return err
	}
	if p.getenv("GOMEMLIMIT") == "" {
		limitMemory(cfg, log)
	}
	svc, err := connect(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer svc.close()
	if err := svc.verifyRedrive(ctx, cfg, o); err != nil {
		return unlessEnded(ctx, brief(err))
	}
	table := consumer.NewTable(dynamodb.New(svc.dynamodb.Options(), retryDynamoDB), cfg.Leases.Table)
	if err := rightTable(ctx, cfg, table); err != nil {
		return unlessEnded(ctx, brief(err))
	}
	o.Store, o.Table = s3read.S3{Client: bucketClients(svc)}, table
	o.Worker, o.Failover, o.Log = svc.worker, time.Duration(cfg.Leases.Failover), log
	remember, err := redrive.Remember(cfg.Journal.Bucket, cfg.Journal.Prefix)
	if err != nil {
		return fmt.Errorf("remember what is redriven below journal.prefix: %w", err)
	}
	o.Redriven = s3read.Place{Bucket: remember.Bucket, Head: cfg.Journal.Prefix + "redriven/"}
	if f.listDone {
		return unlessEnded(ctx, brief(redrive.ListDone(ctx, o, p.stdout)))
	}
	for _, out := range pipe.outputs {
		o.Outputs = append(o.Outputs, out.Name)
	}
	registry := prometheus.NewRegistry()
	o.Memory = sink.NewMemory(int64(cfg.Buffer.Memory))
	svc.giveFunctions(cfg, pipe, o.Memory, transform.NewMetrics(registry), log)
	o.Chain = redrive.Chained(steps.NewChain(pipe.steps, o.Memory, registry))
	bar := newBar(p.stderr)
	o.Progress = bar.show
	if !o.DryRun {
		if err := table.Ensure(ctx); err != nil {
			return unlessEnded(ctx, brief(err))
		}
		unfollow := svc.sinkToRedrive(ctx, cfg, pipe, &o, remember, registry)
		defer unfollow()
	}
	report, err := redrive.Run(ctx, o)
	bar.clear()
	if report == nil {
		return unlessEnded(ctx, brief(err))
	}
	return p.finishRedrive(ctx, o, report, registry, f.asJSON, err)
}

// redriveLog is the log, of which only warnings are shown where a bar is.
func (p *program) redriveLog(cfg config.Config) (zerolog.Logger, error) {
	log, err := newLogger(p.stderr, cfg.Log)
	if err == nil && terminal(p.stderr) {
		log = log.Level(max(log.GetLevel(), zerolog.WarnLevel))
	}
	return log, err
}

// verifyRedrive tries what redriving needs.
func (s *services) verifyRedrive(ctx context.Context, cfg config.Config, o redrive.Options) error {
	var checks []func(context.Context) error
	if !o.DryRun {
		for _, t := range s.tables {
			checks = append(checks, t.load)
		}
		for _, r := range s.registers {
			checks = append(checks, r.load)
		}
		for _, f := range s.functions {
			checks = append(checks, f.verify)
		}
		if len(s.functions) > 0 { // they are told the stream's ARN
			checks = append(checks, func(ctx context.Context) error { return s.nameStream(ctx, cfg) })
		}
	}
	if !slices.ContainsFunc(buckets(cfg), func(b bucketUse) bool { return b.name == o.Source.Bucket }) {
		checks = append(checks, func(ctx context.Context) error { return s.verifyBucket(ctx, bucketUse{o.Source.Bucket, "--from"}) })
	}
	return s.verifyAll(ctx, cfg, startLimit, checks...)
}

// sinkToRedrive makes the sink. What is called in the end waits for what it has made to be registered.
func (s *services) sinkToRedrive(ctx context.Context, cfg config.Config, pipe *pipeline, o *redrive.Options, remember *sink.Output, registry *prometheus.Registry) (end func()) {
	log := o.Log.With().Str("worker", s.worker).Logger()
	s.measured = catalog.NewMetrics(registry)
	s.giveColumns(pipe, log)
	for _, r := range s.registers {
		r.Metric, r.Log = s.measured, log
	}
	opts := sinkOptions(cfg, pipe, s, log, registry, o.Memory)
	opts.Outputs = append(slices.Clone(pipe.outputs), remember)
	opts.Visible, opts.Ledger = s.visible(nil), consumer.NewTable(s.dynamodb, cfg.Leases.Table)
	var mu sync.Mutex
	made, newID := map[string]bool{}, opts.NewID
	opts.NewID = func() string {
		mu.Lock()
		defer mu.Unlock()
		id := newID()
		made[id] = true
		return id
	}
	o.Own = func(id string) bool {
		mu.Lock()
		defer mu.Unlock()
		return made[id]
	}
	o.Sink = sink.New(context.WithoutCancel(ctx), opts)
	return s.follow(ctx, cfg, o.Sink, log)
}
