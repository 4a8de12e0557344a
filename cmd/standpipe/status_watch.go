package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"standpipe/internal/pause"
	"standpipe/internal/status"
	"standpipe/internal/window"
)

// watchStatus looks until ctx ends, which is no error. Only the first look must succeed.
func (p *program) watchStatus(ctx context.Context, look func() (*status.Snapshot, error), asJSON bool) error {
	draw := newCanvas(p.stdout, p.getenv("NO_COLOR") == "")
	defer draw.close()
	enc := json.NewEncoder(p.stdout)
	enc.SetEscapeHTML(false)
	for first := true; ; first = false {
		s, err := look()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && first:
			return err
		case err != nil && draw.terminal && !asJSON:
			err = draw.failed(err)
		case err != nil:
			_, _ = fmt.Fprintf(p.stderr, "standpipe: %s; looking again\n", printable(oneLine(err)))
			err = nil
		case asJSON:
			err = enc.Encode(s)
		default:
			err = draw.show(s)
		}
		if err != nil {
			return err // nobody reads it
		}
		if pause.For(ctx, statusEvery) != nil {
			return nil
		}
	}
}

// canvas shows one snapshot after the other: on a terminal over the last one, fitted to the window.
type canvas struct {
	w        io.Writer
	terminal bool
	colour   bool
	last     *status.Snapshot // that was shown; nil = none yet
}

func newCanvas(w io.Writer, colour bool) *canvas {
	on := terminal(w)
	return &canvas{w: w, terminal: on, colour: on && colour}
}

func (c *canvas) show(s *status.Snapshot) error {
	begun := c.last != nil
	c.last = s
	if !c.terminal {
		text := statusText(s, false)
		if begun {
			text = "\n" + text
		}
		_, err := io.WriteString(c.w, text)
		return err
	}
	return c.draw(s.Verdict.Level, statusText(s, false), !begun)
}

// failed says that a look has failed, above what the last one saw, which is no longer said to be so.
func (c *canvas) failed(err error) error {
	head := fmt.Sprintf("Not known: %s; looking again\nThis is how it was at %s:\n", printable(oneLine(err)), c.last.Time.Format(time.DateTime+"Z"))
	return c.draw(status.Bad, head+statusText(c.last, false), false)
}

func (c *canvas) draw(level, text string, clear bool) error {
	paint := ""
	if c.colour {
		paint = paints[level]
	}
	width, height := window.Size(c.w)
	frame := frameOf(text, paint, width, height)
	if clear {
		frame = clearScreen + frame
	}
	_, err := io.WriteString(c.w, frame)
	return err
}

const (
	clearScreen    = "\x1b[2J"
	goHome         = "\x1b[H"
	clearLineAhead = "\x1b[K" // before a line is written: behind one that fills the window it would clear its last column
	clearBelow     = "\x1b[J"
)

// frameOf draws a text over a window of so many columns and lines; 0 is not known. Sentences, which stand above the first
// empty line, are wrapped, and the first of them is painted; tables are cut.
func frameOf(text, paint string, width, height int) string {
	head, tables, _ := strings.Cut(strings.TrimSuffix(text, "\n"), "\n\n")
	var lines []string
	painted := 0
	for i, l := range strings.Split(head, "\n") {
		lines = append(lines, window.Wrap(l, "    ", width)...)
		if i == 0 {
			painted = len(lines)
		}
	}
	if tables != "" {
		for _, l := range strings.Split("\n"+tables, "\n") {
			lines = append(lines, window.Cut(l, width))
		}
	}
	if height > 1 && len(lines) > height-1 {
		more := len(lines) - (height - 2)
		lines = append(lines[:height-2], window.Cut(fmt.Sprintf("… %s more: make the window larger, or leave --watch out", plural(more, "line", "lines")), width))
	}
	if paint != "" {
		for i := range min(painted, len(lines)) {
			lines[i] = paint + lines[i] + unpainted
		}
	}
	return goHome + cutLine + clearLineAhead + strings.Join(lines, "\n"+clearLineAhead) + "\n" + clearBelow + wrapLines
}

// close leaves the terminal as it was found, the last frame on it.
func (c *canvas) close() {
	if c.terminal && c.last != nil {
		_, _ = io.WriteString(c.w, wrapLines)
	}
}
