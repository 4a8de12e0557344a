package window

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// Size is how many columns and lines w shows; zeros where it is no terminal or does not tell.
func Size(w io.Writer) (width, height int) {
	f, ok := w.(*os.File)
	if !ok {
		return 0, 0
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}

// Cut is a line that fits so many columns: one that is too long ends in …. 0 columns are not known, and any number. Each
// character counts as a column; the line holds no control characters.
func Cut(line string, width int) string {
	if width <= 0 || utf8.RuneCountInString(line) <= width {
		return line
	}
	return string([]rune(line)[:width-1]) + "…"
}

// Wrap breaks a line at its spaces into lines of at most so many columns, each but the first behind indent. A word that is
// longer than a line is broken. 0 columns are not known, and any number.
func Wrap(line, indent string, width int) (lines []string) {
	if width <= 2*len(indent)+1 {
		return []string{line}
	}
	rest := []rune(line)
	begin := 0 // of what may be broken: behind the indent
	for len(rest) > width {
		end, next := width, width
		for i := width; i > begin; i-- {
			if rest[i] == ' ' {
				end, next = i, i+1
				break
			}
		}
		lines = append(lines, string(rest[:end]))
		rest = []rune(indent + strings.TrimLeft(string(rest[next:]), " "))
		begin = len(indent)
	}
	return append(lines, string(rest))
}
