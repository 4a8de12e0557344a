package sink

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// jsonError says why a record is not JSON. Its message never repeats bytes of the record, so it can go into logs and
// error records as it is.
type jsonError struct {
	offset int    // of the first offending byte in the record, a byte order mark included
	what   string // a noun phrase, such as "control character in a string"
}

func (e *jsonError) Error() string {
	return fmt.Sprintf("%s at byte %d", e.what, e.offset)
}

const byteOrderMark = "\xef\xbb\xbf"

// appendLines appends the JSON values in one record's data to dst, each as a line ended by '\n', and returns how many
// lines that made. A UTF-8 byte order mark at the start and white space around values are dropped. A value that stands
// on one line is copied byte for byte; one that spans several loses its insignificant white space and nothing else, so
// numbers, escapes and the order of keys stay as they came.
//
// Values follow each other after white space, or directly where one of the two is an object, an array or a string:
// {"a":1}{"b":2} makes two lines, while 01 and truefalse are errors.
//
// The grammar is RFC 8259, with valid UTF-8 required; an escape of a lone surrogate is accepted, as the RFC leaves it to
// the reader. Nesting is not limited: it takes one bit a level, at most an eighth of the record, and no recursion.
//
// For data that holds no value, or is not JSON, appendLines returns dst with its old length and a *jsonError. It
// allocates only to grow dst, for an error, or beyond 64 levels of nesting. data is not changed or kept.
func appendLines(dst, data []byte) (out []byte, lines int, err error) {
	out = dst
	i := 0
	if len(data) >= len(byteOrderMark) && string(data[:len(byteOrderMark)]) == byteOrderMark {
		i = len(byteOrderMark)
	}
	i, _ = skipSpace(data, i)
	if i == len(data) {
		if len(data) == 0 {
			return dst, 0, &jsonError{0, "empty record"}
		}
		return dst, 0, &jsonError{i, "no JSON value, only white space,"}
	}
	bare := false // the value before ended directly here, with a number or a literal
	for i < len(data) {
		first := data[i]
		delimited := first == '{' || first == '[' || first == '"'
		if bare && !delimited {
			return dst, 0, &jsonError{i, "unexpected character after a number or literal"}
		}
		end, multiline, fault := scanValue(data, i)
		if fault != "" {
			return dst, 0, &jsonError{end, fault}
		}
		if multiline {
			out = appendCompact(out, data[i:end])
		} else {
			out = append(out, data[i:end]...)
		}
		out = append(out, '\n')
		lines++
		i, _ = skipSpace(data, end)
		bare = i == end && !delimited
	}
	return out, lines, nil
}

// skipSpace returns the index of the first byte at or after i that is not JSON white space, and whether it passed a
// line end.
func skipSpace(data []byte, i int) (next int, lineEnd bool) {
	for ; i < len(data); i++ {
		switch data[i] {
		case ' ', '\t':
		case '\n', '\r':
			lineEnd = true
		default:
			return i, lineEnd
		}
	}
	return i, lineEnd
}

// appendCompact appends a valid JSON value without its insignificant white space.
func appendCompact(dst, value []byte) []byte {
	from := 0
	for i := 0; i < len(value); {
		switch value[i] {
		case ' ', '\t', '\n', '\r':
			dst = append(dst, value[from:i]...)
			i, _ = skipSpace(value, i)
			from = i
		case '"':
			i, _ = scanString(value, i)
		default:
			i++
		}
	}
	return append(dst, value[from:]...)
}

// nesting is the kinds of the containers around a position, one bit each: 1 an object, 0 an array.
type nesting struct {
	inner uint64   // the innermost depth%64 levels, or 64 of them where that is 0
	outer []uint64 // full words of the levels around them
	depth int
}

func (n *nesting) push(object uint64) {
	if n.depth > 0 && n.depth%64 == 0 {
		n.outer = append(n.outer, n.inner)
	}
	n.inner = n.inner<<1 | object
	n.depth++
}

func (n *nesting) pop() {
	n.depth--
	if n.depth > 0 && n.depth%64 == 0 {
		last := len(n.outer) - 1
		n.inner, n.outer = n.outer[last], n.outer[:last]
		return
	}
	n.inner >>= 1
}

func (n *nesting) inObject() bool { return n.inner&1 == 1 }

// scanValue checks the value that starts at data[i] and returns the index after it and whether a line ends inside it,
// outside strings. fault is empty, or says what is wrong at data[end].
func scanValue(data []byte, i int) (end int, multiline bool, fault string) {
	var levels nesting
	var newline bool

value:
	if i >= len(data) {
		return i, false, "unexpected end of a value"
	}
	switch c := data[i]; c {
	case '{':
		levels.push(1)
		if i++; i < len(data) && data[i] <= ' ' {
			i, newline = skipSpace(data, i)
			multiline = multiline || newline
		}
		if i < len(data) && data[i] == '}' {
			i++
			levels.pop()
			goto after
		}
		goto key
	case '[':
		levels.push(0)
		if i++; i < len(data) && data[i] <= ' ' {
			i, newline = skipSpace(data, i)
			multiline = multiline || newline
		}
		if i < len(data) && data[i] == ']' {
			i++
			levels.pop()
			goto after
		}
		goto value
	case '"':
		i, fault = scanString(data, i)
	case 't':
		i, fault = scanLiteral(data, i, "true")
	case 'f':
		i, fault = scanLiteral(data, i, "false")
	case 'n':
		i, fault = scanLiteral(data, i, "null")
	default:
		if c != '-' && (c < '0' || c > '9') {
			return i, false, "unexpected character instead of a value"
		}
		i, fault = scanNumber(data, i)
	}
	if fault != "" {
		return i, false, fault
	}

after:
	if levels.depth == 0 {
		return i, multiline, ""
	}
	if i < len(data) && data[i] <= ' ' {
		i, newline = skipSpace(data, i)
		multiline = multiline || newline
	}
	if i >= len(data) {
		return i, false, "unexpected end inside an object or array"
	}
	switch c := data[i]; {
	case c == ',':
		if i++; i < len(data) && data[i] <= ' ' {
			i, newline = skipSpace(data, i)
			multiline = multiline || newline
		}
		if levels.inObject() {
			goto key
		}
		goto value
	case c == '}' && levels.inObject(), c == ']' && !levels.inObject():
		i++
		levels.pop()
		goto after
	case levels.inObject():
		return i, false, "unexpected character instead of , or } in an object"
	default:
		return i, false, "unexpected character instead of , or ] in an array"
	}

key:
	if i >= len(data) {
		return i, false, "unexpected end of an object"
	}
	if data[i] != '"' {
		return i, false, "unexpected character instead of a key"
	}
	if i, fault = scanString(data, i); fault != "" {
		return i, false, fault
	}
	if i < len(data) && data[i] <= ' ' {
		i, newline = skipSpace(data, i)
		multiline = multiline || newline
	}
	if i >= len(data) {
		return i, false, "unexpected end of an object"
	}
	if data[i] != ':' {
		return i, false, "unexpected character instead of : after a key"
	}
	if i++; i < len(data) && data[i] <= ' ' {
		i, newline = skipSpace(data, i)
		multiline = multiline || newline
	}
	goto value
}

// scanString checks the string whose opening quote is data[i] and returns the index after its closing quote, or that of
// what is wrong.
func scanString(data []byte, i int) (end int, fault string) {
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
			if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
				return 0
			}
		}
		return 5
	}
	return 0
}

func scanLiteral(data []byte, i int, literal string) (end int, fault string) {
	if len(data)-i < len(literal) || string(data[i:i+len(literal)]) != literal {
		return i, "unexpected character instead of a value"
	}
	return i + len(literal), ""
}

// scanNumber checks the number that starts at data[i], a minus sign or a digit.
func scanNumber(data []byte, i int) (end int, fault string) {
	if data[i] == '-' {
		i++
	}
	start := i
	if i = skipDigits(data, i); i == start {
		return i, "number without digits"
	}
	if data[start] == '0' && i > start+1 {
		return start, "leading zero in a number"
	}
	if i < len(data) && data[i] == '.' {
		start = i + 1
		if i = skipDigits(data, start); i == start {
			return i, "number without digits after its point"
		}
	}
	if i < len(data) && data[i]|0x20 == 'e' {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		start = i
		if i = skipDigits(data, i); i == start {
			return i, "number without digits in its exponent"
		}
	}
	return i, ""
}

func skipDigits(data []byte, i int) int {
	for i < len(data) && isDigit(data[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
