package partition

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// segment is a piece of a prefix that evaluates on its own.
type segment struct {
	field  byte   // a pattern letter or one of those below
	style  style  // of a field of the time
	width  int    // letters in the pattern
	pad    int    // characters to fill up to, with spaces in front
	text   string // of literals; of a partition key its expression
	key    int    // which of the prefix's keys
	offset int    // where it starts in the expression
}

const (
	literal   byte = 0
	random    byte = '?'
	errorType byte = '!'
	keyValue  byte = '$'
	open      byte = '(' // begins an optional section, in patterns to read times with
	shut      byte = ')' // ends it
)

// timed says whether the segment is a field of the time.
func (s *segment) timed() bool { return s != nil && s.field >= 'A' }

// digits says whether the segment is a number.
func (s *segment) digits() bool { return s.timed() && (s.style == number || s.style == years) }

// is says whether the segment is one of these fields of the time; nil is none.
func (s *segment) is(fields string) bool {
	return s.timed() && strings.IndexByte(fields, s.field) >= 0
}

// unit is the number of seconds for which the field stays as it is, 0 for ever. Every field may change where the zone's
// offset does.
func (s *segment) unit() int64 {
	switch {
	case !s.timed() || s.is("SnVv"):
		return 0
	case s.is("sAN"):
		return 1
	case s.is("mB"):
		return 60
	case s.is("HkKha"):
		return 3600
	}
	return 86400
}

// appendTime evaluates a field of the time.
func (p *Prefix) appendTime(b []byte, s *segment, t time.Time) []byte {
	start := len(b)
	switch {
	case s.style == number:
		b = appendPadded(b, value(s.field, t), s.width)
	case s.style == years:
		b = appendYear(b, value(s.field, t), s.width)
	case s.style == zoneID:
		b = append(b, p.loc.String()...)
	case s.style == fromUTC:
		b = appendOffset(b, s.field, s.width, t)
	case s.is("OZ"):
		b = appendNamedOffset(b, s.style, t)
	case s.is("zv"):
		b = append(b, p.names.name(s.field, s.style, t)...)
	default:
		b = append(b, wording(s.field, s.style, t)...)
	}
	if s.pad > 0 {
		for n := utf8.RuneCount(b[start:]); n < s.pad; n++ {
			b = slices.Insert(b, start, ' ')
		}
	}
	return b
}

// maxBytes is the length of the segment's longest evaluation, in the years 0 to 9998; 0 for a partition key.
func (p *Prefix) maxBytes(s *segment) int {
	return max(s.pad, p.unpadded(s))
}

func (p *Prefix) unpadded(s *segment) int {
	switch {
	case s.field == literal:
		return len(s.text)
	case s.field == random:
		return randomLength
	case s.field == errorType:
		return longestErrorType
	case s.field == keyValue:
		return 0
	case s.digits():
		return most(s.field, s.width)
	case s.style == zoneID:
		return len(p.loc.String())
	case s.style == fromUTC || s.is("OZ"):
		return longestOffset(s.field, s.style, s.width)
	case s.is("zv"):
		return p.names.longest(s.field, s.style)
	}
	return longest(s.field, s.style)
}

// maxRunes is the same in characters. The names of time zones are counted in bytes.
func (p *Prefix) maxRunes(s *segment) int {
	if s.field == literal {
		return utf8.RuneCountInString(s.text)
	}
	return p.maxBytes(s)
}
