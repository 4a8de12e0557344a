package parquet

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
	"unsafe"

	pq "github.com/parquet-go/parquet-go"

	"standpipe/internal/jsontext"
)

// token reads the scalar at data[i], which is not null: the text of a number or literal, or that of a string without
// escapes, valid until the next call. An object or array is only named, with end as i. end is -1 if there is no value.
func (s *Shredder) token(i int) (token []byte, f form, end int) {
	if i >= len(s.data) {
		return nil, 0, s.broken(i, "unexpected end of a value")
	}
	var fault string
	switch c := s.data[i]; {
	case c == '{':
		return nil, formObject, i
	case c == '[':
		return nil, formArray, i
	case c == '"':
		if end, fault = jsontext.ScanString(s.data, i); fault != "" {
			return nil, 0, s.broken(end, fault)
		}
		token = s.data[i+1 : end-1]
		if bytes.IndexByte(token, '\\') >= 0 {
			s.scratch = jsontext.AppendUnescaped(s.scratch[:0], token)
			token = s.scratch
		}
		return token, formString, end
	case c == 't':
		f = formBool
		end, fault = jsontext.ScanLiteral(s.data, i, "true")
	case c == 'f':
		f = formBool
		end, fault = jsontext.ScanLiteral(s.data, i, "false")
	case c == '-' || jsontext.IsDigit(c):
		f = formNumber
		end, fault = jsontext.ScanNumber(s.data, i)
	default:
		end, fault = i, "unexpected character instead of a value"
	}
	if fault != "" {
		return nil, 0, s.broken(end, fault)
	}
	return s.data[i:end], f, end
}

// scalar shreds a value into a column of any type that is neither text nor nested.
func (s *Shredder) scalar(n *node, i, rep int) int {
	if n.kind <= bigint || n.kind == timestamp && !s.schema.options.Strict {
		if v, end := shortInt(s.data, i); end > 0 {
			if n.kind == timestamp {
				return s.putTime(n, firehoseEpoch(v), end, rep)
			}
			return s.putInt(n, v, s.data[i:end], end, rep)
		}
	}
	token, f, end := s.token(i)
	if end < 0 {
		return -1
	}
	if f >= formObject || s.schema.options.Strict && !exact(n.kind, f) {
		return s.wrongForm(n, f)
	}
	var v pq.Value
	switch n.kind {
	case boolean:
		switch {
		case bytes.EqualFold(token, []byte("true")):
			v = pq.BooleanValue(true)
		case bytes.EqualFold(token, []byte("false")):
			v = pq.BooleanValue(false)
		default:
			return s.unreadable(n, token)
		}
	case float, double:
		return s.floating(n, token, end, rep)
	case decimal:
		return s.decimal(n, token, end, rep)
	case date:
		day, ok := parseDate(bytes.TrimSpace(token), s.schema.options.Strict)
		if !ok || f != formString {
			return s.unreadable(n, token)
		}
		v = pq.Int32Value(day)
	case timestamp:
		return s.timestamp(n, token, f, end, rep)
	case binary:
		size := base64.StdEncoding.DecodedLen(len(token))
		to := s.rows.bytes.alloc(size)
		got, err := base64.StdEncoding.Strict().Decode(to, token)
		if err != nil || bytes.ContainsAny(token, "\r\n") {
			return s.misfit(n, "A value for column %s is not base64.", n.path)
		}
		s.rows.bytes.shrink(size - got)
		v = pq.ByteArrayValue(to[:got:got])
	default:
		number, ok := parseInt(bytes.TrimSpace(token), 64)
		if !ok {
			return s.unreadable(n, token)
		}
		return s.putInt(n, number, token, end, rep)
	}
	s.put(n.leaf, rep, n.def, v)
	return end
}

// exact says whether JSON of the form is what Strict takes for the kind, before its content is looked at.
func exact(k kind, f form) bool {
	switch k {
	case boolean:
		return f == formBool
	case date, binary:
		return f == formString
	case timestamp:
		return f == formString || f == formNumber
	}
	return f == formNumber
}

// shortInt reads an integer of at most 18 digits at data[i] that ends before a comma, a bracket or white space. end is 0
// where something else stands there, be it right or wrong.
func shortInt(data []byte, i int) (v int64, end int) {
	negative := i < len(data) && data[i] == '-'
	if negative {
		i++
	}
	start := i
	for ; i < len(data) && i-start < 18; i++ {
		d := data[i] - '0'
		if d > 9 {
			break
		}
		v = v*10 + int64(d)
	}
	if i == start || i >= len(data) || data[start] == '0' && i-start > 1 {
		return 0, 0
	}
	switch data[i] {
	case ',', '}', ']', ' ', '\n', '\r', '\t':
	default:
		return 0, 0
	}
	if negative {
		v = -v
	}
	return v, i
}

// putInt appends an integer if it fits the column. token is how it was written. Java tells what does not fit a byte or a
// short from what does not fit an int or a long.
func (s *Shredder) putInt(n *node, v int64, token []byte, end, rep int) int {
	switch n.kind {
	case bigint:
		s.put(n.leaf, rep, n.def, pq.Int64Value(v))
		return end
	case integer:
		if int64(int32(v)) == v {
			s.put(n.leaf, rep, n.def, pq.Int32Value(int32(v)))
			return end
		}
		return s.unreadable(n, token)
	case smallint:
		if int64(int16(v)) == v {
			s.put(n.leaf, rep, n.def, pq.Int32Value(int32(v)))
			return end
		}
	case tinyint:
		if int64(int8(v)) == v {
			s.put(n.leaf, rep, n.def, pq.Int32Value(int32(v)))
			return end
		}
	}
	return s.misfit(n, "Value out of range. Value:\"%s\" Radix:10", clip(string(token), maxQuote))
}

// parseInt reads a decimal or, after 0x, hexadecimal integer of at most so many bits, with or without a sign.
func parseInt(token []byte, bits int) (int64, bool) {
	base := 10
	if len(token) > 2 && token[0] == '0' && token[1]|0x20 == 'x' {
		base, token = 16, token[2:]
		if token[0] == '-' || token[0] == '+' {
			return 0, false
		}
	}
	v, err := strconv.ParseInt(unsafe.String(unsafe.SliceData(token), len(token)), base, bits)
	return v, err == nil
}

func (s *Shredder) floating(n *node, token []byte, end, rep int) int {
	trimmed := bytes.TrimSpace(token)
	if !isNumber(trimmed) {
		return s.unreadable(n, token)
	}
	bits := 64
	if n.kind == float {
		bits = 32
	}
	v, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(trimmed), len(trimmed)), bits)
	if err != nil || math.IsInf(v, 0) {
		return s.outOfRange(n)
	}
	if n.kind == float {
		s.put(n.leaf, rep, n.def, pq.FloatValue(float32(v)))
	} else {
		s.put(n.leaf, rep, n.def, pq.DoubleValue(v))
	}
	return end
}

// isNumber says whether text is a decimal number as Java writes and reads them: digits with or without a point among
// them, a sign, an exponent. NaN, infinities and hexadecimal numbers are none.
func isNumber(text []byte) bool {
	i := 0
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		i++
	}
	digits := 0
	for point := false; i < len(text); i++ {
		if text[i] == '.' && !point {
			point = true
		} else if jsontext.IsDigit(text[i]) {
			digits++
		} else {
			break
		}
	}
	if digits == 0 || i == len(text) {
		return digits > 0
	}
	if text[i]|0x20 != 'e' {
		return false
	}
	if i++; i < len(text) && (text[i] == '-' || text[i] == '+') {
		i++
	}
	start := i
	for i < len(text) && jsontext.IsDigit(text[i]) {
		i++
	}
	return i > start && i == len(text)
}
