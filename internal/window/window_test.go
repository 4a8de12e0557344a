package window

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		line  string
		width int
		want  string
	}{
		{"leases 4 of 4", 0, "leases 4 of 4"}, {"leases 4 of 4", 13, "leases 4 of 4"}, {"leases 4 of 4", 12, "leases 4 of…"},
		{"a · b", 4, "a ·…"}, {"ab", 1, "…"}, {"", 5, ""},
	} {
		if got := Cut(c.line, c.width); got != c.want {
			t.Errorf("%q in %d columns: %q, want %q", c.line, c.width, got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		line  string
		width int
		want  []string
	}{
		{"  ! one two three", 0, []string{"  ! one two three"}},
		{"  ! one two three", 17, []string{"  ! one two three"}},
		{"  ! one two three", 16, []string{"  ! one two", "    three"}},
		{"  ! one two three", 11, []string{"  ! one two", "    three"}},
		{"  ! one two three", 10, []string{"  ! one", "    two", "    three"}},
		{"  ! abcdefghijklmnop q", 12, []string{"  !", "    abcdefgh", "    ijklmnop", "    q"}},
		{"  ! one two", 8, []string{"  ! one two"}}, // no room to indent: left to the terminal
	} {
		if got := Wrap(c.line, "    ", c.width); !slices.Equal(got, c.want) {
			t.Errorf("%q in %d columns: %q, want %q", c.line, c.width, got, c.want)
		}
	}
}

// TestWrapLosesNothing: whatever the width, the words are all there, and no line is too long.
func TestWrapLosesNothing(t *testing.T) {
	const line = "  ✗ Worker ip-10-0-3-17-9f2c11ab: Beginning an object in S3 fails for 75 s (33 attempts): S3 answers 503. No record is lost."
	for width := 10; width < 130; width++ {
		lines := Wrap(line, "    ", width)
		for _, l := range lines {
			if utf8.RuneCountInString(l) > width {
				t.Errorf("%d columns: %q is longer", width, l)
			}
		}
		if got := strings.ReplaceAll(strings.Join(lines, ""), " ", ""); got != strings.ReplaceAll(line, " ", "") {
			t.Errorf("%d columns: %q", width, lines)
		}
	}
}

func TestSizeOfWhatIsNoTerminal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if w, h := Size(f); w != 0 || h != 0 {
		t.Errorf("a file has %d columns and %d lines", w, h)
	}
	if w, h := Size(new(bytes.Buffer)); w != 0 || h != 0 {
		t.Errorf("a buffer has %d columns and %d lines", w, h)
	}
}
