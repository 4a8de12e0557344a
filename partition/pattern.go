package partition

import (
	"strconv"
	"strings"
)

// usualLetters ends the messages about letters.
const usualLetters = "the usual letters are yyyy, MM, dd, HH, mm and ss, and literal text stands in single quotes"

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
			if n < len(pattern) && pattern[n] == '=' {
				p.named(at+i, pattern[i:n])
			}
			i = n
		case c == '\'':
			n := p.quoted(at+i, pattern[i:])
			if n == 0 {
				return
			}
			i += n
		case c == '{' && !p.reading:
			p.refuse(at+i, "{", "may not stand in an expression, not even in quotes")
			i++
		case (c == '{' || c == '}') && p.reading:
			p.refuse(at+i, pattern[i:i+1], "is reserved in patterns: write it in single quotes")
			i++
		case c == '#':
			p.refuse(at+i, "#", "is reserved in patterns: write it in single quotes")
			i++
		case c == '[':
			depth++
			p.section(open, at+i)
			i++
		case c == ']':
			if depth--; depth < 0 {
				depth = 0
				p.refuse(at+i, "]", "has no [ before it: brackets mark an optional section, and as text stand in single quotes")
			} else {
				p.section(shut, at+i)
			}
			i++
		default:
			p.addText(pattern[i:i+1], at+i)
			i++
		}
	}
	for ; depth > 0; depth-- {
		p.section(shut, at+len(pattern))
	}
	if len(p.problems) == problems && len(p.segments) == segments && p.textSize() == size {
		p.refuse(offset, whole, "has an empty pattern: %s", usualLetters)
	}
}

// textSize is the length of the last segment if that is text, so that text joined to it can be noticed.
func (p *parser) textSize() int {
	if n := len(p.segments); n > 0 {
		return len(p.segments[n-1].text)
	}
	return 0
}

// section notes where an optional section begins or ends; nothing is written there.
func (p *parser) section(field byte, offset int) {
	if p.reading {
		p.add(segment{field: field, offset: offset})
	}
}

// quoted reads the quoted text that s begins with and returns its length, 0 if it has no end. Two quotes with
// nothing in them stand for one.
func (p *parser) quoted(offset int, s string) int {
	var text strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '{' && !p.reading:
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
	if p.reading {
		p.refuse(offset, s, "has no closing quote: '' is a quote")
		return 0
	}
	p.refuse(offset, s, "has no closing quote before the } that ends the expression: '' is a quote, and } may not stand in quotes")
	return 0
}

// named notes letters that stand where the name of a folder would: in d=dd the first d is evaluated too.
func (p *parser) named(offset int, run string) {
	if len(run) == 1 || strings.Trim(run, run[:1]) != "" {
		p.doubts = append(p.doubts, Problem{offset, run, "is evaluated as letters: as the text in front of = it stands in single quotes"})
	}
}

// letters reads a run of ASCII letters.
func (p *parser) letters(offset int, run string) {
	if isWord(run) {
		p.refuse(offset, run, "is not made of known letters: if it is text, write '%s'; %s", run, usualLetters)
		return
	}
	pad := ""
	for i, n := 0, 0; i < len(run); i = n {
		for n = i; n < len(run) && run[n] == run[i]; n++ {
		}
		if run[i] == 'p' {
			if pad = run[i:n]; n == len(run) {
				p.refuse(offset+i, pad, "pads the field behind it, and no letter follows (%s)", usualLetters)
			}
			continue
		}
		p.group(offset+i, run[i:n], len(pad), i > len(pad))
		pad = ""
	}
}

// isWord tells unquoted text from letters that are merely wrong: it has two letters that no pattern has, or one among
// lower-case letters that are not repeated as in a pattern.
func isWord(run string) bool {
	var odd byte
	word := run == strings.ToLower(run)
	for i := range len(run) {
		c := run[i]
		word = word && (i < 2 || c != run[i-1] || c != run[i-2])
		if _, known := letters[c]; known || c == 'p' || c == odd {
			continue
		}
		if odd != 0 {
			return true
		}
		odd = c
	}
	return odd != 0 && word && len(run) > 2
}

// group reads one field: a letter, repeated, to be padded to so many characters. joined says that a field stands directly
// in front of it.
func (p *parser) group(offset int, text string, pad int, joined bool) {
	c, n := text[0], len(text)
	s := segment{field: c, width: n, pad: pad, offset: offset}
	var ok bool
	if _, known := letters[c]; !known {
		p.refuse(offset, text, "is not a known letter: if it is text, write '%s' (%s)", text, usualLetters)
		return
	}
	if s.style, ok = styleOf(c, n); !ok {
		p.refuse(offset, text, "has %s: %s", lettersIn(n), counts(c))
		return
	}
	why := ""
	if p.reading {
		why = unread(&s)
	} else {
		why = p.nameless(&s)
	}
	if why != "" {
		p.refuse(offset, text, "%s", why)
		return
	}
	if last := len(p.segments) - 1; joined && pad == 0 && last >= 0 && p.segments[last].pad > 0 && p.segments[last].digits() && s.digits() {
		p.refuse(offset, text, "stands directly behind a padded number, where Java takes no number: put text between them, or pad it too")
		return
	}
	if pad > 0 && !p.reading {
		if length := p.prefix.unpadded(&s); length > pad {
			p.refuse(offset, text, "can be %d characters long, which Java does not pad to %d: write p %d times", length, pad, length)
			return
		}
	}
	p.add(s)
}

func lettersIn(n int) string {
	if n == 1 {
		return "1 letter"
	}
	return strconv.Itoa(n) + " letters"
}

// nameless looks up the time zone's names if the field needs them, and says why there are none.
func (p *parser) nameless(s *segment) string {
	zone := p.prefix.loc.String()
	switch {
	case s.style == zoneID && (zone == "" || zone == "Local"):
		return "is the name of the time zone, and this one has none: set an IANA name such as Europe/Berlin"
	case !s.is("zv") || p.prefix.names != nil:
		return ""
	}
	names, ok := namesOf(zone)
	if !ok {
		return "is the name of the time zone, and none is known of " + quote(zone) + ": write XXX for its offset from UTC"
	}
	p.prefix.names = &names
	return ""
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
