package partition

import (
	"strings"
	"time"
)

// knownLetters ends the messages about letters.
const knownLetters = "the letters known are y or u (year), M (month), d (day), H (hour 0-23), m (minute) and s (second), and literal text stands in single quotes"

// maxYearLetters is the most that Java 17 evaluates for every year: it takes up to 19 in a pattern, but with 11
// to 18 it throws ArrayIndexOutOfBoundsException while formatting.
const maxYearLetters = 10

// mistaken says what a letter means in Java that is often written for another one.
var mistaken = map[byte]string{
	'Y': "is the week-based year, which differs from the calendar year around 1 January, and is not supported: write yyyy",
	'D': "is the day of the year and is not supported: write dd for the day of the month",
	'L': "is the stand-alone month and is not supported: write MM",
	'h': "is the hour of a 12-hour clock and is not supported: write HH",
	'k': "is the hour from 1 to 24 and is not supported: write HH",
	'K': "is the hour from 0 to 11 and is not supported: write HH",
	'S': "is a fraction of a second and is not supported: paths have whole seconds",
}

// timestamp reads the pattern of the expression whole, which begins at offset.
func (p *parser) timestamp(offset int, whole, pattern string) {
	at := offset + len(whole) - 1 - len(pattern) // of pattern[0]
	segments, problems, depth := len(p.segments), len(p.problems), 0
	size := p.textSize()
	for i := 0; i < len(pattern); {
		switch c := pattern[i]; {
		case isLetter(c):
			n := i
			for n < len(pattern) && isLetter(pattern[n]) {
				n++
			}
			p.letters(at+i, pattern[i:n])
			i = n
		case c == '\'':
			n := p.quoted(at+i, pattern[i:])
			if n == 0 {
				return
			}
			i += n
		case c == '{':
			p.refuse(at+i, "{", "may not stand in an expression, not even in quotes")
			i++
		case c == '#':
			p.refuse(at+i, "#", "is reserved in patterns: write it in single quotes")
			i++
		case c == '[':
			depth++
			i++
		case c == ']':
			if depth--; depth < 0 {
				depth = 0
				p.refuse(at+i, "]", "has no [ before it: brackets mark an optional section, and as text stand in single quotes")
			}
			i++
		default:
			p.addText(pattern[i:i+1], at+i)
			i++
		}
	}
	if len(p.problems) == problems && len(p.segments) == segments && p.textSize() == size {
		p.refuse(offset, whole, "has an empty pattern: %s", knownLetters)
	}
}

// textSize is the length of the last segment if that is text, so that text joined to it can be noticed.
func (p *parser) textSize() int {
	if n := len(p.segments); n > 0 {
		return len(p.segments[n-1].text)
	}
	return 0
}

// quoted reads the quoted text that s begins with and returns its length, 0 if it has no end. Two quotes with
// nothing in them stand for one.
func (p *parser) quoted(offset int, s string) int {
	var text strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '{':
			p.refuse(offset+i, "{", "may not stand in an expression, not even in quotes")
		case s[i] != '\'':
			text.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] == '\'':
			text.WriteByte('\'')
			i++
		default:
			if i == 1 {
				text.WriteByte('\'')
			}
			p.addText(text.String(), offset)
			return i + 1
		}
	}
	p.refuse(offset, s, "has no closing quote before the } that ends the expression: '' is a quote, and } may not stand in quotes")
	return 0
}

// letters reads a run of ASCII letters.
func (p *parser) letters(offset int, run string) {
	if isWord(run) {
		p.refuse(offset, run, "is not made of known letters: if it is text, write '%s'; %s", run, knownLetters)
		return
	}
	for i, n := 0, 0; i < len(run); i = n {
		for n = i; n < len(run) && run[n] == run[i]; n++ {
		}
		p.group(offset+i, run[i:n])
	}
}

// isWord tells unquoted text from letters that are merely wrong: it has two unknown letters that nobody
// mistakes for a known one.
func isWord(run string) bool {
	var odd byte
	for i := range len(run) {
		c := run[i]
		if strings.IndexByte("yuMdHms", c) >= 0 || mistaken[c] != "" || c == odd {
			continue
		}
		if odd != 0 {
			return true
		}
		odd = c
	}
	return false
}

// group reads one field: a letter, repeated.
func (p *parser) group(offset int, text string) {
	n := len(text)
	switch f := field(text[0]); f {
	case yearOfEra, year:
		if n > maxYearLetters {
			p.refuse(offset, text, "has %d letters: a year may have %d", n, maxYearLetters)
			return
		}
		p.add(segment{field: f, width: n, offset: offset})
	case month, day, hour, minute, second:
		switch {
		case n <= 2:
			p.add(segment{field: f, width: n, offset: offset})
		case f == month && n <= 5:
			p.refuse(offset, text, "is the name of the month and is not supported by this version yet: write M or MM")
		default:
			p.refuse(offset, text, "has %d letters: write %c or %c%c", n, f, f, f)
		}
	default:
		if why := mistaken[text[0]]; why != "" {
			p.refuse(offset, text, "%s (%s)", why, knownLetters)
		} else {
			p.refuse(offset, text, "is not a known letter: if it is text, write '%s' (%s)", text, knownLetters)
		}
	}
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// appendField appends a field of t as Java's DateTimeFormatter writes it.
// https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/time/format/DateTimeFormatterBuilder.html#appendPattern(java.lang.String)
func appendField(b []byte, f field, width int, t time.Time) []byte {
	switch f {
	case yearOfEra:
		y := t.Year()
		if y <= 0 {
			y = 1 - y
		}
		return appendYear(b, y, width)
	case year:
		return appendYear(b, t.Year(), width)
	case month:
		return appendPadded(b, int(t.Month()), width)
	case day:
		return appendPadded(b, t.Day(), width)
	case hour:
		return appendPadded(b, t.Hour(), width)
	case minute:
		return appendPadded(b, t.Minute(), width)
	default:
		return appendPadded(b, t.Second(), width)
	}
}

// appendYear writes two letters as two digits, and a plus sign before a year that outgrows four letters or more.
func appendYear(b []byte, y, width int) []byte {
	negative := y < 0
	if negative {
		y = -y
	}
	if width == 2 {
		return appendPadded(b, y%100, 2)
	}
	start := len(b)
	if negative {
		b = append(b, '-')
	}
	b = appendPadded(b, y, width)
	if !negative && width >= 4 && len(b)-start > width {
		b = append(b, 0)
		copy(b[start+1:], b[start:])
		b[start] = '+'
	}
	return b
}

func appendPadded(b []byte, v, width int) []byte {
	var digits [20]byte
	i := len(digits)
	for v > 0 || i == len(digits) {
		i--
		digits[i] = byte('0' + v%10)
		v /= 10
	}
	for len(digits)-i < width {
		i--
		digits[i] = '0'
	}
	return append(b, digits[i:]...)
}
