package kinesisfake

import (
	"math/bits"
)

// sequence is what a sequence number says. As 188 bits, most significant first, it is: 4 bits of 2; 36 bits of
// epoch; the shard number's last 4 bits; 64 bits of index; 8 bits of 0; 36 bits of seconds; 32 bits of shard number;
// 4 bits of version 2. This is how the service's own 56-digit numbers are built, as far as they reveal it; the
// service's index may skip, ours does not.
type sequence struct {
	epoch   uint64 // the shard's place in time, near its creation in Unix seconds; a child's is above its parents'
	shard   uint32
	index   uint64 // 0 is the shard's start, record i has i+1
	seconds uint64 // when the record arrived, Unix
}

const (
	lastIndex = 1<<63 - 1 // the index of a closed shard's ending sequence number
	pow19     = 10_000_000_000_000_000_000
	mask36    = 1<<36 - 1
)

func (s sequence) limbs() (hi, mid, lo uint64) {
	hi = 2<<56 | (s.epoch&mask36)<<20 | uint64(s.shard&15)<<16 | s.index>>48
	mid = s.index<<16 | (s.seconds&mask36)>>28
	lo = s.seconds<<36 | uint64(s.shard)<<4 | 2
	return hi, mid, lo
}

// append writes s in decimal.
func (s sequence) append(b []byte) []byte {
	hi, mid, lo := s.limbs()
	var parts [3]uint64
	for i := range parts {
		var rest uint64
		hi, rest = hi/pow19, hi%pow19
		mid, rest = bits.Div64(rest, mid, pow19)
		lo, rest = bits.Div64(rest, lo, pow19)
		parts[i] = rest
	}
	var digits [57]byte
	for i, part := range parts {
		for j := range 19 {
			digits[56-19*i-j] = byte('0' + part%10)
			part /= 10
		}
	}
	from := 0
	for from < len(digits)-1 && digits[from] == '0' {
		from++
	}
	return append(b, digits[from:]...)
}

// String is s in decimal.
func (s sequence) String() string { return string(s.append(nil)) }

// parseSequence reads a sequence number of this server; ok is false for anything else.
func parseSequence(text string) (s sequence, ok bool) {
	if len(text) != 56 {
		return s, false
	}
	var hi, mid, lo uint64
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return s, false
		}
		var c0, c1, carry uint64
		c0, lo = bits.Mul64(lo, 10)
		lo, carry = bits.Add64(lo, uint64(c-'0'), 0)
		c0 += carry
		c1, mid = bits.Mul64(mid, 10)
		mid, carry = bits.Add64(mid, c0, 0)
		hi = hi*10 + c1 + carry
	}
	s = sequence{
		epoch:   hi >> 20 & mask36,
		shard:   uint32(lo >> 4),
		index:   hi<<48 | mid>>16,
		seconds: (mid<<28 | lo>>36) & mask36,
	}
	h, m, l := s.limbs()
	return s, h == hi && m == mid && l == lo && s.index <= lastIndex
}
