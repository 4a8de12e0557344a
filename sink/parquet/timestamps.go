package parquet

import (
	"bytes"
	"math"
	"math/bits"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"standpipe/internal/jsontext"
)

const daySeconds = 24 * 60 * 60

// instant is a time as seconds since 1970 and nanoseconds of the second.
type instant struct {
	seconds int64
	nanos   int64
}

// timestamp shreds a string or a number into a timestamp column. A boolean is unreadable.
func (s *Shredder) timestamp(n *node, token []byte, f form, end, rep int) int {
	trimmed := bytes.TrimSpace(token)
	strict := s.schema.options.Strict
	var t instant
	ok := false
	switch {
	case strict && f == formString:
		if t, ok = parseRFC3339(token); !ok {
			return s.misfit(n, "A value for column %s is not a time of RFC 3339.", n.path)
		}
	case isNumber(trimmed):
		if t, ok = s.epoch(trimmed); !ok {
			return s.outOfRange(n)
		}
	case bytes.IndexByte(trimmed, ':') > 0:
		if t, ok = parseCivil(trimmed); !ok {
			return s.misfit(n, "Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff]")
		}
	default:
		return s.unreadable(n, token)
	}
	return s.putTime(n, t, end, rep)
}

func (s *Shredder) putTime(n *node, t instant, end, rep int) int {
	v, ok := t.value(s.schema.options.Timestamps)
	if !ok {
		return s.outOfRange(n)
	}
	s.put(n.leaf, rep, n.def, v)
	return end
}

// firehoseEpoch is the time that Firehose reads from an integer.
func firehoseEpoch(v int64) instant {
	if -1e12 < v && v < 1e12 {
		return instant{v, 0}
	}
	seconds := floorDiv(v, 1000)
	return instant{seconds, (v - seconds*1000) * 1_000_000}
}

// epoch reads a number of seconds or of smaller units since 1970. Firehose takes numbers below 1e12 for seconds, keeps
// milliseconds of them, and takes others for milliseconds.
func (s *Shredder) epoch(text []byte) (instant, bool) {
	if s.schema.options.Strict {
		return nanoseconds(scale(text, 9-3*int(s.schema.options.Epoch)))
	}
	r := scale(text, 3)
	if r.tooLarge {
		return instant{}, false
	}
	if !r.n.less(powers[15]) {
		r = scale(text, 0)
	}
	for range 6 { // from milliseconds to nanoseconds
		if !r.n.less(powers[37]) {
			return instant{}, false
		}
		r.n = r.n.timesTenPlus(0)
	}
	return nanoseconds(r)
}

func nanoseconds(r scaled) (instant, bool) {
	const second = 1_000_000_000
	if r.tooLarge || r.n.hi >= second {
		return instant{}, false
	}
	quotient, rest := bits.Div64(r.n.hi, r.n.lo, second)
	if quotient > math.MaxInt64/2 {
		return instant{}, false
	}
	t := instant{int64(quotient), int64(rest)}
	if r.negative {
		if t = (instant{-t.seconds, -t.nanos}); t.nanos < 0 {
			t.seconds--
			t.nanos += second
		}
	}
	return t, true
}

// value is the time as a column stores it. What is finer than the column is cut off; a time that does not fit is not ok.
// Columns of milliseconds and INT96 take no more than those of microseconds, years before 294,247, though they could:
// engines that reckon in microseconds, such as DuckDB, would refuse the whole file.
func (t instant) value(unit Timestamps) (v pq.Value, ok bool) {
	perSecond := int64(1_000_000)
	if limit := math.MaxInt64 / perSecond; t.seconds < -limit || t.seconds >= limit {
		return v, false
	}
	switch unit {
	case Millis:
		perSecond = 1_000
	case Nanos:
		perSecond = 1_000_000_000
	case Int96:
		days := floorDiv(t.seconds, daySeconds)
		nanos := uint64(t.seconds-days*daySeconds)*1_000_000_000 + uint64(t.nanos)
		const julian1970 = 2440588
		return pq.Int96Value(deprecated.Int96{uint32(nanos), uint32(nanos >> 32), uint32(int32(days + julian1970))}), true
	}
	if limit := math.MaxInt64 / perSecond; t.seconds < -limit || t.seconds >= limit {
		return v, false
	}
	return pq.Int64Value(t.seconds*perSecond + t.nanos/(1_000_000_000/perSecond)), true
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// civil reads dates and times digit by digit.
type civil struct {
	text []byte
	bad  bool
}

// number takes at least low and at most high digits.
func (c *civil) number(low, high int) (n int) {
	i := 0
	for ; i < high && i < len(c.text) && jsontext.IsDigit(c.text[i]); i++ {
		n = n*10 + int(c.text[i]-'0')
	}
	c.bad = c.bad || i < low
	c.text = c.text[i:]
	return n
}

func (c *civil) take(b byte) bool {
	if len(c.text) == 0 || c.text[0] != b {
		return false
	}
	c.text = c.text[1:]
	return true
}

func (c *civil) expect(b byte) { c.bad = !c.take(b) || c.bad }

// date reads a day as days since 1970. Months and days have at least so many digits.
func (c *civil) date(low int) (days int64) {
	year := c.number(4, 4)
	c.expect('-')
	month := c.number(low, 2)
	c.expect('-')
	day := c.number(low, 2)
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		c.bad = true
		return 0
	}
	return daysSince1970(year, month, day)
}

// clock reads a time of day. Its fraction has at most nine digits.
func (c *civil) clock(low int) (seconds, nanos int64) {
	hour := c.number(low, 2)
	c.expect(':')
	minute := c.number(low, 2)
	c.expect(':')
	second := c.number(low, 2)
	if hour > 23 || minute > 59 || second > 59 {
		c.bad = true
	}
	if c.take('.') {
		before := len(c.text)
		nanos = int64(c.number(1, 9))
		for range 9 - (before - len(c.text)) {
			nanos *= 10
		}
	}
	return int64(hour*3600 + minute*60 + second), nanos
}

func (c *civil) done() bool { return !c.bad && len(c.text) == 0 }

// parseDate reads yyyy-MM-dd, unless strict with months and days of one digit too.
func parseDate(text []byte, strict bool) (day int32, ok bool) {
	c := civil{text: text}
	low := 1
	if strict {
		low = 2
	}
	days := c.date(low)
	return int32(days), c.done()
}

// parseCivil reads the forms of Firehose: yyyy-MM-ddTHH:mm:ss with or without a fraction and Z, all digits there, and the
// same with a space instead of the T, without Z, where all but the year may have one digit. Both are UTC.
func parseCivil(text []byte) (t instant, ok bool) {
	c := civil{text: text}
	low := 1
	if bytes.IndexByte(text, 'T') >= 0 {
		low = 2
	}
	days := c.date(low)
	if low == 2 {
		c.expect('T')
	} else {
		c.expect(' ')
	}
	seconds, nanos := c.clock(low)
	if low == 2 {
		c.take('Z')
	}
	return instant{days*daySeconds + seconds, nanos}, c.done()
}

// parseRFC3339 reads a time of RFC 3339, T and Z in any case, a leap second as the second after it.
func parseRFC3339(text []byte) (t instant, ok bool) {
	c := civil{text: text}
	days := c.date(2)
	if !c.take('T') {
		c.expect('t')
	}
	leap := len(c.text) > 8 && string(c.text[5:8]) == ":60"
	if leap {
		c.text = append(append(append(make([]byte, 0, len(c.text)), c.text[:5]...), ":59"...), c.text[8:]...)
	}
	seconds, nanos := c.clock(2)
	if leap {
		seconds, nanos = seconds+1, 0
	}
	if !c.take('Z') && !c.take('z') {
		sign := int64(-1)
		if !c.take('+') {
			c.expect('-')
			sign = 1
		}
		hours := c.number(2, 2)
		c.expect(':')
		minutes := c.number(2, 2)
		if hours > 23 || minutes > 59 {
			c.bad = true
		}
		seconds += sign * int64(hours*3600+minutes*60)
	}
	return instant{days*daySeconds + seconds, nanos}, c.done()
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysSince1970 counts from a day of the proleptic Gregorian calendar, with years that start in March so that the odd
// day is the last of its year.
func daysSince1970(year, month, day int) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	ofYear := (153*(month-3)+2)/5 + day - 1
	era := floorDiv(int64(year), 400)
	y := int64(year) - era*400
	return era*146097 + y*365 + y/4 - y/100 + int64(ofYear) - 719468
}
