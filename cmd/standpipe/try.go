package main

import (
	"context"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"standpipe/config"
	"standpipe/internal/trial"
	"standpipe/sink"
)

func (p *program) tryCommand() *cobra.Command {
	o := trial.Options{Out: p.stdout}
	form := string(trial.Auto)
	cmd := &cobra.Command{
		Use:   "try -c FILE RECORDS...",
		Short: "Show what a configuration makes of sample records, without AWS",
		Long: `Try puts the records of files into an embedded Kinesis stream, has a worker carry them through the configuration's
steps and outputs, and prints the keys of the objects and how each begins: also what went to the error output, and
why. It is the code of run; nothing is sent anywhere, and no account is needed.

Each line of a file is a record, unless the file holds what ` + "`aws kinesis get-records`" + ` prints. --as whole takes each
file as one record. - is standard input. All records arrive now, whatever time a file gives for them.`,
		Example: `  standpipe try -c standpipe.yaml sample.ndjson
  standpipe try -c standpipe.yaml --dir lake sample.ndjson    # keep the objects
  aws kinesis get-records --shard-iterator … | standpipe try -c standpipe.yaml -`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("try needs files with records: write `standpipe try -c FILE RECORDS...`, with - for standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Form = trial.Form(form); !slices.Contains([]trial.Form{trial.Auto, trial.Lines, trial.Records, trial.Whole}, o.Form) {
				return usageError("--as must be auto, lines, records or whole (got %q)", form)
			}
			if o.Show < 0 {
				return usageError("--lines must be 0 or more (got %d)", o.Show)
			}
			cfg, _, err := p.load(cmd)
			if err != nil {
				return err
			}
			o.Config, o.Files = cfg, args
			if slices.Contains(args, "-") {
				o.Stdin = p.standardInput(cmd.Context(), cmd.InOrStdin())
			}
			o.Load = func(env []string) (config.Config, error) {
				return config.Load(config.Source{File: p.file(cmd), Env: append(slices.Clone(p.env), env...), Flags: cmd.Flags()})
			}
			o.Worker = func(ctx context.Context, cfg config.Config, reg *prometheus.Registry, visible func([]sink.JournalObject)) error {
				log, err := newLogger(p.stderr, cfg.Log)
				if err != nil {
					return err
				}
				return runDaemon(ctx, cfg, log, daemonHooks{registry: reg, visible: visible})
			}
			return trial.Run(cmd.Context(), o)
		},
	}
	configFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&form, "as", form, "how files hold records: auto, lines, records (of aws kinesis get-records) or whole")
	f.StringVar(&o.Dir, "dir", "", "folder that keeps the objects; it must be new or empty")
	f.IntVar(&o.Show, "lines", 3, "lines of each object to print")
	return cmd
}
