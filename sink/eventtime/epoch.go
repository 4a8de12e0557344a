package eventtime

import (
	"bytes"
	"strconv"
	"time"
)

// farthest is the number of seconds before and after 1970 that is read, some 30,000 years.
const farthest = 1_000_000_000_000

// epoch reads a number that isNumber accepts, exactly; what is finer than a nanosecond is cut off. Numbers that tell their unit
// by their size are seconds below 1e12, as those of Firehose are, then milliseconds below 1e15, microseconds below 1e18,
// nanoseconds. ok is false beyond farthest.
func epoch(text []byte, u unit) (t time.Time, ok bool) {
	negative := text[0] == '-'
	if negative || text[0] == '+' {
		text = text[1:]
	}
	mantissa, exponent := text, 0
	if e := bytes.IndexAny(text, "eE"); e >= 0 {
		v, err := strconv.Atoi(string(text[e+1:]))
		if err != nil || v < -1000 || v > 1000 {
			return t, false
		}
		mantissa, exponent = text[:e], v
	}
	point := bytes.IndexByte(mantissa, '.')
	if point < 0 {
		point = len(mantissa)
	}
	point += exponent // so many digits stand before the number's point
	if u == bySize {
		u = unitOf(mantissa, point)
	}
	point -= 3 * int(u) // and so many before that of its seconds
	var s, ns int64
	unit := int64(100_000_000) // of the next digit of the fraction
	for ; point < 0 && unit > 0; point++ {
		unit /= 10
	}
	for i := 0; point > 0 || i < len(mantissa) && unit > 0; i++ {
		d := int64(0)
		if i < len(mantissa) {
			if mantissa[i] == '.' {
				continue
			}
			d = int64(mantissa[i] - '0')
		}
		if point > 0 {
			point--
			if s = s*10 + d; s > farthest {
				return t, false
			}
			continue
		}
		ns += d * unit
		unit /= 10
	}
	if negative {
		s, ns = -s, -ns
	}
	return time.Unix(s, ns), true
}

// unitOf says what a number is that has so many digits before its point, leading zeros counted.
func unitOf(mantissa []byte, point int) unit {
	for _, c := range mantissa {
		if c != '.' && c != '0' {
			break
		}
		if c == '0' {
			point--
		}
	}
	switch {
	case point <= 12:
		return seconds
	case point <= 15:
		return millis
	case point <= 18:
		return micros
	}
	return nanos
}
