package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"standpipe/config"
	"standpipe/consumer"
	"standpipe/internal/verify"
)

// replayed proves a replay that is done, says what it wrote, and removes its table if that was asked for.
func (p *program) replayed(ctx context.Context, cfg config.Config, pipe *pipeline, f replayFlags, r *consumer.Replay, state consumer.ReplayProgress, took time.Duration) error {
	o := verify.Options{Deep: f.deep}
	report, err := p.prove(ctx, cfg, pipe, &o)
	if err != nil {
		return fmt.Errorf("the replay is done, its proof could not be made: %w", err)
	}
	if err := p.printReplay(cfg, r, state, o, report, took); err != nil {
		return err
	}
	switch {
	case !report.OK:
		return &codedError{exitPartial, errors.New(findingsIn(report))}
	case f.removeTable:
		return p.removeTable(ctx, cfg)
	}
	_, err = fmt.Fprintf(p.stdout, "Lease table %s stays, so that the same command finds it done; --remove-table deletes it.\n", cfg.Leases.Table)
	return err
}

func (p *program) printReplay(cfg config.Config, r *consumer.Replay, state consumer.ReplayProgress, o verify.Options, report *verify.Report, took time.Duration) error {
	var records int64
	for _, s := range report.Shards {
		records += s.Records
	}
	here := "nothing was left to read for this worker: the replay was done before, or by others"
	if state.Records > 0 {
		here = fmt.Sprintf("this worker read %s (%s) in %s", plural(int(state.Records), "Kinesis record", "Kinesis records"), bytesOf(float64(state.Bytes)), took.Round(time.Second/10))
	}
	_, err := fmt.Fprintf(p.stdout, "Replayed what arrived in stream %s from %s on and before %s: %s of %s, in %s;\n%s.\n\n",
		cfg.Stream.Name, r.From.UTC().Format(time.RFC3339Nano), state.To.UTC().Format(time.RFC3339Nano),
		plural(int(records), "record", "records"), plural(state.Shards, "shard", "shards"), plural(report.Objects, "object", "objects"), here)
	if err != nil {
		return err
	}
	tab := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, out := range cfg.Outputs {
		_, _ = fmt.Fprintf(tab, "%s\ts3://%s/%s\n", out.Name, out.Bucket, out.Prefix)
	}
	_, _ = fmt.Fprintf(tab, "errors\ts3://%s/%s\n", cfg.Errors.Bucket, cfg.Errors.Prefix)
	_, _ = fmt.Fprintln(tab)
	if err := tab.Flush(); err != nil {
		return err
	}
	return printReport(p.stdout, o, report)
}

// removeTable deletes the lease table of a replay that is done, unless another of its workers is alive: that one has
// not ended yet, and deletes it where it was told to.
func (p *program) removeTable(ctx context.Context, cfg config.Config) error {
	svc, table, err := connectToRead(ctx, cfg)
	if err != nil {
		return err
	}
	defer svc.close()
	doing := "delete lease table " + cfg.Leases.Table
	before, err := heartbeats(ctx, table)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	for deadline := time.Now().Add(time.Duration(cfg.Leases.Failover)); len(before) > 0 && time.Now().Before(deadline); {
		tick := time.NewTimer(time.Second)
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return ctx.Err()
		}
		now, err := heartbeats(ctx, table)
		if err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		for worker, beat := range now {
			if was, known := before[worker]; known && was != beat {
				_, err := fmt.Fprintf(p.stdout, "Lease table %s stays: worker %s is still at work.\n", cfg.Leases.Table, worker)
				return err
			}
		}
		before = now
	}
	var missing *types.ResourceNotFoundException
	_, err = svc.dynamodb.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &cfg.Leases.Table}, retryDynamoDB)
	if err != nil && !errors.As(err, &missing) {
		return &codedError{exitPartial, fmt.Errorf("%s: %w: allow dynamodb:DeleteTable on it, or delete it by hand", doing, brief(err))}
	}
	_, err = fmt.Fprintf(p.stdout, "Lease table %s is deleted.\n", cfg.Leases.Table)
	return err
}

// heartbeats are those of the workers in a table; none of one that is gone.
func heartbeats(ctx context.Context, table *consumer.Table) (map[string]int64, error) {
	snap, err := table.Snapshot(ctx)
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	beats := map[string]int64{}
	for worker, hb := range snap.Workers {
		beats[worker] = hb.Beat
	}
	return beats, nil
}
