package demo

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"standpipe/internal/window"
)

// progress prints what happens. It is safe for concurrent use.
type progress struct {
	terminal bool
	began    time.Time

	mu   sync.Mutex
	out  io.Writer
	open bool // the terminal's last line is one that changes
}

const (
	clearLine = "\r\x1b[K"
	cutLine   = "\x1b[?7l" // what is wider than the terminal does not go to the next line
	wrapLines = "\x1b[?7h"
)

// say prints a line that stays.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		_, _ = io.WriteString(p.out, clearLine)
		p.open = false
	}
	_, _ = fmt.Fprintf(p.out, format+"\n", args...)
}

// show prints how far the demo is: over the line before on a terminal.
func (p *progress) show(line string) {
	if !p.terminal {
		p.say("%s", line)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	width, _ := window.Size(p.out)
	_, _ = io.WriteString(p.out, clearLine+cutLine+window.Cut(line, width)+wrapLines)
	p.open = true
}

// run shows the line that now makes, twice a second on a terminal, else every two seconds.
func (p *progress) run(ctx context.Context, now func() string) {
	period := 2 * time.Second
	if p.terminal {
		period = 500 * time.Millisecond
	}
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.show(fmt.Sprintf("%5.1f s  %s", time.Since(p.began).Seconds(), now()))
		case <-ctx.Done():
			return
		}
	}
}

// line is the view as one line.
func (v view) line(alive int, kills int64, crash bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "put %s · delivered %s · in error prefix %s · objects %s · leases %d of %d · workers %d",
		grouped(v.put), grouped(v.delivered), grouped(v.rejected), grouped(v.objects), v.held, v.shards, alive)
	if crash {
		fmt.Fprintf(&b, " · kills %d", kills)
	}
	return b.String()
}

// grouped is a number with commas between its thousands.
func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// counted is a number with what it counts: 1 record, 2,000 records.
func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + one + "s"
}

// bytesOf is a number of bytes as people read it.
func bytesOf(n int64) string {
	switch {
	case n >= mebibyte:
		return fmt.Sprintf("%.1f MiB", float64(n)/mebibyte)
	case n >= 1024:
		return fmt.Sprintf("%.1f KiB", float64(n)/1024)
	}
	return fmt.Sprintf("%d B", n)
}
