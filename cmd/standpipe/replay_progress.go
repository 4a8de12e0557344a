package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"standpipe/config"
	"standpipe/consumer"
	"standpipe/internal/window"
)

const (
	replayLogged = 30 * time.Second // between two lines of the log
	replayShown  = 500 * time.Millisecond
)

// screen takes the log, and on a terminal shows a line below it that changes. It is safe for concurrent use.
type screen struct {
	w        io.Writer
	terminal bool

	mu   sync.Mutex
	line string // shown, "" = none
}

const (
	clearLine = "\r\x1b[K"
	cutLine   = "\x1b[?7l" // what is wider than the terminal does not go to the next line
	wrapLines = "\x1b[?7h"
)

func newScreen(w io.Writer) *screen { return &screen{w: w, terminal: terminal(w)} }

// Write writes lines of the log.
func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == "" {
		return s.w.Write(b)
	}
	_, _ = io.WriteString(s.w, clearLine)
	n, err := s.w.Write(b)
	_, _ = io.WriteString(s.w, s.fitted())
	return n, err
}

// show changes the line; "" takes it off.
func (s *screen) show(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal && s.line != line {
		s.line = line
		_, _ = io.WriteString(s.w, clearLine+s.fitted())
	}
}

// fitted is the line as the window has room for it.
func (s *screen) fitted() string {
	width, _ := window.Size(s.w)
	return cutLine + window.Cut(s.line, width) + wrapLines
}

// watchReplay tells how far a replay is until it is told to end.
func watchReplay(c *consumer.Consumer, to *screen, log zerolog.Logger) (end func()) {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		pace := &pace{began: time.Now()}
		every := replayLogged
		if to.terminal {
			every = replayShown
		}
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-stop:
				to.show("")
				return
			}
			state := c.Replayed()
			left := pace.left(state, time.Now())
			if to.terminal {
				to.show(pace.line(state, left, time.Now()))
				continue
			}
			line := log.Info().Str("shards", fmt.Sprintf("%d of %d", state.Finished, state.Shards)).Time("at", state.At.UTC()).
				Int("percent", replayPart(state)).Int64("records", state.Records).Int64("bytes", state.Bytes).
				Float64("records_s", rate(state.Records, time.Since(pace.began)))
			if left > 0 {
				line = line.Stringer("left", config.Duration(left))
			}
			line.Msg("replaying")
		}
	})
	return sync.OnceFunc(func() {
		close(stop)
		wg.Wait()
	})
}

// pace is how fast this process is.
type pace struct {
	began time.Time
	first float64 // what was done when it began to count
	since time.Time
}

// left guesses how long the rest takes, from what was done since the start; 0 is too early to tell.
func (p *pace) left(s consumer.ReplayProgress, now time.Time) time.Duration {
	if p.since.IsZero() {
		if s.Shards > 0 {
			p.first, p.since = s.Part, now
		}
		return 0
	}
	done, took := s.Part-p.first, now.Sub(p.since)
	if done < 0.005 || took < 3*time.Second || s.Part >= 1 {
		return 0
	}
	left := time.Duration((1 - s.Part) / done * float64(took))
	switch {
	case left > 10*time.Hour:
		return left.Round(time.Hour)
	case left > 10*time.Minute:
		return left.Round(time.Minute)
	}
	return max(left.Round(time.Second), time.Second)
}

// line is what a terminal shows.
func (p *pace) line(s consumer.ReplayProgress, left time.Duration, now time.Time) string {
	took := now.Sub(p.began)
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %s finished · at %s of %s (%d %%) · %s, %s · %s/s, %s/s",
		s.Finished, plural(s.Shards, "shard", "shards"), s.At.UTC().Format(time.DateTime), s.To.UTC().Format(time.DateTime), replayPart(s),
		plural(int(s.Records), "record", "records"), bytesOf(float64(s.Bytes)),
		grouped(int64(rate(s.Records, took))), bytesOf(rate(s.Bytes, took)))
	switch {
	case left > 0:
		fmt.Fprintf(&b, " · about %s left", config.Duration(left))
	case s.At.Equal(s.To) && !s.Done:
		b.WriteString(" · waiting for what arrives late, and for the last commit")
	}
	return b.String()
}

// replayPart is a percentage: 100 when everything is visible, and not before.
func replayPart(s consumer.ReplayProgress) int {
	if s.Done {
		return 100
	}
	return min(int(100*s.Part), 99)
}

func rate(n int64, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(n) / took.Seconds()
}

// bytesOf is a number of bytes as people read it.
func bytesOf(n float64) string {
	for _, unit := range []string{"B", "KiB", "MiB"} {
		if n < 1024 {
			if unit == "B" {
				return fmt.Sprintf("%.0f B", n)
			}
			return fmt.Sprintf("%.1f %s", n, unit)
		}
		n /= 1024
	}
	return fmt.Sprintf("%.1f GiB", n)
}
