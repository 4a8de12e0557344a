package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"standpipe/config"
	"standpipe/internal/demo"
)

func (p *program) demoCommand() *cobra.Command {
	o := demo.Options{
		Out:      p.stdout,
		Terminal: terminal(p.stdout),
		Worker: func(ctx context.Context, cfg config.Config, log zerolog.Logger) error {
			return runDaemon(ctx, cfg, log, daemonHooks{})
		},
	}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Carry sample clicks from an embedded Kinesis into a folder, and count them",
		Long: `Demo starts Kinesis, DynamoDB and S3 in this process, on loopback addresses, and puts sample clicks: JSON on
one line and on several, KPL aggregates, and records that no line can be made of. Workers carry them into the
folder while a shard is split and two are merged. In the end an independent reader counts what is there.

Nothing is sent anywhere, no account and no credentials are needed. The exit code is 0 only if no record was
lost, doubled or changed.`,
		Example: `  standpipe demo
  standpipe demo --crash              # workers are killed with SIGKILL, some in the middle of a commit
  standpipe demo --format parquet     # an access log as a table, metered to the last call
  standpipe demo --crash --seed 42    # the records of another run, and its kills at fixed moments`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			self, err := os.Executable()
			if err != nil && o.Crash {
				return fmt.Errorf("find this program's file to start workers from: %w", err)
			}
			o.Command = []string{self, "run", "-c"}
			err = demo.Run(cmd.Context(), o)
			if errors.Is(err, demo.ErrUsage) {
				return usageError("%w", err)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Dir, "dir", demo.DefaultDir, "folder that takes everything; a former demo's is emptied first")
	f.IntVar(&o.Records, "records", demo.DefaultRecords, "records to put; they are kept in memory")
	f.IntVar(&o.Workers, "workers", demo.DefaultWorkers, fmt.Sprintf("workers that share the stream, 1 to %d", demo.MaxWorkers))
	f.StringVar(&o.Format, "format", demo.FormatLines, "ndjson carries clicks; parquet carries an access log, and counts the calls per user and hour")
	f.BoolVar(&o.Crash, "crash", false, "run the workers as processes and kill them with SIGKILL at random moments")
	f.Uint64Var(&o.Seed, "seed", 0, "repeats a run's records and its kills at fixed moments, not those that wait for a commit; 0 draws one and prints it")
	return cmd
}
