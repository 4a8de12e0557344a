package demo

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"standpipe/internal/verify"
)

// summary is what is told at the end besides the findings.
type summary struct {
	dir      string
	records  int  // that were to be put
	access   bool // the records are lines of an access log, and become rows
	crash    bool
	kills    int64
	took     time.Duration
	puts     int     // Kinesis records
	troubles []error // what went wrong besides the records
	proof    *verify.Report
}

const widest = 200 // characters of a sample line

func writeReport(w io.Writer, s summary, f *findings) error {
	lake := filepath.Join(s.dir, bucket)
	_, _ = fmt.Fprintf(w, "\nAn independent reader counted what is in %s:\n\n", lake)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, n int, note string) {
		_, _ = fmt.Fprintf(t, "  %s\t%s\t", name, grouped(n))
		if note != "" {
			_, _ = fmt.Fprintf(t, "  %s", note)
		}
		_, _ = fmt.Fprintln(t)
	}
	row("records put", f.Put, "in "+counted(s.puts, "Kinesis record"))
	line, reason := "line", "not JSON, each with its bytes and the reason"
	if s.access {
		line, reason = "row", "not JSON or not fitting the columns, each with its bytes and the reason"
	}
	row("delivered", f.Delivered, "as "+counted(f.Lines, line))
	row("in the error prefix", f.Rejected, reason)
	row("lost", f.Lost, "")
	row("duplicated", f.Doubled, "")
	row("objects", f.Objects+f.ErrorObjects, fmt.Sprintf("%s, %d of them errors", bytesOf(f.Bytes), f.ErrorObjects))
	if s.access {
		row("calls metered", f.Lines, "in "+counted(len(f.Calls), "count")+" per user and hour, "+f.metering())
	}
	if s.crash {
		row("workers killed", int(s.kills), "with SIGKILL")
	}
	_ = t.Flush()
	writeFaults(w, f)
	writeProof(w, s.proof)
	_, _ = fmt.Fprintln(w)
	if err := writeTree(w, lake, lake); err != nil {
		return err
	}
	title := "\nA few lines:"
	if s.access {
		title = "\nA few rows, and lines of the error prefix:"
	}
	_, _ = fmt.Fprintln(w, title)
	for _, line := range slices.Concat(f.Samples, f.ErrorSamples) {
		_, _ = fmt.Fprintln(w, "  "+clip(line))
	}
	_, _ = fmt.Fprintln(w)
	for _, err := range s.troubles {
		for line := range strings.Lines(err.Error()) {
			_, _ = fmt.Fprintln(w, "Trouble: "+strings.TrimSpace(line))
		}
	}
	_, _ = fmt.Fprintln(w, verdict(s, f))
	return nil
}

// writeProof says what verify has found, which knows nothing of what was put.
func writeProof(w io.Writer, proof *verify.Report) {
	if proof == nil {
		return
	}
	if proof.OK {
		_, _ = fmt.Fprintf(w, "\nThe proof of `standpipe verify --deep`, from the journals alone: the ranges of %s follow each other, %s hold what was written.\n",
			counted(len(proof.Shards), "shard"), counted(proof.Objects, "object"))
		return
	}
	_, _ = fmt.Fprintln(w, "\n`standpipe verify --deep` has found by the journals:")
	for _, p := range proof.Problems[:min(examplesEach, len(proof.Problems))] {
		_, _ = fmt.Fprintf(w, "  %s: %s\n", p.Kind, p.Text)
	}
}

func writeFaults(w io.Writer, f *findings) {
	var kinds []fault
	for kind := range f.Faults {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		_, _ = fmt.Fprintf(w, "\n  %s: %s\n", kind, grouped(f.Faults[kind]))
		for _, example := range f.Examples[kind] {
			_, _ = fmt.Fprintf(w, "    %s\n", example)
		}
	}
}

// verdict is one sentence, and a hint.
func verdict(s summary, f *findings) string {
	took := fmt.Sprintf("in %.1f s", s.took.Seconds())
	killed := ""
	if s.crash {
		killed = ", although workers were killed " + counted(int(s.kills), "time")
	}
	logs := filepath.Join(s.dir, logsFolder)
	switch {
	case f.Put < s.records:
		return fmt.Sprintf("FAILED %s: only %s of %s put before the trouble above. The workers' logs are in %s.", took, grouped(f.Put), were(s.records), logs)
	case !f.exact():
		return fmt.Sprintf("FAILED %s: %s. The workers' logs are in %s.", took, f.wrong(), logs)
	case s.proof != nil && !s.proof.OK:
		return fmt.Sprintf("FAILED %s: every record is in S3 exactly once, but the journals do not prove it. The workers' logs are in %s.", took, logs)
	case len(s.troubles) > 0:
		return fmt.Sprintf("FAILED %s: every record is in S3 exactly once, unchanged%s, but there was the trouble above. The workers' logs are in %s.", took, killed, logs)
	}
	next := "Next: `standpipe demo --crash` kills the workers while they work; `standpipe run -c standpipe.yaml` reads your own stream."
	if s.crash {
		next = "Next: `standpipe run -c standpipe.yaml` reads your own stream."
	}
	if s.access {
		next = fmt.Sprintf("Next: in %s, `duckdb < %s` counts the calls per user and hour, and compares them with %s.", s.dir, meteringFile, truthFile)
	}
	return fmt.Sprintf("OK %s: every record is in S3 exactly once, unchanged and under the hour of its arrival%s.\n%s", took, killed, next)
}

// metering says whether the counts of calls are right.
func (f *findings) metering() string {
	if f.Faults[miscounted] > 0 {
		return "not the truth"
	}
	return "equal to the truth"
}

// wrong says in a few words what is not as it should be.
func (f *findings) wrong() string {
	var parts []string
	add := func(n int, how string) {
		if n > 0 {
			parts = append(parts, counted(n, "record")+" "+how)
		}
	}
	add(f.Lost, "lost")
	add(f.Doubled, "duplicated")
	var kinds []string
	for kind, n := range f.Faults {
		kinds = append(kinds, fmt.Sprintf("%s %s", grouped(n), kind))
	}
	slices.Sort(kinds)
	return strings.Join(append(parts, kinds...), ", ")
}

// were is "1 record was" or "20 records were".
func were(n int) string {
	if n == 1 {
		return "1 record was"
	}
	return counted(n, "record") + " were"
}

// clip shortens a line to what a screen takes.
func clip(line string) string {
	if utf8.RuneCountInString(line) <= widest {
		return line
	}
	return string([]rune(line)[:widest-1]) + "…"
}
