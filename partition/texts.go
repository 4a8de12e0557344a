package partition

import (
	"fmt"
	"time"
)

// period is a part of the day with its names, from the minute it begins at.
type period struct {
	from          int // minute of the day
	name, initial string
}

// periods are those of English. Noon and midnight last a minute.
var periods = []period{
	{0, "midnight", "mi"}, {1, "at night", "at night"}, {6 * 60, "in the morning", "in the morning"}, {12 * 60, "noon", "n"},
	{12*60 + 1, "in the afternoon", "in the afternoon"}, {18 * 60, "in the evening", "in the evening"}, {21 * 60, "at night", "at night"},
}

var ordinals = [...]string{"1st", "2nd", "3rd", "4th"}

// wording is a field of t in English words, as Java's locale en_US has them. The time zone is not among these fields.
func wording(field byte, s style, t time.Time) string {
	switch field {
	case 'M', 'L':
		return shorten(t.Month().String(), s)
	case 'E', 'e', 'c':
		return shorten(t.Weekday().String(), s)
	case 'Q', 'q':
		q := (t.Month() + 2) / 3
		switch s {
		case short:
			return fmt.Sprint("Q", int(q))
		case full:
			return ordinals[q-1] + " quarter"
		}
		return fmt.Sprint(int(q))
	case 'G':
		return era(t.Year() > 0, s)
	case 'a':
		if t.Hour() < 12 {
			return "AM"
		}
		return "PM"
	}
	minute, now := t.Hour()*60+t.Minute(), periods[0] // B
	for _, p := range periods {
		if p.from <= minute {
			now = p
		}
	}
	if s == narrow {
		return now.initial
	}
	return now.name
}

func shorten(name string, s style) string {
	switch s {
	case short:
		return name[:3]
	case narrow:
		return name[:1]
	}
	return name
}

func era(christ bool, s style) string {
	switch {
	case s == full && christ:
		return "Anno Domini"
	case s == full:
		return "Before Christ"
	case s == narrow && christ:
		return "A"
	case s == narrow:
		return "B"
	case christ:
		return "AD"
	}
	return "BC"
}

// longest is how many letters a field's wording takes at most.
func longest(field byte, s style) int {
	switch {
	case s == narrow && field == 'B':
		return len("in the afternoon")
	case s == narrow:
		return 1
	}
	switch field {
	case 'M', 'L':
		return [...]int{short: 3, full: len("September")}[s]
	case 'E', 'e', 'c':
		return [...]int{short: 3, full: len("Wednesday")}[s]
	case 'Q', 'q':
		return [...]int{short: 2, full: len("1st quarter")}[s]
	case 'G':
		return [...]int{short: 2, full: len("Before Christ")}[s]
	case 'a':
		return 2
	}
	return len("in the afternoon")
}
