package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"standpipe/internal/window"
)

// program is what every command works with in place of the process: its environment and its output.
type program struct {
	env    []string // NAME=value pairs
	stdout io.Writer
	stderr io.Writer
}

// run is the whole program. It returns the process's exit code, one of exitCodes.
func run(ctx context.Context, args, env []string, stdout, stderr io.Writer) int {
	p := &program{env: env, stdout: stdout, stderr: stderr}
	root := p.rootCommand()
	if completes(args) {
		completeValues(root)
	}
	root.SetArgs(append([]string{}, args...)) // never nil, for which cobra would take the process's own
	err := root.ExecuteContext(ctx)
	code := exitCode(err, ctx.Err() != nil)
	if err != nil && code != exitInterrupted {
		complain(stderr, err)
	}
	return code
}

func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "standpipe",
		Short: "Carry a Kinesis data stream into S3, every record exactly once",
		Long:  "Standpipe carries the records of a Kinesis data stream into S3, every record exactly once.\n\n" + exitTable(),
		Example: `  standpipe demo                      # see it work, with nothing installed
  standpipe check -c standpipe.yaml   # is the configuration right, and what will it do?
  standpipe run -c standpipe.yaml     # carry records until SIGTERM`,
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		DisableFlagsInUseLine:      true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(p.stdout) // cobra's completion takes it when it is added
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return flagError(cmd, err) })
	root.Version = version()
	root.SetVersionTemplate("standpipe {{.Version}}\n")
	root.AddCommand(p.commands()...)
	root.SetHelpCommand(helpCommand())
	finishCompletion(root)
	width, _ := window.Size(p.stdout)
	plainUsage(root, width)
	return root
}

// commands lists the subcommands.
func (p *program) commands() []*cobra.Command {
	return []*cobra.Command{p.runCommand(), p.demoCommand(), p.checkCommand(), p.tryCommand(), p.statusCommand(), p.verifyCommand(), p.redriveCommand(), p.replayCommand(), p.cleanCommand(),
		p.ddlCommand(), p.schemaCommand(), p.importCommand(), p.costCommand(), p.healthCommand(), p.versionCommand()}
}

func exitTable() string {
	var b strings.Builder
	b.WriteString("Exit codes:\n")
	for _, e := range exitCodes {
		fmt.Fprintf(&b, "  %3d  %s\n", e.code, e.meaning)
	}
	return b.String()
}
