package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"standpipe/config"
	"standpipe/consumer"
)

const (
	replayMargin = time.Minute
	replayShare  = 0.5
)

// replayFlags are what the command line says of a replay.
type replayFlags struct {
	from, to    string
	prefix      string
	outputs     []string
	application string
	margin      time.Duration
	share       float64
	deep        bool
	removeTable bool
	dryRun      bool
}

func (p *program) replayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Write a time of the stream again, under a prefix of its own, and end",
		Long: `Replay reads from the stream what arrived from --from on and before --to, and writes it as run would, exactly
once, with --prefix in front of the prefixes of outputs and errors. It has an application, a lease table and journals of
its own, so it may run beside the workers and touches nothing of theirs. It ends when all is written, proves that by the
journals as verify does, and prints the proof.

When it is interrupted or crashes, the same command goes on where it was. Begun several times side by side, it shares
the work. Once it is done the same command writes nothing, and proves it again. Application and table are named by the
times, the prefix and the outputs; without --to, and where --to lies in the future, the time ends when the replay is
begun for the first time. A record belongs to the time by its arrival in Kinesis, a KPL aggregate as a whole. What has
left the stream's retention can not be replayed; it is named, and counts as a loss.

All readers of a shard share 2 MB and 5 calls a second. --share leaves the workers their part.

The exit code is 0 if everything is written, 3 if something is missing, 130 after a signal: then what was read is
committed, and the same command goes on.`,
		Example: `  standpipe replay -c standpipe.yaml --from 2026-01-31T12:00:00Z --to 2026-01-31T18:00:00Z --prefix replay/
  standpipe replay -c standpipe.yaml --from 2026-01-31T12:00:00Z --to 2026-01-31T18:00:00Z --prefix replay/ --dry-run
  standpipe replay -c standpipe.yaml --from 2026-01-31 --prefix again/ --output raw --deep
  standpipe replay -c standpipe.yaml --from 2026-01-31 --to 2026-02-01 --prefix replay/ --share 1 --buffer.size 512MiB`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := p.load(cmd)
			r, uerr := f.replay()
			if uerr != nil {
				return joinUsage(err, "%s", uerr)
			}
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("server.listen") {
				r.listen = cfg.Server.Listen
			}
			return p.replay(cmd.Context(), cfg, f, r)
		},
	}
	configFlag(cmd)
	config.Flags(cmd.Flags())
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", "write what arrived at this time or later: RFC 3339, or a date in UTC; required")
	flags.StringVar(&f.to, "to", "", "leave out what arrived at this time or later; default: now, at the first start")
	flags.StringVar(&f.prefix, "prefix", "", "what to put in front of the prefixes of outputs and errors, such as replay/; required")
	flags.StringArrayVar(&f.outputs, "output", nil, "write this output alone; may be given several times; default: all")
	flags.StringVar(&f.application, "application", "", "application and lease table of the replay (default made of leases.application and what is replayed)")
	flags.DurationVar(&f.margin, "margin", replayMargin, "how far arrival times in a shard may be out of order, which Kinesis leaves open; read in addition at both ends")
	flags.Float64Var(&f.share, "share", replayShare, "how much to take, above 0 to 1, of the 2 MB and 5 calls a second that a shard gives all its readers")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would be written where, and end; calls nothing on AWS")
	flags.BoolVar(&f.deep, "deep", false, "in the end read every object and compare checksums, bytes, and lines or rows, as verify --deep does")
	flags.BoolVar(&f.removeTable, "remove-table", false, "in the end, if nothing is wrong, delete the replay's lease table; it can then not be begun again")
	return cmd
}

// replayPlan is what a command line asks for, with its times read.
type replayPlan struct {
	from, to time.Time // to is zero for now
	name     string    // in words; the same at each start
	listen   string    // "" = no server
}

// replay reads the times and checks what can be known without a configuration.
func (f *replayFlags) replay() (r replayPlan, err error) {
	var errs []error
	slices.Sort(f.outputs)
	f.outputs = slices.Compact(f.outputs)
	r.from, r.to, err = period(f.from, f.to)
	switch {
	case err != nil:
		errs = append(errs, err)
	case f.from == "":
		errs = append(errs, errors.New("--from is required: a time such as 2026-01-31T12:00:00Z, or a date such as 2026-01-31"))
	}
	if f.margin < 0 {
		errs = append(errs, fmt.Errorf("--margin must be 0s or more (got %s)", f.margin))
	}
	if !(f.share > 0 && f.share <= 1) {
		errs = append(errs, fmt.Errorf("--share must be above 0, and at most 1 (got %v)", f.share))
	}
	end := "its first start"
	if !r.to.IsZero() {
		end = r.to.Format(time.RFC3339Nano)
	}
	r.name = fmt.Sprintf("from %s to %s, under %s", r.from.Format(time.RFC3339Nano), end, f.prefix)
	if len(f.outputs) > 0 {
		r.name += ", " + strings.Join(f.outputs, " and ")
	}
	return r, errors.Join(errs...)
}

// replay writes again, proves it and says what was done.
func (p *program) replay(ctx context.Context, production config.Config, f replayFlags, plan replayPlan) error {
	cfg, notes, err := production.Replay(config.Replay{Prefix: f.prefix, Outputs: f.outputs, Application: f.application, Of: plan.name})
	if err != nil {
		return err
	}
	cfg.Server.Listen = plan.listen
	pipe, err := newPipeline(cfg)
	if err != nil {
		return err
	}
	if f.dryRun {
		return p.planned(cfg, pipe, notes, plan)
	}
	screen := newScreen(p.stderr)
	log, err := newLogger(screen, cfg.Log)
	if err != nil {
		return err
	}
	for _, note := range notes {
		log.Warn().Msg(note)
	}
	if p.getenv("GOMEMLIMIT") == "" {
		limitMemory(cfg, log)
	}
	atSecondSignal(ctx, func() {
		log.Warn().Msg("second signal: exiting at once; the same command goes on where this one was")
	})
	r := &consumer.Replay{Name: plan.name, From: plan.from, To: plan.to, Margin: f.margin, Share: f.share}
	began := time.Now()
	var c *consumer.Consumer
	err = runDaemon(ctx, cfg, log, daemonHooks{
		replay: r,
		ready:  func(ctx context.Context, svc *services) error { return prepareReplay(ctx, svc, cfg, r, log) },
		reading: func(made *consumer.Consumer) func() {
			c = made
			return watchReplay(c, screen, log)
		},
	})
	var state consumer.ReplayProgress
	if c != nil {
		state = c.Replayed()
	}
	switch {
	case err == nil && state.Done:
		return p.replayed(ctx, cfg, pipe, f, r, state, time.Since(began))
	case err == nil:
		err = cmp.Or(ctx.Err(), errors.New("the replay ended before it was done: start it again"))
		log.Warn().Str("shards", fmt.Sprintf("%d of %d", state.Finished, state.Shards)).Msg("stopped before everything was written; the same command goes on from here")
	case ctx.Err() == nil:
		log.Error().Str("error", oneLine(err)).Msg("replay ends with an error; the same command goes on from here")
	}
	return err
}
