package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"standpipe/config"
)

const (
	streamRecords = 10_000           // that are looked at in a stream by default
	defaultBack   = 10 * time.Minute // how far back the look begins
	longestBack   = 365 * 24 * time.Hour
)

// schemaFlags are what `standpipe schema` looks at, and what it tells.
type schemaFlags struct {
	records    int
	back, wait time.Duration
	asJSON     bool
	show       bool
}

func (p *program) schemaCommand() *cobra.Command {
	var o schemaFlags
	cmd := &cobra.Command{
		Use:   "schema [file ...]",
		Short: "Propose a schema from recent records of the stream, or from files",
		Long: `Schema looks at the stream's recent records, or at files of JSON lines, and proposes the columns of a table. Stdout takes
the keys of an output, to be pasted into the configuration. Stderr takes a table with each column's type, the share of
records that have no value for it, and what does not go together. No value of a record is printed.

Of the stream it reads every shard from some minutes ago up to the present, opens KPL aggregates, takes no lease and writes
nothing. Its reads count towards the five a second and 2 MB a second that a shard has for all its consumers. Of the
configuration it needs the section stream alone.

Files may be compressed with gzip, zstd, snappy or zip; - is standard input. Ctrl-C ends the look and prints what was
learned so far.`,
		Example: `  standpipe schema -c standpipe.yaml
  standpipe schema --stream.name clicks --stream.region eu-west-1 --back 2h --records 100000
  standpipe schema access-log.ndjson.gz
  aws s3 cp s3://lake/raw/1.gz - | standpipe schema -`,
		RunE: func(cmd *cobra.Command, files []string) error {
			if wrong := o.check(files, cmd.Flags().Changed); wrong != "" {
				return usageError("%s", wrong)
			}
			if len(files) > 0 && !cmd.Flags().Changed("records") {
				o.records = 0
			}
			return p.schema(cmd, o, files)
		},
	}
	configFlag(cmd)
	config.Flags(cmd.Flags())
	f := cmd.Flags()
	f.IntVar(&o.records, "records", streamRecords, "records to look at, at most; 0 is no limit, and the default for files")
	f.DurationVar(&o.back, "back", defaultBack, "how far back in the stream to begin; 24h and more reach its oldest record, if it is no older")
	f.DurationVar(&o.wait, "for", 0, "how long to look, also for records that are yet to come; 0 is up to the present")
	f.BoolVar(&o.asJSON, "json", false, "print everything as JSON on stdout")
	f.BoolVar(&o.show, "show", false, "show the beginning of records that are no JSON, whatever secrets they may hold")
	return cmd
}

// check says what is wrong with the flags, or nothing.
func (o schemaFlags) check(files []string, changed func(string) bool) string {
	switch {
	case o.records < 0:
		return fmt.Sprintf("--records must be 0, for no limit, or more (got %d)", o.records)
	case o.back < 0 || o.back > longestBack:
		return fmt.Sprintf("--back must be 0s to 8760h, which is a year (got %s)", o.back)
	case o.wait < 0:
		return fmt.Sprintf("--for must not be negative (got %s)", o.wait)
	case o.back == 0 && o.wait == 0 && len(files) == 0:
		return "--back 0s leaves nothing to look at without --for: give one of them a time"
	case len(files) > 0 && (changed("back") || changed("for")):
		return "--back and --for are about the stream, not about files: leave them or the files out"
	}
	for i, f := range files {
		if strings.HasPrefix(f, "s3://") {
			return fmt.Sprintf("%s is no file: copy it, or use `aws s3 cp %[1]s - | standpipe schema -`", f)
		}
		if slices.Contains(files[:i], f) {
			return f + " is named twice"
		}
	}
	return ""
}

// schema looks, and prints what was learned, also when the look ended early.
func (p *program) schema(cmd *cobra.Command, o schemaFlags, files []string) error {
	ctx := cmd.Context()
	s := &sample{limit: o.records, show: o.show, bar: newBar(p.stderr)}
	look := func() error { return s.readFiles(ctx, cmd.InOrStdin(), files) }
	if len(files) == 0 {
		cfg, err := p.streamConfig(cmd)
		if err != nil {
			return err
		}
		svc, err := connect(ctx, cfg, zerolog.Nop())
		if err != nil {
			return err
		}
		defer svc.close()
		s.source = "stream " + cfg.Stream.Name
		look = func() error { return s.readStream(ctx, cfg, svc, o.back, o.wait) }
	}
	err := unlessEnded(ctx, look())
	s.mu.Lock() // a read of standard input may still go on
	defer s.mu.Unlock()
	s.bar.clear()
	s.closed = true
	proposal := s.in.Proposal()
	if proposal.Records == 0 && err == nil {
		return s.nothing(o, len(files) > 0)
	}
	if proposal.Records > 0 {
		if perr := s.print(p.stdout, p.stderr, proposal, o.asJSON); perr != nil {
			return perr
		}
	}
	switch {
	case err == nil && proposal.Rows == 0:
		return errors.New("there is no JSON object among the records, so there are no columns: see above what they are")
	case err == nil || proposal.Rows == 0 || errors.Is(err, context.Canceled):
		return err
	}
	return &codedError{exitPartial, fmt.Errorf("the look ended early: %w", err)}
}

// streamConfig is the configuration of the stream. What else may be wrong with it, such as a schema that is missing, is
// for run to say.
func (p *program) streamConfig(cmd *cobra.Command) (config.Config, error) {
	cfg, err := config.Load(config.Source{File: p.file(cmd), Env: p.env, Flags: cmd.Flags()})
	var problems config.Problems
	errors.As(err, &problems)
	if cfg.Stream.Name == "" && cfg.Stream.ARN == "" && p.file(cmd) == "" && !p.speaks() {
		return cfg, usageError("nothing to look at is named: a configuration with -c, a stream with --stream.name, or files")
	}
	inTheWay := slices.DeleteFunc(slices.Clone(problems), func(found config.Problem) bool {
		section, _, _ := strings.Cut(found.Field, ".")
		return section != "stream" && found.Field != p.file(cmd)
	})
	only := config.Default()
	only.Stream, only.Leases.Application = cfg.Stream, cfg.Leases.Application
	nowhere := cmp.Or(cfg.Stream.Endpoint, "http://localhost") // nothing is asked there, and no region is needed for it
	only.Leases.Endpoint, only.S3.Endpoint = nowhere, nowhere
	return only, inTheWay.Err()
}

// nothing is the error when no record came.
func (s *sample) nothing(o schemaFlags, files bool) error {
	if files {
		return errors.New("the files have no line in them")
	}
	if o.wait > 0 {
		return fmt.Errorf("%s: no record of the last %s is there, and none came within %s: look further back with --back, or longer with --for", s.source, config.Duration(o.back), config.Duration(o.wait))
	}
	return fmt.Errorf("%s: no record of the last %s is there: look further back, such as with --back 24h, or at what comes in, with --for 1m", s.source, config.Duration(o.back))
}
