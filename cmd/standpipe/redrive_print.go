package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/prometheus/client_golang/prometheus"

	"standpipe/internal/redrive"
)

// redriveReport is what --json prints.
type redriveReport struct {
	*redrive.Report
	FailedAgain map[string]int64 `json:"failed_again"` // error records written, by code
}

// finishRedrive prints a report, also where the work has ended with an error, and decides the exit code.
func (p *program) finishRedrive(ctx context.Context, o redrive.Options, r *redrive.Report, registry *prometheus.Registry, asJSON bool, failed error) error {
	again, err := rejectedBy(registry)
	if err != nil {
		return err
	}
	all := redriveReport{r, again}
	if asJSON {
		err = printJSON(p.stdout, all)
	} else {
		err = all.print(p.stdout, o)
	}
	switch {
	case failed != nil:
		return unlessEnded(ctx, brief(failed))
	case err != nil:
		return err
	case r.Broken > 0:
		return &codedError{exitPartial, fmt.Errorf("%s could not be redriven, which %s named above: the objects stay as they are", plural(int(r.Broken), "error record or object", "error records or objects"), is(r.Broken))}
	}
	return nil
}

func is(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// rejectedBy counts the error records that a sink has written, by code.
func rejectedBy(registry *prometheus.Registry) (map[string]int64, error) {
	families, err := registry.Gather()
	if err != nil {
		return nil, err
	}
	by := map[string]int64{}
	for _, f := range families {
		if f.GetName() != "standpipe_rejected_records_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			if n := int64(m.GetCounter().GetValue()); n > 0 {
				by[m.GetLabel()[0].GetValue()] += n
			}
		}
	}
	return by, nil
}

func (r redriveReport) print(w io.Writer, o redrive.Options) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(tab, format+"\n", args...) }
	if len(r.Counts) > 0 {
		line("TYPE\tCODE\tHOUR (UTC)\tRECORDS")
	}
	for _, c := range r.Counts {
		line("%s\t%s\t%s\t%s", c.Type, c.Code, c.Hour.Format("2006-01-02 15:00"), grouped(c.Records))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	if len(r.Counts) > 0 {
		_, _ = fmt.Fprintln(w)
	}
	word := "redriven"
	if r.DryRun {
		word = "to be redriven"
	}
	line("%s\t%s of %s under %s", word, plural(int(r.Records), "record", "records"), plural(r.Objects, "object", "objects"), o.Source.Place)
	if n := r.Before; n > 0 || r.Finished > 0 {
		line("redriven before\t%s, and %s whole", plural(int(n), "record", "records"), plural(r.Finished, "object", "objects"))
	}
	if r.Filtered > 0 {
		line("left out\t%s by the filters", plural(int(r.Filtered), "record", "records"))
	}
	if r.InFlight > 0 {
		line("in flight\t%s left out, since their batches are not finished: a later call takes them", plural(r.InFlight, "object", "objects"))
	}
	codes := make([]string, 0, len(r.FailedAgain))
	for code, n := range r.FailedAgain {
		codes = append(codes, fmt.Sprintf("%s %s", grouped(n), code))
	}
	if slices.Sort(codes); len(codes) > 0 {
		line("failed again\t%s; these have new error records", list(codes))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	for _, problem := range r.Problems[:min(maxPrinted, len(r.Problems))] {
		_, _ = fmt.Fprintf(w, "problem: %s\n", problem)
	}
	if more := int(r.Broken) - min(maxPrinted, len(r.Problems)); more > 0 {
		_, _ = fmt.Fprintf(w, "%s more: see --json\n", plural(more, "problem", "problems"))
	}
	_, err := fmt.Fprintln(w, "\n"+r.outcome())
	return err
}

// outcome is the last line.
func (r redriveReport) outcome() string {
	switch {
	case r.Interrupted:
		return "INTERRUPTED: what is counted was redriven, once; run it again for the rest."
	case r.DryRun && r.Records > 0:
		return "Nothing was written: leave --dry-run out to redrive them."
	case r.Broken > 0:
		return "DONE IN PART: see the problems."
	case r.Records == 0:
		return "OK: there is nothing to redrive."
	}
	return "OK: each of these records was redriven once."
}
