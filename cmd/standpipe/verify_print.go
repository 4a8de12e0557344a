package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"

	"standpipe/internal/verify"
)

// maxPrinted is how many problems, and how many notes, the table shows; --json has up to a thousand.
const maxPrinted = 40

// printReport prints what was looked at, a line for each shard, and a line for each problem and note.
func printReport(w io.Writer, o verify.Options, r *verify.Report) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(tab, format+"\n", args...) }
	line("journals\t%s: %s%s", o.Journal, plural(r.Journals, "batch", "batches"), within(r))
	how := "names and sizes"
	if r.Deep {
		how = fmt.Sprintf("checksums, bytes and %s lines and rows", grouped(r.Lines))
	}
	line("objects\t%s of %s bytes that these batches list; compared: %s", grouped(int64(r.Objects)), grouped(r.Bytes), how)
	if r.InFlight > 0 {
		line("in flight\t%s left out", plural(r.InFlight, "batch", "batches"))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	if len(r.Shards) > 0 {
		line("\nSHARD\tRANGES\tRECORDS\tFIRST BATCH\tLAST BATCH\tVERDICT\tCHAIN")
	}
	for _, s := range r.Shards {
		line("%s\t%s\t%s\t%s\t%s\t%s\t%s", s.Shard, grouped(int64(s.Ranges)), grouped(s.Records), minute(s.First), minute(s.Last), s.Verdict, s.Proved)
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	if len(r.Problems)+len(r.Notes) > 0 {
		_, _ = fmt.Fprintln(w)
	}
	printProblems(w, "problem", r.Problems)
	printProblems(w, "note", r.Notes)
	_, err := fmt.Fprintf(w, "\n%s\n", outcome(r))
	return err
}

func printProblems(w io.Writer, word string, all []verify.Problem) {
	for _, p := range all[:min(maxPrinted, len(all))] {
		_, _ = fmt.Fprintf(w, "%s (%s): %s\n", word, p.Kind, p.Text)
	}
	if more := len(all) - maxPrinted; more > 0 {
		_, _ = fmt.Fprintf(w, "%s more: see --json\n", plural(more, word, word+"s"))
	}
}

// outcome is the last line.
func outcome(r *verify.Report) string {
	partly := slices.ContainsFunc(r.Shards, func(s verify.Shard) bool { return s.Verdict == verify.Partly })
	switch {
	case r.Counts[verify.Nothing] > 0:
		return "NOTHING PROVED: there is no journal to prove it by."
	case !r.OK:
		return "WRONG: " + findingsIn(r) + "."
	case r.Journals == 0:
		return "OK: no batch to look at."
	case partly:
		return "OK: nothing is wrong; not everything could be proved, see the shards that are proved partly."
	}
	return "OK: every range of every shard is there exactly once, and every object that the batches list."
}

// findingsIn counts the problems by kind.
func findingsIn(r *verify.Report) string {
	if r.Counts[verify.Nothing] > 0 && len(r.Counts) == 1 {
		return "nothing is proved: there is no journal"
	}
	meaning := map[verify.Kind][2]string{
		verify.Gap: {"gap between ranges", "gaps between ranges"}, verify.Overlap: {"overlap of ranges", "overlaps of ranges"},
		verify.Checkpoint: {"checkpoint that does not agree", "checkpoints that do not agree"}, verify.Parent: {"shard read before its parent", "shards read before their parents"},
		verify.Missing: {"missing object", "missing objects"}, verify.Size: {"object of another size", "objects of another size"},
		verify.Content: {"object that holds something else", "objects that hold something else"}, verify.Doubled: {"doubled object", "doubled objects"},
		verify.Orphan: {"object without a journal", "objects without a journal"}, verify.Damaged: {"journal that can not be believed", "journals that can not be believed"},
		verify.Loss: {"possible loss", "possible losses"}, verify.Nothing: {"proof without any journal", ""}, verify.Foreign: {"place with foreign objects", "places with foreign objects"},
	}
	var words []string
	for _, kind := range slices.Sorted(maps.Keys(r.Counts)) {
		words = append(words, plural(r.Counts[kind], meaning[kind][0], meaning[kind][1]))
	}
	return list(words)
}

// within says from when to when.
func within(r *verify.Report) string {
	text := ""
	if !r.From.IsZero() {
		text += " from " + r.From.Format(time.RFC3339)
	}
	if !r.To.IsZero() {
		text += " to " + r.To.Format(time.RFC3339)
	}
	return text
}

func minute(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(int64(n)) + " " + many
}

// grouped is a number with commas between its thousands.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// bar shows on a terminal how far verify is, and nothing elsewhere.
type bar struct {
	w     io.Writer
	stage string
	bar   *progressbar.ProgressBar
}

func newBar(w io.Writer) *bar {
	if !terminal(w) {
		return &bar{}
	}
	return &bar{w: w}
}

func (b *bar) show(stage string, done, total int) {
	if b.w == nil {
		return
	}
	if b.stage != stage {
		b.clear()
		if total == 0 {
			total = -1
		}
		b.stage = stage
		b.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(b.w), progressbar.OptionSetDescription(strings.ToUpper(stage[:1])+stage[1:]),
			progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetSpinnerChangeInterval(0)) // it would draw on a goroutine of its own
	}
	if total > 0 {
		b.bar.ChangeMax(total)
	}
	_ = b.bar.Set(done)
}

// clear takes the bar off the screen.
func (b *bar) clear() {
	if b.bar != nil {
		_ = b.bar.Clear()
		b.bar = nil
	}
}
