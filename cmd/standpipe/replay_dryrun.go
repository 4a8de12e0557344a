package main

import (
	"fmt"
	"text/tabwriter"

	"standpipe/config"
)

// planned says what a replay would do, with keys as they would be at its beginning.
func (p *program) planned(cfg config.Config, pipe *pipeline, notes []string, plan replayPlan) error {
	tab := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	row := func(what, format string, args ...any) {
		_, _ = fmt.Fprintf(tab, "%s\t%s\n", what, fmt.Sprintf(format, args...))
	}
	row("stream", "%s, %s", cfg.Stream.Name, plan.name)
	row("leases", "DynamoDB table %s, made when it begins", cfg.Leases.Table)
	for _, o := range pipe.outputs {
		row("output", "%s: like s3://%s/%s", o.Name, o.Bucket, exampleKey(cfg, o, plan.from))
	}
	row("errors", "like s3://%s/%s", pipe.errors.Bucket, exampleKey(cfg, pipe.errors, plan.from))
	row("journal", "s3://%s/%s", cfg.Journal.Bucket, cfg.Journal.Prefix)
	for _, note := range append(notes, pipe.warnings...) {
		_, _ = fmt.Fprintf(tab, "warning: %s\n", note)
	}
	return tab.Flush()
}
