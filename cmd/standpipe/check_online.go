package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/rs/zerolog"

	"standpipe/config"
	"standpipe/sink"
)

// verdict is the first word of a line of `check --online`.
type verdict string

const (
	fine     verdict = "ok"
	noted    verdict = "note"    // could not be found out, or is no matter of the configuration
	doubtful verdict = "warning" // works, at a price
	failed   verdict = "failed"  // run would not work
	skipped  verdict = "skipped" // what it needs has failed
)

// finding is a line of the table: what a check found and, where that is not fine, what to do.
type finding struct {
	verdict verdict
	check   string
	found   string
}

// report collects findings in order. It is not safe for concurrent use: each group of checks has its own.
type report struct{ findings []finding }

func (r *report) add(v verdict, check, format string, args ...any) {
	r.findings = append(r.findings, finding{v, check, fmt.Sprintf(format, args...)})
}

// fail adds a failure and says true, or says false for nil.
func (r *report) fail(check string, err error) bool {
	if err == nil {
		return false
	}
	r.add(failed, check, "%s", brief(err))
	return true
}

// skip adds lines for checks that have nothing to look at.
func (r *report) skip(checks ...string) {
	for _, c := range checks {
		r.add(skipped, c, "the line above comes first")
	}
}

// inspection tries out what a daemon will need, without leaving anything behind.
type inspection struct {
	svc   *services
	store *sink.S3
	cfg   config.Config
	pipe  *pipeline
	now   time.Time

	broken map[*role]bool // what could not be assumed
}

// checkOnline asks stream, table and buckets, prints a line for each check, and fails if one failed.
func (p *program) checkOnline(ctx context.Context, cfg config.Config, pipe *pipeline) error {
	svc, err := connect(ctx, cfg, zerolog.Nop())
	if err != nil {
		return err
	}
	defer svc.close()
	in := &inspection{svc: svc, store: patientStore(svc, cfg), cfg: cfg, pipe: pipe, now: time.Now(), broken: map[*role]bool{}}
	found := in.run(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := printFindings(p.stdout, found); err != nil {
		return err
	}
	bad := 0
	for _, f := range found {
		if f.verdict == failed {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d checks failed: run would not work", bad, len(found))
	}
	return nil
}

// run makes all checks, those of different things at the same time.
func (in *inspection) run(ctx context.Context) []finding {
	var first report
	if in.credentials(ctx, &first); first.findings[0].verdict == failed {
		return first.findings
	}
	for _, as := range in.svc.roles {
		in.broken[as] = in.assume(ctx, as, &first)
	}
	shards := 0
	groups := []func(*report){
		func(r *report) { shards = in.stream(ctx, r) },
		func(r *report) { in.table(ctx, r) },
	}
	for _, b := range buckets(in.cfg) {
		groups = append(groups, func(r *report) { in.bucket(ctx, b, r) })
	}
	for _, t := range in.svc.tables {
		groups = append(groups, func(r *report) { in.glue(ctx, t, r) })
	}
	for _, g := range in.svc.registers {
		groups = append(groups, func(r *report) { in.glueRegister(ctx, g, r) })
	}
	for _, f := range in.svc.functions {
		groups = append(groups, func(r *report) { in.function(ctx, f, r) })
	}
	reports := make([]report, len(groups))
	var wg sync.WaitGroup
	for i, g := range groups {
		wg.Go(func() { g(&reports[i]) })
	}
	wg.Wait()
	all := first.findings
	for _, r := range reports {
		all = append(all, r.findings...)
	}
	var last report
	in.cost(shards, &last)
	return append(all, last.findings...)
}

func (in *inspection) credentials(ctx context.Context, r *report) {
	const check = "credentials"
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	switch err := in.svc.verifyCredentials(ctx); {
	case err != nil:
		r.fail(check, err)
	case len(in.svc.signed) == 0:
		r.add(fine, check, "none are needed: everything is on this machine")
	default:
		r.add(fine, check, "found for %s", list(in.svc.signed))
	}
}

// assume tries a role, and says whether that failed.
func (in *inspection) assume(ctx context.Context, as *role, r *report) (failed bool) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	check := "role " + as.ARN
	if r.fail(check, insist(ctx, as.verify)) {
		return true
	}
	r.add(fine, check, "assumed for %s", list(as.uses))
	return false
}

// printFindings prints the table.
func printFindings(w io.Writer, found []finding) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(tab, "Online:")
	for _, f := range found {
		_, _ = fmt.Fprintf(tab, "  %s\t%s\t%s\n", f.verdict, f.check, f.found)
	}
	return tab.Flush()
}

// place is a prefix's literal beginning: every key below it begins so.
type place struct{ bucket, head string }

func (p place) String() string { return "s3://" + p.bucket + "/" + p.head }

// places lists where the outputs, the errors and the journals go, each once.
func places(cfg config.Config, pipe *pipeline) []place {
	var all []place
	for _, o := range append(slices.Clone(pipe.outputs), pipe.errors) {
		all = append(all, place{o.Bucket, o.Prefix.Literal()})
	}
	all = append(all, place{cfg.Journal.Bucket, cfg.Journal.Prefix})
	slices.SortFunc(all, func(a, b place) int { return cmp.Or(cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.head, b.head)) })
	return slices.Compact(all)
}
