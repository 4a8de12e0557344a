package eventtime

import (
	"bytes"
	"strings"
	"time"

	"standpipe/internal/jsontext"
	"standpipe/partition"
)

// cursor reads a text digit by digit.
type cursor struct {
	text []byte
	bad  bool
}

// two reads two digits.
func (c *cursor) two(most int) int {
	if len(c.text) < 2 || !jsontext.IsDigit(c.text[0]) || !jsontext.IsDigit(c.text[1]) {
		c.bad = true
		return 0
	}
	n := int(c.text[0]-'0')*10 + int(c.text[1]-'0')
	c.text = c.text[2:]
	c.bad = c.bad || n > most
	return n
}

func (c *cursor) take(any string) bool {
	if len(c.text) == 0 || strings.IndexByte(any, c.text[0]) < 0 {
		return false
	}
	c.text = c.text[1:]
	return true
}

func (c *cursor) expect(any string) { c.bad = !c.take(any) || c.bad }

// rfc3339 reads a time of RFC 3339 and what is close to it: a space or t for the T, no seconds, a fraction of any length behind
// a point or comma, 24:00, an offset without colon or minutes, UTC or GMT for Z, a space before any of these, and the name of a
// zone in brackets behind it, which is not looked up. Without an offset the time is that of clocks in loc, and a day alone is its
// beginning. A leap second is the second after it.
func rfc3339(text []byte, loc *time.Location) (t time.Time, ok bool) {
	c := cursor{text: text}
	year := c.two(99)*100 + c.two(99)
	c.expect("-")
	month := c.two(12)
	c.expect("-")
	day := c.two(31)
	if c.bad || month == 0 || day == 0 || day > 28 && day > lastDay(year, month) {
		return t, false
	}
	t = time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if len(c.text) == 0 {
		return partition.AtZone(t, loc), true
	}
	c.expect("T t")
	t = t.Add(c.clock())
	if c.bad {
		return t, false
	}
	if len(c.text) == 0 {
		return partition.AtZone(t, loc), true
	}
	shift := c.offset()
	return t.Add(-shift), !c.bad && len(c.text) == 0
}

func lastDay(year, month int) int {
	return time.Date(year, time.Month(month+1), 0, 0, 0, 0, 0, time.UTC).Day()
}

// clock reads a time of day.
func (c *cursor) clock() time.Duration {
	h := c.two(24)
	c.expect(":")
	d := time.Duration(h)*time.Hour + time.Duration(c.two(59))*time.Minute
	if c.take(":") {
		d += time.Duration(c.two(60)) * time.Second
		if c.take(".,") {
			d += c.fraction()
		}
	}
	c.bad = c.bad || d > 24*time.Hour && h == 24
	return d
}

func (c *cursor) fraction() (d time.Duration) {
	n, unit := 0, 100*time.Millisecond
	for n < len(c.text) && jsontext.IsDigit(c.text[n]) {
		d += time.Duration(c.text[n]-'0') * unit
		unit /= 10
		n++
	}
	c.bad = c.bad || n == 0
	c.text = c.text[n:]
	return d
}

// offset reads the distance from UTC with what may stand around it.
func (c *cursor) offset() (d time.Duration) {
	c.take(" ")
	switch {
	case c.take("Zz"):
	case len(c.text) >= 3 && (string(c.text[:3]) == "UTC" || string(c.text[:3]) == "GMT"):
		c.text = c.text[3:]
	default:
		sign := time.Duration(1)
		if !c.take("+") {
			c.expect("-")
			sign = -1
		}
		d = time.Duration(c.two(23)) * time.Hour
		if c.take(":") || len(c.text) > 0 && jsontext.IsDigit(c.text[0]) {
			d += time.Duration(c.two(59)) * time.Minute
			if c.take(":") {
				d += time.Duration(c.two(59)) * time.Second
			}
		}
		d *= sign
	}
	if n := len(c.text); n > 2 && c.text[0] == '[' && bytes.IndexByte(c.text, ']') == n-1 {
		c.text = nil
	}
	return d
}
