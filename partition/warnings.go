package partition

import (
	"fmt"
	"strings"
)

// findWarnings looks for what is allowed but is rarely meant.
func (p *parser) findWarnings() []string {
	var w []string
	warn := func(offset int, text, what string) {
		w = append(w, Problem{offset, text, what}.String())
	}
	if strings.HasPrefix(p.expr, "/") {
		warn(0, "/", "begins the keys: S3 takes it as a folder without a name, leave it out unless readers expect it")
	}
	randoms, times, hours, months := 0, 0, 0, 0
	for _, s := range p.segments {
		switch s.field {
		case literal, errorType:
		case random:
			randoms++
		default:
			times++
		}
		switch s.field {
		case hour:
			hours++
		case month:
			months++
		case literal:
			if i := strings.IndexAny(s.text, "{}"); i >= 0 {
				warn(s.offset, s.text, fmt.Sprintf("contains %q as plain text: expressions begin with !{", s.text[i]))
			}
		}
	}
	if p.kind == Data && p.expressions > 0 && times == 0 {
		what := "has expressions, so no yyyy/MM/dd/HH/ is appended, and none of them is a time: all records fall under the same path"
		if randoms == 0 {
			what = "has no letters in its timestamps: all records fall under the same path"
		}
		warn(0, p.expr, what)
	}
	for _, part := range strings.Split(p.expr, "/") {
		if part == "." || part == ".." {
			warn(strings.Index("/"+p.expr+"/", "/"+part+"/"), part, "is a folder name that many S3 tools can not read")
			break
		}
	}
	return append(w, p.minutesForMonths(hours, months)...)
}

// minutesForMonths looks for mm where MM is meant and the reverse, by what stands around them.
func (p *parser) minutesForMonths(hours, months int) []string {
	var w []string
	var fields []segment
	names := map[int]string{} // what the text in front of fields[i] calls it
	text := ""
	for _, s := range p.segments {
		switch s.field {
		case literal:
			text = s.text
			continue
		case random, errorType:
		default:
			names[len(fields)] = columnName(text)
			fields = append(fields, s)
		}
		text = ""
	}
	for i, s := range fields {
		var last, next field
		if i > 0 {
			last = fields[i-1].field
		}
		if i+1 < len(fields) {
			next = fields[i+1].field
		}
		letters := strings.Repeat(string(rune(s.field)), s.width)
		what := ""
		switch {
		case s.field == minute && (last == yearOfEra || last == year || next == day || strings.HasPrefix(names[i], "mon")):
			what = "is the minute, in the place of a month: the month is MM"
		case s.field == minute && hours == 0:
			what = "is the minute, but there is no hour: the month is MM, the hour HH"
		case s.field == month && (last == hour && months > 1 || strings.HasPrefix(names[i], "min")):
			what = "is the month, in the place of a minute: the minute is mm"
		case (s.field == yearOfEra || s.field == year) && s.width > 4:
			what = "pads the year with zeros: four letters give the usual four digits"
		}
		if what != "" {
			w = append(w, Problem{s.offset, letters, what}.String())
		}
	}
	return w
}

// columnName returns the word, in lower case, that text ends with when it ends as month= or month- do.
func columnName(text string) string {
	name := strings.TrimRight(text, "=-_:")
	if name == text {
		return ""
	}
	return strings.ToLower(name[strings.LastIndexAny(name, "/=-_:")+1:])
}
