package main

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"standpipe/internal/status"
)

const shownInText = 120 // shards; --json has more

// paints are the colours of verdicts.
var paints = map[string]string{status.Well: "\x1b[1;32m", status.Watch: "\x1b[1;33m", status.Bad: "\x1b[1;31m"}

const unpainted = "\x1b[0m"

// statusText is a snapshot as tables. Colours are for the verdict alone. What it says comes from the lease table, and that
// from other processes, so nothing of it may act on the terminal.
func statusText(s *status.Snapshot, colour bool) string {
	var b strings.Builder
	paint, plain := "", ""
	if colour {
		paint, plain = paints[s.Verdict.Level], unpainted
	}
	fmt.Fprintf(&b, "%s%s%s\n", paint, printable(s.Verdict.Headline), plain)
	fmt.Fprintf(&b, "application %s, stream %s, lease table %s, at %s\n", printable(s.Application), printable(s.Stream), printable(s.Table), s.Time.Format(time.DateTime+"Z"))
	for _, f := range s.Verdict.Findings {
		fmt.Fprintf(&b, "  %s %s\n", map[string]string{status.Well: "-", status.Watch: "!", status.Bad: "✗"}[f.Level], printable(f.Text))
	}
	tab := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(cells ...string) {
		for i, c := range cells {
			cells[i] = cmp.Or(printable(c), "-")
		}
		_, _ = fmt.Fprintln(tab, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	head := func(names ...string) {
		_, _ = fmt.Fprintln(tab)
		row(names...)
	}
	if len(s.Workers) > 0 {
		head("WORKER", "STATE", "SHARDS", "BEHIND", "READ", "MEMORY", "PATHS", "OLDEST", "LAST COMMIT", "HEARD")
	}
	for _, w := range s.Workers {
		row(w.ID, w.State, fmt.Sprint(w.Shards), lasted(w.Lag), speed(w.Bytes), memoryOf(w.Memory), howMany(w.OpenPaths), lasted(w.Oldest), committed(w.Commit, s.Time), before(s.Time, w.Heard))
	}
	_ = tab.Flush()
	if len(s.Batches) > 0 {
		head("BATCH OF", "STAGE", "AGE", "BYTES", "ID")
	}
	for _, x := range s.Batches {
		age, size := "", ""
		if !x.Opened.IsZero() {
			age, size = said(s.Time.Sub(x.Opened).Seconds()), bytesOf(float64(x.Bytes))
		}
		row(x.Owner, x.Stage, age, size, x.ID)
	}
	_ = tab.Flush()
	if len(s.Shards.Shown) > 0 {
		head("SHARD", "STATE", "WORKER", "BEHIND", "IN S3 UP TO", "CHECKPOINT")
	}
	for _, h := range s.Shards.Shown[:min(len(s.Shards.Shown), shownInText)] {
		row(h.ID, h.State, h.Owner, lasted(h.Lag), before(s.Time, h.Visible), h.Checkpoint)
	}
	_ = tab.Flush()
	var rest []string
	if more := len(s.Shards.Shown) - shownInText + s.Shards.More; more > 0 {
		rest = append(rest, plural(more, "shard more", "shards more"))
	}
	if s.Shards.Finished > 0 {
		rest = append(rest, plural(s.Shards.Finished, "shard finished", "shards finished"))
	}
	if len(rest) > 0 {
		fmt.Fprintf(&b, "and %s\n", strings.Join(rest, ", "))
	}
	return b.String()
}

func lasted(seconds *float64) string {
	if seconds == nil {
		return ""
	}
	return said(*seconds)
}

// said is a time in seconds as people say it.
func said(s float64) string {
	switch s = max(0, s); {
	case s == 0:
		return "0 s"
	case s < 0.1:
		return fmt.Sprintf("%.0f ms", 1000*s)
	case s < 10:
		return fmt.Sprintf("%.1f s", s)
	case s < 120:
		return fmt.Sprintf("%.0f s", s)
	case s < 7200:
		return fmt.Sprintf("%.0f min", s/60)
	case s < 172_800:
		return fmt.Sprintf("%.1f h", s/3600)
	}
	return fmt.Sprintf("%.1f days", s/86_400)
}

func before(now, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return said(now.Sub(t).Seconds()) + " ago"
}

func speed(v *float64) string {
	if v == nil || math.IsNaN(*v) {
		return ""
	}
	return bytesOf(*v) + "/s"
}

func memoryOf(m *status.Memory) string {
	if m == nil {
		return ""
	}
	return bytesOf(float64(m.Used)) + " of " + bytesOf(float64(m.Budget))
}

func howMany(n *int) string {
	if n == nil {
		return ""
	}
	return grouped(int64(*n))
}

func committed(c *status.Commit, now time.Time) string {
	if c == nil {
		return ""
	}
	return before(now, c.Visible) + ", in " + said(c.Seconds)
}
