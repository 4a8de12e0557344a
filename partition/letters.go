package partition

import (
	"fmt"
	"strings"
)

// style is how a field of the time is written.
type style uint8

const (
	number  style = iota // digits, at least as many as there are letters
	years                // likewise, but two letters are the last two digits and a year that outgrows four or more gets a plus sign
	short                // text: Jul, Mon, AD, PDT, GMT+9
	full                 // text: July, Monday, Anno Domini, Pacific Daylight Time, GMT+09:00
	narrow               // text: J, M, A
	fromUTC              // the distance from UTC in digits
	zoneID               // the name of the time zone
)

// form is a style with the numbers of letters that ask for it.
type form struct {
	from, to int
	style    style
}

// maxYearLetters is the most that Java 17 evaluates for every year: it takes more in a pattern, but with 11 to 18 it
// throws ArrayIndexOutOfBoundsException while formatting.
const maxYearLetters = 10

var (
	yearForms = []form{{1, maxYearLetters, years}}
	oneOrTwo  = []form{{1, 2, number}}
	upTo19    = []form{{1, 19, number}}
	textForms = []form{{1, 3, short}, {4, 4, full}, {5, 5, narrow}}
	bothForms = []form{{1, 2, number}, {3, 3, short}, {4, 4, full}, {5, 5, narrow}}
)

// letters holds the pattern letters of Java 17 but p, which pads. Forms of one letter are in the order of their numbers.
// https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/time/format/DateTimeFormatter.html#patterns
var letters = map[byte]struct {
	means string
	forms []form
}{
	'G': {"era", textForms},
	'u': {"year", yearForms},
	'y': {"year of the era", yearForms},
	'Y': {"year of the week", yearForms},
	'Q': {"quarter of the year", bothForms},
	'q': {"quarter of the year", bothForms},
	'M': {"month", bothForms},
	'L': {"month", bothForms},
	'w': {"week of the year; weeks begin on Sunday, the first is that of 1 January", oneOrTwo},
	'W': {"week of the month, likewise", []form{{1, 1, number}}},
	'D': {"day of the year", []form{{1, 3, number}}},
	'd': {"day of the month", oneOrTwo},
	'F': {"day within the month's weeks of seven days from the 1st on", []form{{1, 1, number}}},
	'E': {"day of the week", textForms},
	'e': {"day of the week, 1 on Sunday", bothForms},
	'c': {"day of the week, 1 on Sunday", []form{{1, 1, number}, {3, 3, short}, {4, 4, full}, {5, 5, narrow}}},
	'g': {"modified Julian day", upTo19},
	'a': {"half of the day", []form{{1, 1, short}}},
	'B': {"period of the day", []form{{1, 1, short}, {4, 4, full}, {5, 5, narrow}}},
	'H': {"hour, 0 to 23", oneOrTwo},
	'k': {"hour, 1 to 24", oneOrTwo},
	'K': {"hour of the half day, 0 to 11", oneOrTwo},
	'h': {"hour of the half day, 1 to 12", oneOrTwo},
	'm': {"minute", oneOrTwo},
	's': {"second", oneOrTwo},
	'S': {"fraction of the second, always zero", []form{{1, 9, number}}},
	'n': {"nanosecond, always zero", upTo19},
	'A': {"millisecond of the day, in whole seconds", upTo19},
	'N': {"nanosecond of the day, in whole seconds", upTo19},
	'V': {"time zone", []form{{2, 2, zoneID}}},
	'z': {"time zone's name", []form{{1, 3, short}, {4, 4, full}}},
	'v': {"time zone's name, the same in summer and winter", []form{{1, 1, short}, {4, 4, full}}},
	'O': {"offset from UTC", []form{{1, 1, short}, {4, 4, full}}},
	'X': {"offset from UTC, Z for none", []form{{1, 5, fromUTC}}},
	'x': {"offset from UTC", []form{{1, 5, fromUTC}}},
	'Z': {"offset from UTC", []form{{1, 3, fromUTC}, {4, 4, full}, {5, 5, fromUTC}}},
}

// styleOf says how n letters c are written.
func styleOf(c byte, n int) (style, bool) {
	for _, f := range letters[c].forms {
		if f.from <= n && n <= f.to {
			return f.style, true
		}
	}
	return 0, false
}

// counts names the numbers in which c may stand, as what to write.
func counts(c byte) string {
	forms := letters[c].forms
	last := forms[len(forms)-1].to
	if last > 5 {
		return fmt.Sprintf("1 to %d may stand together", last)
	}
	var all []string
	for n := 1; n <= last; n++ {
		if _, ok := styleOf(c, n); ok {
			all = append(all, strings.Repeat(string(c), n))
		}
	}
	if len(all) == 1 {
		return "write " + all[0]
	}
	return "write " + strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}

// A Letter is a row of the pattern letters' reference.
type Letter struct {
	Letter string
	Means  string
	// Patterns holds one pattern for each way in which the letter is written, such as M, MM, MMM, MMMM and MMMMM.
	Patterns []string
}

// Letters returns the pattern letters of !{timestamp:…}, years first. p, which pads the field behind it, is not among
// them: it means nothing by itself.
func Letters() []Letter {
	var all []Letter
	for _, c := range []byte("GyuYQqMLwWDdFEecgaBHkKhmsSnANVzvOXxZ") {
		l := Letter{Letter: string(c), Means: letters[c].means}
		for _, f := range letters[c].forms {
			shown := []int{f.from}
			switch {
			case f.style == years:
				shown = []int{1, 2, 3, 4}
			case f.style == fromUTC || f.style == number && f.to < 19:
				for n := f.from + 1; n <= f.to && n <= 5; n++ {
					shown = append(shown, n)
				}
			}
			for _, n := range shown {
				l.Patterns = append(l.Patterns, strings.Repeat(l.Letter, n))
			}
		}
		all = append(all, l)
	}
	return all
}
