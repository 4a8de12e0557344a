package partition

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// findWarnings looks for what is allowed but is rarely meant.
func (p *parser) findWarnings() []string {
	doubts := slices.Clone(p.doubts)
	doubt := func(offset int, text, what string) {
		doubts = append(doubts, Problem{offset, text, what})
	}
	if strings.HasPrefix(p.expr, "/") {
		doubt(0, "/", "begins the keys: S3 takes it as a folder without a name, leave it out unless readers expect it")
	}
	kinds, timed := map[byte]int{}, false
	for i := range p.segments {
		s := &p.segments[i]
		kinds[s.field]++
		timed = timed || s.unit() != 0
		if i := strings.IndexAny(s.text, "{}"); s.field == literal && i >= 0 {
			doubt(s.offset, s.text, fmt.Sprintf("contains %q as plain text: expressions begin with !{", s.text[i]))
		}
	}
	if p.kind == Data && p.expressions > 0 && !timed && kinds[keyValue] == 0 {
		what := "has expressions, so no yyyy/MM/dd/HH/ is appended, and none of them is a time: all records fall under the same path"
		if kinds[random] == 0 {
			what = "has no letters in its timestamps that change: all records fall under the same path"
		}
		doubt(0, p.expr, what)
	}
	for _, part := range strings.Split(p.expr, "/") {
		if part == "." || part == ".." {
			doubt(strings.Index("/"+p.expr+"/", "/"+part+"/"), part, "is a folder name that many S3 tools can not read")
			break
		}
	}
	doubts = append(doubts, p.mistaken(kinds)...)
	doubts = append(doubts, p.minutesForMonths(kinds)...)
	slices.SortStableFunc(doubts, func(a, b Problem) int { return cmp.Compare(a.Offset, b.Offset) })
	var w []string
	for _, d := range doubts {
		w = append(w, d.String())
	}
	return w
}

// mistaken looks for letters that are taken for others. kinds counts the letters of the prefix.
func (p *parser) mistaken(kinds map[byte]int) (doubts []Problem) {
	has := func(letters string) bool {
		return strings.ContainsFunc(letters, func(c rune) bool { return kinds[byte(c)] > 0 })
	}
	for i := range p.segments {
		s := &p.segments[i]
		what := ""
		switch {
		case s.field == 'Y' && !has("w"):
			what = "is the year of the week, which in the last days of December is often the next one: the calendar year is yyyy"
		case s.is("yu") && has("w") && !has("YMLdD"):
			what = "is the calendar year beside a week: days of December can lie in week 1, and the year of the week is YYYY"
		case s.is("yu") && s.width > 4:
			what = "pads the year with zeros: four letters give the usual four digits"
		case s.field == 'D' && (has("ML") || s.width < 3):
			what = "is the day of the year: the day of the month is dd"
		case s.is("hK") && !has("aBHkAN"):
			what = "is the hour of a 12-hour clock, the same in the morning and in the afternoon: the hour from 0 to 23 is HH"
		case s.field == 'k':
			what = "is 24 in the hour after midnight: the hour from 0 to 23 is HH"
		case s.is("Sn"):
			what = "is always zero: paths have whole seconds, as Firehose's have"
		case s.is("AN"):
			what = "changes every second, and each second gets objects of its own"
		}
		if what != "" {
			doubts = append(doubts, Problem{s.offset, strings.Repeat(string(s.field), s.width), what})
		}
	}
	return doubts
}

// minutesForMonths looks for mm where MM is meant and the reverse, by what stands around them.
func (p *parser) minutesForMonths(kinds map[byte]int) (doubts []Problem) {
	hours := kinds['H'] + kinds['h'] + kinds['K'] + kinds['k']
	var last *segment // the field before
	text := ""        // what stands between it and this one
	for i := range p.segments {
		s := &p.segments[i]
		switch {
		case s.field == literal:
			text = s.text
			continue
		case !s.timed():
			text = ""
			continue
		}
		next := p.fieldAfter(i)
		name, what := columnName(text), ""
		switch {
		case s.field == 'm' && (last.is("yu") || next.is("d") || strings.HasPrefix(name, "mon")):
			what = "is the minute, in the place of a month: the month is MM"
		case s.field == 'm' && hours == 0:
			what = "is the minute, but there is no hour: the month is MM, the hour HH"
		case s.field == 'M' && (last.is("HhKk") && kinds['M'] > 1 || strings.HasPrefix(name, "min")):
			what = "is the month, in the place of a minute: the minute is mm"
		}
		if what != "" {
			doubts = append(doubts, Problem{s.offset, strings.Repeat(string(s.field), s.width), what})
		}
		last, text = s, ""
	}
	return doubts
}

// fieldAfter returns the next field of the time, nil if there is none.
func (p *parser) fieldAfter(i int) *segment {
	for i++; i < len(p.segments); i++ {
		if p.segments[i].timed() {
			return &p.segments[i]
		}
	}
	return nil
}

// columnName returns the word, in lower case, that text ends with when it ends as month= or month- do.
func columnName(text string) string {
	name := strings.TrimRight(text, "=-_:")
	if name == text {
		return ""
	}
	return strings.ToLower(name[strings.LastIndexAny(name, "/=-_:")+1:])
}
