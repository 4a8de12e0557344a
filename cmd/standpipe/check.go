package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"standpipe/config"
)

func (p *program) checkCommand() *cobra.Command {
	var online bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration and say what it will do",
		Long: `Check reads file, environment and flags as run does, and prints either every problem,
one a line, or a summary. Without --online it calls nothing on AWS.

With --online it then tries what run needs, a line for each check: the stream can be read, the lease table used
(it is not created), each prefix written to; a key that is not there answers 404; lifecycle rules are there and
not too short; Glue tables can be used and Lambda functions be called; and what the lease table will cost. Nothing stays behind: uploads are aborted, the row it writes
is deleted. What can not be tried without leaving traces is not tried: dynamodb:CreateTable and s3:DeleteObject.`,
		Example: `  standpipe check -c standpipe.yaml
  standpipe check -c standpipe.yaml --online
  standpipe check -c standpipe.yaml --buffer.interval 60s`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, pipe, err := p.load(cmd)
			if err != nil {
				return err
			}
			svc, err := connect(cmd.Context(), cfg, zerolog.Nop()) // for the region that run would take; no request is sent
			if err != nil {
				return err
			}
			svc.close()
			cfg.Stream.Region = svc.region
			pipe.warnings = append(pipe.warnings, svc.warnings...)
			err = summarize(p.stdout, cmp.Or(p.file(cmd), "environment and flags"), cfg, pipe, time.Now())
			if err != nil || !online {
				return err
			}
			return p.checkOnline(cmd.Context(), cfg, pipe)
		},
	}
	configFlag(cmd)
	cmd.Flags().BoolVar(&online, "online", false, "also try stream, lease table, buckets, Glue tables and Lambda functions")
	config.Flags(cmd.Flags())
	return cmd
}

// summarize says in a few lines what a configuration does, with keys as they would be at t.
func summarize(w io.Writer, source string, cfg config.Config, pipe *pipeline, t time.Time) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(what, format string, args ...any) {
		_, _ = fmt.Fprintf(tab, "  %s\t%s\n", what, fmt.Sprintf(format, args...))
	}
	_, _ = fmt.Fprintf(tab, "OK: %s\n", source)
	row("stream", "%s in %s%s%s, from %s where there is no checkpoint", cfg.Stream.Name, cfg.Stream.Region, at(cfg.Stream.Endpoint), as(cfg.Stream.RoleARN), cfg.Stream.InitialPosition)
	row("leases", "DynamoDB table %s%s, shards of a dead worker are taken over after %s", cfg.Leases.Table, at(cfg.Leases.Endpoint), cfg.Leases.Failover)
	row("buffer", "an object is full at %s, a batch is committed when its oldest record is %s old, %s of memory", cfg.Buffer.Size, cfg.Buffer.Interval, cfg.Buffer.Memory)
	for _, s := range cfg.Steps {
		if l := s.Lambda; l.Function != "" {
			row("function", "%s: Lambda function %s%s%s, called with up to %s of records, %d calls at once for each shard", s.Name, l.Function, at(l.Endpoint), as(l.RoleARN), l.BufferSize, l.Parallel)
		}
	}
	for i, o := range pipe.outputs {
		row("output", "%s: %s like s3://%s/%s%s", o.Name, cfg.Outputs[i].Format, o.Bucket, exampleKey(cfg, o, t), as(cfg.Outputs[i].RoleARN))
		if o.Timestamp != nil {
			row("times", "%s: %s", o.Name, filing(cfg.Outputs[i], o.Timestamp))
		}
		if g := cfg.Outputs[i].Glue; takesColumns(cfg.Outputs[i]) {
			row("columns", "%s: those of Glue table %s.%s%s%s, looked at every %s", o.Name, g.Database, g.Table, at(g.Endpoint), as(g.RoleARN), g.Refresh)
		}
		if g := cfg.Outputs[i].Glue; cfg.Outputs[i].Catalog == "glue" {
			row("catalog", "%s: partitions are registered in Glue table %s.%s%s%s", o.Name, g.Database, g.Table, at(g.Endpoint), as(g.RoleARN))
		}
	}
	row("errors", "like s3://%s/%s%s", pipe.errors.Bucket, exampleKey(cfg, pipe.errors, t), as(cfg.Errors.RoleARN))
	row("journal", "s3://%s/%s%s", cfg.Journal.Bucket, cfg.Journal.Prefix, as(cfg.Journal.RoleARN))
	if cfg.S3.Endpoint != "" {
		row("s3", "%s", strings.TrimSpace(at(cfg.S3.Endpoint)))
	}
	if cfg.Server.Listen == "" {
		row("server", "off")
	} else {
		row("server", "%s with the status page, /healthz, /readyz and /metrics", cfg.Server.Listen)
	}
	for _, warning := range pipe.warnings {
		_, _ = fmt.Fprintf(tab, "warning: %s\n", warning)
	}
	return tab.Flush()
}

// as is " as <role>" for a role that is set.
func as(arn string) string {
	if arn == "" {
		return ""
	}
	return " as " + arn
}

// at is " at <endpoint>" for an endpoint that is set.
func at(endpoint string) string {
	if endpoint == "" {
		return ""
	}
	return " at " + endpoint
}
