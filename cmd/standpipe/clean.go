package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"standpipe/config"
)

// leastAge is the age below which an upload may belong to an intent that is still under way. A batch fills for an
// hour at most (buffer.interval's limit) and is promised right after; a day leaves room for a long outage.
const leastAge = 24 * time.Hour

func (p *program) cleanCommand() *cobra.Command {
	var yes bool
	var older time.Duration
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "List, and with --yes abort, uploads that crashed workers left behind",
		Long: `Clean looks for multipart uploads under the prefixes of outputs, errors and journals that nobody will complete:
their keys have the form of this application's objects, they are older than a day, and no batch in the lease table
promises them. It lists them, and with --yes aborts them. Nobody sees such an upload, but its parts cost storage.

It may run beside workers. What is promised is never touched: the table is read after the uploads are listed, and
a batch is looked up again before its first upload is aborted. All workers of the application must use this lease
table: a second one under the same application and prefixes would not be asked.

A lifecycle rule that aborts incomplete uploads after a week does the same without anybody's help.`,
		Example: `  standpipe clean -c standpipe.yaml         # what would be aborted
  standpipe clean -c standpipe.yaml --yes   # abort it`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, pipe, err := p.load(cmd)
			if older < leastAge {
				return joinUsage(err, "--older must be at least 24h (got %s): a younger upload may still be promised", older)
			}
			if err != nil {
				return err
			}
			return p.clean(cmd.Context(), cfg, pipe, older, yes)
		},
	}
	configFlag(cmd)
	config.Flags(cmd.Flags())
	cmd.Flags().BoolVar(&yes, "yes", false, "abort what is listed as orphan")
	cmd.Flags().DurationVar(&older, "older", leastAge, "least age of an upload that is taken for an orphan; at least 24h")
	return cmd
}

// joinUsage adds a mistake on the command line to those of the configuration.
func joinUsage(err error, format string, args ...any) error {
	if err != nil {
		return usageError("%w\n%s", err, fmt.Sprintf(format, args...))
	}
	return usageError(format, args...)
}

func (p *program) clean(ctx context.Context, cfg config.Config, pipe *pipeline, older time.Duration, yes bool) error {
	svc, table, err := connectToRead(ctx, cfg)
	if err != nil {
		return err
	}
	defer svc.close()
	c := &cleaner{
		svc: svc, cfg: cfg, store: patientStore(svc, cfg), table: table,
		names: newNaming(cfg, pipe), older: older, now: time.Now,
	}
	found, broken, err := c.find(ctx, places(cfg, pipe))
	if err != nil {
		return unlessEnded(ctx, brief(err))
	}
	if yes {
		err = c.abort(ctx, found)
	}
	if perr := printUploads(p.stdout, found, yes); perr != nil {
		return perr
	}
	if err != nil {
		return unlessEnded(ctx, brief(err))
	}
	return c.partial(found, broken)
}

// printUploads prints the table and its totals.
func printUploads(w io.Writer, found []*openUpload, yes bool) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	count := map[fate]int{}
	if len(found) > 0 {
		_, _ = fmt.Fprintln(tab, "STATE\tAGE\tOBJECT\tUPLOAD\tNOTE")
	}
	for _, u := range found {
		count[u.fate]++
		_, _ = fmt.Fprintf(tab, "%s\t%s\ts3://%s/%s\t%s\t%s\n", u.fate, u.age.Truncate(time.Minute), u.bucket, u.key, u.id, u.note)
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	if len(found) == 0 {
		_, err := fmt.Fprintln(w, "No incomplete upload is there.")
		return err
	}
	noun := "uploads"
	if len(found) == 1 {
		noun = "upload"
	}
	_, err := fmt.Fprintf(w, "%d %s: %d orphans, %d aborted, %d gone meanwhile, %d not aborted, %d promised, %d young, %d foreign\n",
		len(found), noun, count[orphan], count[aborted], count[vanished], count[refused], count[promised], count[young], count[foreign])
	if err == nil && !yes && count[orphan] > 0 {
		_, err = fmt.Fprintln(w, "Nothing was aborted: add --yes to abort the orphans.")
	}
	return err
}

// partial is an error with exit code 3 for what was not done.
func (c *cleaner) partial(found []*openUpload, broken []place) error {
	left := 0
	for _, u := range found {
		if u.fate == refused {
			left++
		}
	}
	var err error
	switch {
	case len(broken) > 0:
		err = fmt.Errorf("list all uploads under %s: the server repeats or skips pages: run clean again once these are gone", broken[0])
	case left > 0:
		err = fmt.Errorf("abort %d of %d uploads: see the lines above", left, len(found))
	default:
		return nil
	}
	return &codedError{exitPartial, err}
}
