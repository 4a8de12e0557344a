package partition

import (
	"sort"
	"strings"
	"time"
)

// Reader reads times by a pattern of java.time.format.DateTimeFormatter. It never changes and is safe for concurrent use.
type Reader struct {
	pattern  string
	elements []element
	loc      *time.Location
}

// ParsePattern reads a pattern to read times with, such as dd/MMM/yyyy:HH:mm:ss Z, in the language of !{timestamp:…}: the
// letters of Java 17 in its locale en_US, text in single quotes, optional sections in brackets. It has to name a day (year,
// month and day, or year and day of the year); letters that can not take part in that, such as those of weeks, quarters and
// single letters for months, are refused. loc is the zone of times that name none; nil is UTC.
//
// The error is a *ParseError that lists every problem of the pattern.
func ParsePattern(pattern string, loc *time.Location) (*Reader, error) {
	if loc == nil {
		loc = time.UTC
	}
	p := parser{expr: pattern, prefix: &Prefix{expr: pattern, loc: loc}, reading: true}
	p.timestamp(0, pattern+"}", pattern)
	r := &Reader{pattern: pattern, loc: loc, elements: elementsOf(p.segments)}
	if len(p.problems) == 0 {
		if why := incomplete(p.segments); why != "" {
			p.refuse(0, pattern, "%s", why)
		}
	}
	if len(p.problems) > 0 {
		sort.SliceStable(p.problems, func(i, j int) bool { return p.problems[i].Offset < p.problems[j].Offset })
		return nil, &ParseError{p.problems}
	}
	return r, nil
}

// String returns the pattern as it was written.
func (r *Reader) String() string { return r.pattern }

// Read reads a time as Java 17's DateTimeFormatter does with its resolver style SMART: the text matches the pattern from end
// to end, capitals and small letters included; the 31st of a shorter month is its last day, 24:00 the next day's midnight;
// fields that contradict each other are refused. An offset or a time zone in the text counts; without one the time is that
// of clocks in the Reader's zone, in the hour that occurs twice the first one, and in the hour that is left out moved on by
// its length. Where Java stops at a day without a time of day, this is the day's beginning.
//
// ok is false for what can not be read. text is not changed or kept. Read allocates nothing, but for the
// first time that names a zone.
func (r *Reader) Read(text []byte) (t time.Time, ok bool) {
	s := reading{text: text}
	end := s.match(r.elements, 0)
	if end != len(text) {
		return time.Time{}, false
	}
	return s.resolve(r.loc)
}

// unread says why a field can not be read, "" if it can.
func unread(s *segment) string {
	switch {
	case strings.IndexByte("GyuMLdDEaHkKhmsSnANVzOXxZ", s.field) < 0:
		return "is not read: a time is made of year, month and day (or day of the year), hour, minute, second and time zone"
	case s.style == narrow:
		return "is a single letter, which stands for several: write it with three or four letters"
	}
	return ""
}

// incomplete says what a pattern lacks to make a time of it, "" if it lacks nothing.
func incomplete(segments []segment) string {
	has := func(letters string) bool {
		for i := range segments {
			if segments[i].is(letters) {
				return true
			}
		}
		return false
	}
	hour := has("HkAN") || has("Kh") && has("a")
	switch {
	case !has("yu"):
		return "has no year: a time is read from year, month and day at least, yyyy, MM and dd"
	case !has("D") && !(has("ML") && has("d")):
		return "has no day: a time is read from year, month and day at least, yyyy, MM and dd"
	case has("Kh") && !hour:
		return "has an hour of a 12-hour clock without a, its half of the day: the hour from 0 to 23 is HH"
	case has("ms") && !hour:
		return "has minutes or seconds, but no hour: the hour is HH"
	case has("s") && !has("mAN"):
		return "has seconds, but no minutes: the minute is mm"
	case has("Sn") && !has("sAN"):
		return "has a fraction of the second, but no seconds: the second is ss"
	}
	return ""
}
