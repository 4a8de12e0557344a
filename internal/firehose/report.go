package firehose

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Report says what became of a delivery stream's settings. Each list is in the order in which people think of a delivery
// stream: source, buffering, processing, keys, objects, errors.
type Report struct {
	// Title names the delivery stream, what it was read from, and where it delivers from and to.
	Title string
	// ToFillIn is what the files do not say: the configuration has a word in its place that begins with REPLACE.
	ToFillIn []Line
	// Same is taken over as it is.
	Same []Line
	// Better is what Standpipe does and Firehose can not.
	Better []Line
	// Different is what is taken over, but not to the letter.
	Different []Line
	// NotTaken is what the configuration does not have, and what to do instead.
	NotTaken []Line
}

// Line is about one setting.
type Line struct {
	What string // the member of Firehose's API, or what it is about
	Text string // a sentence or two
}

// width is how long the lines of a report are.
const width = 116

// String gives the report as text for people, with a newline at its end.
func (r Report) String() string {
	var b strings.Builder
	b.WriteString(r.Title + "\n")
	for _, section := range []struct {
		title string
		lines []Line
	}{
		{"To fill in", r.ToFillIn},
		{"The same", r.Same},
		{"Better", r.Better},
		{"Different", r.Different},
		{"Not taken over", r.NotTaken},
	} {
		if len(section.lines) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s\n", section.title)
		for _, line := range section.lines {
			text := line.Text
			if line.What != "" {
				text = line.What + ": " + text
			}
			b.WriteString(wrap(text))
		}
	}
	return b.String()
}

// wrap makes an entry of a list of one paragraph. Words are never broken.
func wrap(text string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(shown(text)) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
			b.WriteString("  - ")
			column = 4
		case column+1+n > width:
			b.WriteString("\n    ")
			column = 4
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
	return b.String()
}
