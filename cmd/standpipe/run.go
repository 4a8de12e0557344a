package main

import (
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"standpipe/config"
)

// overhead is what Go needs beside buffer.memory: goroutines, connections, the codecs' state and the collector's slack.
// The program's code, some 40 MiB of it resident, comes on top: together they are to stay below 72 MiB.
const overhead = 32 * config.MiB

func (p *program) runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Carry records from Kinesis to S3 until a signal",
		Long: `Run reads the stream and writes to S3 until SIGTERM or SIGINT. It then stops reading, commits what it
has, gives its leases up and exits 0 within 20 s; a second signal exits at once, which loses nothing:
the next start reads again what was not committed.

Each key of the file can also be set by a flag of its name or by a STANDPIPE_… variable; a flag beats a
variable, a variable beats the file. Logs go to stderr; metrics.cloudwatch writes metrics to stdout.`,
		Example: `  standpipe run -c standpipe.yaml
  standpipe run -c standpipe.yaml --log.format console --buffer.interval 60s
  STANDPIPE_STREAM_NAME=clicks STANDPIPE_OUTPUTS_0_BUCKET=lake standpipe run`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := p.load(cmd)
			if err != nil {
				return err
			}
			log, err := newLogger(p.stderr, cfg.Log)
			if err != nil {
				return err
			}
			if p.getenv("GOMEMLIMIT") == "" {
				limitMemory(cfg, log)
			}
			atSecondSignal(cmd.Context(), func() {
				log.Warn().Msg("second signal: exiting at once; what is not committed is read again at the next start")
			})
			if cfg.Metrics.CloudWatch {
				signal.Ignore(syscall.SIGPIPE) // a reader of stdout that is gone costs metrics, not the process
			}
			err = runDaemon(cmd.Context(), cfg, log, daemonHooks{stdout: p.stdout})
			if err != nil {
				log.Error().Str("error", oneLine(err)).Msg("run ends with an error")
			}
			return err
		},
	}
	configFlag(cmd)
	config.Flags(cmd.Flags())
	return cmd
}

// oneLine is an error whose sentences have a line each, as one text.
func oneLine(err error) string {
	return strings.Join(strings.Split(strings.TrimSpace(err.Error()), "\n"), "; ")
}

// limitMemory makes the collector work harder before the process outgrows its budget.
func limitMemory(cfg config.Config, log zerolog.Logger) {
	limit := cfg.Buffer.Memory + overhead
	debug.SetMemoryLimit(int64(limit))
	log.Debug().Int64("bytes", int64(limit)).Msg("memory limit set from buffer.memory")
}
