package jsontext

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// ScanString checks the string whose opening quote is data[i] and returns the index after its closing quote, or that of
// what is wrong.
func ScanString(data []byte, i int) (end int, fault string) {
	const (
		each = 0x0101010101010101
		high = 0x80 * each
	)
	i++
	for {
		for i+8 <= len(data) {
			// The high bit of a byte of stop is set where the byte is a quote, a backslash, below 0x20 or above 0x7f.
			// A borrow can set it wrongly only above a byte where it is set rightly, so the lowest one is exact.
			word := binary.LittleEndian.Uint64(data[i:])
			stop := (word | (word - 0x20*each) | ((word ^ '"'*each) - each) | ((word ^ '\\'*each) - each)) & high
			if stop != 0 {
				i += bits.TrailingZeros64(stop) / 8
				break
			}
			i += 8
		}
		if i >= len(data) {
			return i, "unexpected end of a string"
		}
		switch c := data[i]; {
		case c == '"':
			return i + 1, ""
		case c == '\\':
			width := escapeWidth(data[i+1:])
			if width == 0 {
				return i, "invalid escape in a string"
			}
			i += 1 + width
		case c < ' ':
			return i, "control character in a string"
		case c < utf8.RuneSelf:
			i++
		default:
			r, width := utf8.DecodeRune(data[i:])
			if r == utf8.RuneError && width <= 1 {
				return i, "invalid UTF-8 in a string"
			}
			i += width
		}
	}
}

// escapeWidth returns the length of the escape that follows a backslash, 0 for one that JSON does not have.
func escapeWidth(rest []byte) int {
	if len(rest) == 0 {
		return 0
	}
	switch rest[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 1
	case 'u':
		if len(rest) < 5 {
			return 0
		}
		for _, c := range rest[1:5] {
			if !IsDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
				return 0
			}
		}
		return 5
	}
	return 0
}
