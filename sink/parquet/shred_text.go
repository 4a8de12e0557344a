package parquet

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	pq "github.com/parquet-go/parquet-go"

	"standpipe/internal/jsontext"
)

// bytes is b as a value, copied to where it may stay.
func (s *Shredder) bytes(b []byte) pq.Value {
	to := s.rows.bytes.alloc(len(b))
	copy(to, b)
	return pq.ByteArrayValue(to)
}

// text shreds a value into a string, char or varchar. Without Strict it takes numbers and booleans as they are written,
// and objects and arrays as compact JSON.
func (s *Shredder) text(n *node, i, rep int) int {
	if i < len(s.data) && s.data[i] == '"' {
		end, fault := jsontext.ScanString(s.data, i)
		if fault != "" {
			return s.broken(end, fault)
		}
		raw := s.data[i+1 : end-1]
		if n.length > 0 || bytes.IndexByte(raw, '\\') >= 0 {
			s.scratch = jsontext.AppendUnescaped(s.scratch[:0], raw)
			raw = s.scratch
		}
		return s.putText(n, raw, end, rep)
	}
	token, f, end := s.token(i)
	switch {
	case end < 0:
		return -1
	case s.schema.options.Strict:
		return s.wrongForm(n, f)
	case f == formObject || f == formArray:
		if end = s.skip(i); end < 0 {
			return -1
		}
		s.scratch = appendLowered(s.scratch[:0], s.data[i:end], !s.schema.options.CaseSensitive)
		token = s.scratch
	}
	return s.putText(n, token, end, rep)
}

func (s *Shredder) putText(n *node, b []byte, end, rep int) int {
	if n.length > 0 {
		if n.hiveType.name == "char" {
			b = bytes.TrimRight(b, " ")
		}
		if !fits(n.hiveType, b) {
			return s.misfit(n, "A value for column %s is longer than %s.", n.path, n.hiveType)
		}
	}
	s.put(n.leaf, rep, n.def, s.bytes(b))
	return end
}

// fits says whether b is short enough for the type, in code points.
func fits(t *hiveType, b []byte) bool {
	return t.length == 0 || len(b) <= t.length || utf8.RuneCount(b) <= t.length
}

// appendLowered appends a valid JSON value without insignificant white space and, if lowered, with its keys in lower
// case.
func appendLowered(dst, value []byte, lowered bool) []byte {
	if !lowered {
		return jsontext.AppendCompact(dst, value)
	}
	for i := 0; i < len(value); {
		switch c := value[i]; c {
		case ' ', '\t', '\n', '\r':
			i++
		case '"':
			end, _ := jsontext.ScanString(value, i)
			next, _ := jsontext.SkipSpace(value, end)
			if next < len(value) && value[next] == ':' {
				dst = appendKey(dst, value[i:end])
			} else {
				dst = append(dst, value[i:end]...)
			}
			i = end
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}

// appendKey appends a key with its quotes in lower case.
func appendKey(dst, key []byte) []byte {
	if bytes.IndexByte(key, '\\') < 0 {
		from := len(dst)
		dst = append(dst, key...)
		return append(dst[:from], lower(dst[from:])...)
	}
	plain := lower(jsontext.AppendUnescaped(nil, key[1:len(key)-1]))
	escaped, _ := json.Marshal(string(plain)) // a string always encodes
	return append(dst, escaped...)
}
