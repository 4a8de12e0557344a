package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"standpipe/config"
)

// configFlag adds -c. Without it the file is that of STANDPIPE_CONFIG, or none.
func configFlag(cmd *cobra.Command) {
	cmd.Flags().StringP("config", "c", "", "configuration file (default $STANDPIPE_CONFIG; keys may also come from STANDPIPE_… variables)")
	if err := cmd.MarkFlagFilename("config", "yaml", "yml"); err != nil {
		panic(err) // the flag was added in the line above
	}
}

// file is the configuration file that was named, empty if none was.
func (p *program) file(cmd *cobra.Command) string {
	if f, err := cmd.Flags().GetString("config"); err == nil && f != "" {
		return f
	}
	return p.getenv("STANDPIPE_CONFIG")
}

// load reads and checks the configuration with everything that can be known without AWS. Its error is a
// config.Problems.
func (p *program) load(cmd *cobra.Command) (config.Config, *pipeline, error) {
	cfg, err := config.Load(config.Source{File: p.file(cmd), Env: p.env, Flags: cmd.Flags()})
	if err != nil && p.file(cmd) == "" && !cfg.Given() && !p.speaks() {
		err = joinProblems(config.Problems{{Field: "configuration", Text: "no file was named; name one with -c or STANDPIPE_CONFIG"}}, err)
	}
	if err != nil && len(cfg.Outputs) == 0 {
		return cfg, nil, err
	}
	pipe, perr := newPipeline(cfg)
	return cfg, pipe, joinProblems(err, perr)
}

// speaks says whether any variable is meant for this program, be it a mistyped one.
func (p *program) speaks() bool {
	return slices.ContainsFunc(p.env, func(pair string) bool {
		name, value, _ := strings.Cut(pair, "=")
		return value != "" && strings.HasPrefix(name, "STANDPIPE_")
	})
}

// getenv is the value of a variable, empty if it is not set.
func (p *program) getenv(name string) string {
	for _, pair := range p.env {
		if n, value, _ := strings.Cut(pair, "="); n == name {
			return value
		}
	}
	return ""
}
