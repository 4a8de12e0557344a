package parquet

import (
	"bytes"
	"math/bits"

	pq "github.com/parquet-go/parquet-go"

	"standpipe/internal/jsontext"
)

// uint128 is wide enough for 38 decimal digits.
type uint128 struct{ hi, lo uint64 }

// timesTenPlus gives 10*u+d, with u below 10^37 or so.
func (u uint128) timesTenPlus(d uint64) uint128 {
	hi, lo := bits.Mul64(u.lo, 10)
	lo, carry := bits.Add64(lo, d, 0)
	return uint128{u.hi*10 + hi + carry, lo}
}

func (u uint128) less(o uint128) bool { return u.hi < o.hi || u.hi == o.hi && u.lo < o.lo }

// powers of ten.
var powers = func() (p [39]uint128) {
	p[0].lo = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1].timesTenPlus(0)
	}
	return p
}()

// scaled is a decimal number times a power of ten, without what follows its point then.
type scaled struct {
	negative bool
	n        uint128
	up       bool // what was cut off is at least a half
	inexact  bool // what was cut off is not zero
	tooLarge bool // n has more than 38 digits and is not set
}

// scale reads a number that isNumber accepts and multiplies it by 10^shift, exactly and without allocating, whatever its
// length and exponent.
func scale(text []byte, shift int) (r scaled) {
	switch text[0] {
	case '-':
		r.negative = true
		text = text[1:]
	case '+':
		text = text[1:]
	}
	mantissa := text
	exponent := 0
	if e := bytes.IndexAny(text, "eE"); e >= 0 {
		mantissa = text[:e]
		exponent = clampedInt(text[e+1:])
	}
	whole := bytes.IndexByte(mantissa, '.') // how many digits stand before the point
	if whole < 0 {
		whole = len(mantissa)
	}
	keep := whole + exponent + shift // how many of the mantissa's digits stand before the point of the result
	digits, read := 0, 0             // significant ones kept; all
	for _, c := range mantissa {
		if c == '.' {
			continue
		}
		d := uint64(c - '0')
		switch {
		case read < keep:
			if digits > 0 || d > 0 {
				digits++
			}
			if digits > 38 {
				r.tooLarge = true
				return r
			}
			r.n = r.n.timesTenPlus(d)
		case read == keep && d >= 5:
			r.up, r.inexact = true, true
		case d > 0:
			r.inexact = true
		}
		read++
	}
	if digits == 0 {
		return r
	}
	for ; read < keep; read++ {
		if digits++; digits > 38 {
			r.tooLarge = true
			return r
		}
		r.n = r.n.timesTenPlus(0)
	}
	return r
}

// clampedInt reads an exponent; one of more than a billion is as good as any.
func clampedInt(text []byte) int {
	v := 0
	for _, c := range text {
		if jsontext.IsDigit(c) && v < 1_000_000_000 {
			v = v*10 + int(c-'0')
		}
	}
	if len(text) > 0 && text[0] == '-' {
		return -v
	}
	return v
}

// decimal shreds a number into a decimal column, rounded half up as Java's RoundingMode has it: away from zero. With
// Strict it has to fit as it is.
func (s *Shredder) decimal(n *node, token []byte, end, rep int) int {
	trimmed := bytes.TrimSpace(token)
	if !isNumber(trimmed) {
		return s.unreadable(n, token)
	}
	r := scale(trimmed, n.scale)
	switch {
	case r.tooLarge:
		return s.outOfRange(n)
	case s.schema.options.Strict && r.inexact:
		return s.misfit(n, "A value for column %s has more fractional digits than %s.", n.path, n.hiveType)
	case r.up:
		lo, carry := bits.Add64(r.n.lo, 1, 0)
		r.n = uint128{r.n.hi + carry, lo}
	}
	if !r.n.less(powers[n.precision]) {
		return s.outOfRange(n)
	}
	if r.negative {
		lo, borrow := bits.Sub64(0, r.n.lo, 0)
		hi, _ := bits.Sub64(0, r.n.hi, borrow)
		r.n = uint128{hi, lo}
	}
	switch {
	case n.precision <= 9:
		s.put(n.leaf, rep, n.def, pq.Int32Value(int32(r.n.lo)))
	case n.precision <= 18:
		s.put(n.leaf, rep, n.def, pq.Int64Value(int64(r.n.lo)))
	default:
		to := s.rows.bytes.alloc(n.width)
		for i := range to {
			at := (n.width - 1 - i) * 8
			word := r.n.lo
			if at >= 64 {
				at, word = at-64, r.n.hi
			}
			to[i] = byte(word >> at)
		}
		s.put(n.leaf, rep, n.def, pq.FixedLenByteArrayValue(to))
	}
	return end
}
