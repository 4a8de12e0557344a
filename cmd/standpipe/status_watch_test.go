package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"standpipe/internal/status"
)

func TestFrameFitsTheWindow(t *testing.T) {
	t.Parallel()
	const end = clearBelow + wrapLines
	for _, c := range []struct {
		width, height int
		want          string
	}{
		{0, 0, "\x1b[Ka\n\x1b[Kb\n\x1b[K\n\x1b[Kc\n"},
		{80, 5, "\x1b[Ka\n\x1b[Kb\n\x1b[K\n\x1b[Kc\n"},
		{80, 4, "\x1b[Ka\n\x1b[Kb\n\x1b[K… 2 lines more: make the window larger, or leave --watch out\n"},
		{12, 3, "\x1b[Ka\n\x1b[K… 3 lines m…\n"},
	} {
		if got := frameOf("a\nb\n\nc\n", "", c.width, c.height); got != goHome+cutLine+c.want+end {
			t.Errorf("%d columns, %d lines: %q", c.width, c.height, got)
		}
	}
}

// linesOf are the lines of a frame without what moves and paints.
func linesOf(frame string) []string {
	frame = strings.NewReplacer(clearScreen, "", goHome, "", cutLine, "", wrapLines, "", clearBelow, "", clearLineAhead, "", unpainted, "",
		paints[status.Well], "", paints[status.Watch], "", paints[status.Bad], "").Replace(frame)
	return strings.Split(strings.TrimSuffix(frame, "\n"), "\n")
}

// TestWhatIsWrongIsReadInANarrowWindow: what to do stands at the end of a finding.
func TestWhatIsWrongIsReadInANarrowWindow(t *testing.T) {
	t.Parallel()
	s := sampleStatus()
	for _, width := range []int{40, 80, 132} {
		lines := linesOf(frameOf(statusText(s, false), paints[s.Verdict.Level], width, 100))
		text := strings.Join(lines, "\n")
		cut := 0
		for _, l := range lines {
			if utf8.RuneCountInString(l) > width {
				t.Errorf("%d columns: %q is longer", width, l)
			}
			if strings.HasSuffix(l, "…") {
				cut++
			}
		}
		if read := strings.Join(strings.Fields(text), " "); !strings.Contains(read, s.Verdict.Headline) || !strings.Contains(read, s.Verdict.Findings[0].Text) {
			t.Errorf("%d columns: headline or finding is cut:\n%s", width, text)
		}
		if (cut > 0) != (width < 132) {
			t.Errorf("%d columns: %d lines say that they were cut:\n%s", width, cut, text)
		}
	}
}

// TestHeadlineOfManyLinesIsPainted and nothing else is.
func TestHeadlineOfManyLinesIsPainted(t *testing.T) {
	t.Parallel()
	got := frameOf("Not well: one two three\nplain\n", "\x1b[1m", 15, 0)
	if want := goHome + cutLine + "\x1b[K\x1b[1mNot well: one\x1b[0m\n\x1b[K\x1b[1m    two three\x1b[0m\n\x1b[Kplain\n" + clearBelow + wrapLines; got != want {
		t.Errorf("got %q", got)
	}
}

// TestFailedLookIsSeen where the last one said that all is well: nobody may take that for what is.
func TestFailedLookIsSeen(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	c := &canvas{w: &b, terminal: true, colour: true}
	s := sampleStatus()
	s.Verdict = status.Verdict{Level: status.Well, Headline: "Well: 4 shards are read"}
	if err := c.show(s); err != nil || !strings.HasPrefix(b.String(), clearScreen+goHome+cutLine+clearLineAhead+paints[status.Well]+"Well: 4 shards are read"+unpainted) {
		t.Fatalf("%v: %q", err, b.String())
	}
	b.Reset()
	if err := c.failed(errors.New("scan lease table clicks: AccessDenied\x1b[2J")); err != nil {
		t.Fatal(err)
	}
	lines := linesOf(b.String())
	if lines[0] != `Not known: "scan lease table clicks: AccessDenied\x1b[2J"; looking again` || lines[1] != "This is how it was at 2026-11-22 22:15:08Z:" || lines[2] != s.Verdict.Headline {
		t.Errorf("got %q", lines[:3])
	}
	if strings.Contains(b.String(), paints[status.Well]) || strings.Count(b.String(), paints[status.Bad]) != 1 {
		t.Errorf("what was well is painted as if it were: %q", b.String())
	}
}
