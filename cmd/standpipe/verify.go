package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"standpipe/config"
	"standpipe/consumer"
	"standpipe/internal/s3read"
	"standpipe/internal/verify"
)

func (p *program) verifyCommand() *cobra.Command {
	var from, to string
	var asJSON bool
	var o verify.Options
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove from journals and bucket that every record is there exactly once",
		Long: `Verify reads the journals that batches left, and proves: the ranges of each shard are contiguous, from the shard's
beginning, across splits and merges, to its checkpoint in the lease table; every object that a journal lists is there
with its size; and under the prefixes of outputs and errors lies no object of this application that no journal lists.
With --deep it reads every object and compares checksums, lines and bytes; the rows of Parquet files are counted in every
column, by another library than the one that wrote them. It writes nothing, and may run beside workers: batches in flight
are left out.

With --from or --to it looks at batches that were cut in that time, and through the folders that they wrote to.

What it can not see: an object that a reader moved away before its batch had advanced (its records came again), and
what happened before the oldest journal that is left. The exit code is 0 if nothing is wrong and 3 if something is,
or if there is no journal although there should be one.`,
		Example: `  standpipe verify -c standpipe.yaml
  standpipe verify -c standpipe.yaml --deep --from 2026-01-31 --to 2026-02-01
  standpipe verify -c standpipe.yaml --json | jq '.problems[]'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, pipe, err := p.load(cmd)
			var terr error
			if o.From, o.To, terr = period(from, to); terr != nil {
				return joinUsage(err, "%s", terr)
			}
			if err != nil {
				return err
			}
			return p.verify(cmd.Context(), cfg, pipe, o, asJSON)
		},
	}
	configFlag(cmd)
	config.Flags(cmd.Flags())
	f := cmd.Flags()
	f.StringVar(&from, "from", "", "leave out batches that were cut before this time: RFC 3339, or a date in UTC")
	f.StringVar(&to, "to", "", "leave out batches that were cut at this time or later")
	f.BoolVar(&o.Deep, "deep", false, "read every object, and compare checksums, bytes, and lines or Parquet rows")
	f.BoolVar(&o.Strict, "strict", false, "take objects that Standpipe did not write, such as Firehose's, for a failure")
	f.BoolVar(&asJSON, "json", false, "print the report as JSON")
	return cmd
}

// period reads --from and --to.
func period(from, to string) (a, b time.Time, err error) { return span("from", from, "to", to) }

// span reads the two ends of a time, each from a flag; empty ones are zero.
func span(first, from, second, to string) (a, b time.Time, err error) {
	read := func(flag, text string) (t time.Time, err error) {
		if text == "" {
			return t, nil
		}
		for _, form := range []string{time.RFC3339, time.DateOnly} {
			if t, err = time.Parse(form, text); err == nil {
				return t.UTC(), nil
			}
		}
		return t, fmt.Errorf("--%s must be a time such as 2026-01-31T12:00:00Z, or a date such as 2026-01-31 (got %q)", flag, text)
	}
	if a, err = read(first, from); err != nil {
		return a, b, err
	}
	if b, err = read(second, to); err != nil {
		return a, b, err
	}
	if !a.IsZero() && !b.IsZero() && !a.Before(b) {
		return a, b, fmt.Errorf("--%s must be before --%s (got %s and %s)", first, second, from, to)
	}
	return a, b, nil
}

func (p *program) verify(ctx context.Context, cfg config.Config, pipe *pipeline, o verify.Options, asJSON bool) error {
	report, err := p.prove(ctx, cfg, pipe, &o)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(p.stdout, report)
	} else {
		err = printReport(p.stdout, o, report)
	}
	if err != nil || report.OK {
		return err
	}
	return &codedError{exitPartial, errors.New(findingsIn(report))}
}

// prove makes the proof, and completes the options with what the configuration says.
func (p *program) prove(ctx context.Context, cfg config.Config, pipe *pipeline, o *verify.Options) (*verify.Report, error) {
	svc, table, err := connectToRead(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer svc.close()
	if err := rightTable(ctx, cfg, table); err != nil {
		return nil, unlessEnded(ctx, brief(err))
	}
	o.Application = cfg.Leases.Application
	o.Journal = verify.Place{Bucket: cfg.Journal.Bucket, Head: cfg.Journal.Prefix}
	for _, at := range places(cfg, pipe) {
		if at != (place{cfg.Journal.Bucket, cfg.Journal.Prefix}) {
			o.Places = append(o.Places, verify.Place{Bucket: at.bucket, Head: at.head})
		}
	}
	o.Store = s3read.S3{Client: bucketClients(svc)}
	o.Table = table
	o.Parents = func(ctx context.Context) (map[string][]string, error) { return shardParents(ctx, svc, cfg) }
	bar := newBar(p.stderr)
	o.Progress = bar.show
	report, err := verify.Run(ctx, *o)
	bar.clear()
	if err != nil {
		return nil, unlessEnded(ctx, brief(err))
	}
	return report, nil
}

// rightTable refuses to prove anything on the word of another stream's table. One that does not exist, or that no worker
// has used, is for the report to tell.
func rightTable(ctx context.Context, cfg config.Config, table *consumer.Table) error {
	app, err := table.Application(ctx)
	if err != nil || app == nil || app.Stream == cfg.Stream.Name {
		return nil //nolint:nilerr // verify reads the table next, and says what is in the way
	}
	return fmt.Errorf("lease table %s is that of stream %s: set leases.table, leases.endpoint and stream.region as the workers have them", cfg.Leases.Table, app.Stream)
}
