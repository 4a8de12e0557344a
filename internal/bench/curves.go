package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"standpipe/internal/pause"
)

// curves is the table of how cost and memory grow.
func (b *bench) curves() table {
	return table{
		name:  "curves",
		intro: "What grows with what: NDJSON, gzip at its default level, 8 shards, records of about 300 bytes where nothing else is said.",
		head:  fmt.Sprintf("| %-28s | MB/CPU s | CPU ms a MB | peak MiB |\n|%s|---:|---:|---:|\n", "case", strings.Repeat("-", 30)),
		cases: curveCases(),
		row: func(ctx context.Context, c benchCase) (string, error) {
			r, err := b.measure(ctx, c, false)
			return fmt.Sprintf("%8.0f | %8.1f | %8.0f", r.ours, 1000/r.ours, r.peak), err
		},
	}
}

// resting is the table of what a worker costs that has nothing to do.
func (b *bench) resting() table {
	return table{
		name:  "resting",
		intro: "A stream without records.",
		head:  fmt.Sprintf("| %-28s | of a core | DynamoDB writes a second | peak MiB |\n|%s|---:|---:|---:|\n", "case", strings.Repeat("-", 30)),
		cases: []benchCase{with("99 caught-up shards", func(c *benchCase) { c.Shards, c.MB = 99, -1 })},
		row:   b.idle,
	}
}

// curveCases need some 10 s each, most of it because a shard gives 2 MB a second: a lone one has fewer records.
func curveCases() (all []benchCase) {
	for _, shards := range []int{1, 8, 32, 99} {
		all = append(all, with(fmt.Sprintf("shards: %d", shards), func(c *benchCase) {
			c.Shards, c.MB = shards, min(160, 40*int64(shards))
		}))
	}
	for _, paths := range []int{1, 100, 1_000, 10_000} {
		all = append(all, with(fmt.Sprintf("paths: %d", paths), func(c *benchCase) {
			c.Paths, c.MB, c.Interval = paths, 40, 12*time.Second // in which all are read, so that there is one batch; all objects fit
		}))
	}
	for _, size := range []int{100, 1_000, 10_000, 100_000} {
		all = append(all, with(fmt.Sprintf("records of %d bytes", size), func(c *benchCase) { c.Record, c.MB = size, 160 }))
	}
	for i := range all {
		all[i].Level = 0
	}
	return all
}

const idleFor = 20 * time.Second

// idle runs the program on a stream that rests.
func (b *bench) idle(ctx context.Context, c benchCase) (string, error) {
	return b.beside(ctx, c, func(s served, w *worker) (string, error) { return rest(ctx, c, s, w) })
}

// rest measures a program that has nothing to do.
func rest(ctx context.Context, c benchCase, s served, w *worker) (string, error) {
	if _, err := w.until(ctx, func(page []byte) bool { return value(page, "standpipe_leases_held") == float64(c.Shards) }); err != nil {
		return "", err
	}
	if err := pause.For(ctx, 5*time.Second); err != nil { // what is left of the start
		return "", err
	}
	before, err := ask(ctx, s)
	if err != nil {
		return "", err
	}
	used, err := w.cpu()
	if err != nil {
		return "", err
	}
	if err := pause.For(ctx, idleFor); err != nil {
		return "", err
	}
	after, err := ask(ctx, s)
	if err != nil {
		return "", err
	}
	now, err := w.cpu()
	if err != nil {
		return "", err
	}
	if err := w.stop(); err != nil {
		return "", err
	}
	seconds := idleFor.Seconds()
	return fmt.Sprintf("%.1f %% | %.2f | %.0f", (now-used).Seconds()/seconds*100, float64(after.Writes-before.Writes)/seconds, peak(w.cmd.ProcessState)), nil
}

// cpu is the processor time that a running program has used.
func (w *worker) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	var user, system int64
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0, fmt.Errorf("read the processor time of the program: %w", err)
	}
	return time.Duration(user+system) * time.Second / 100, nil // USER_HZ
}
