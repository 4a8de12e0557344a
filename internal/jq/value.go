package jq

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"unsafe"

	"standpipe/internal/jsontext"
)

// maxDepth is how deep values may be nested, those that are read and those that are written. What programs do to values
// they do recursively.
const maxDepth = 10000

// maxNumber is how many characters a number may have. Calculating with long integers takes time by the square of that.
const maxNumber = 1000

// Document is one JSON value of a record, as programs take it. Numbers that are no short integers are json.Number, so
// they are written as they were read.
type Document struct {
	Value any

	start, end int
	text       string
	parts      []part // where the bytes are of what may be written differently than it was read
	places     map[uintptr]int
}

// part says which bytes of the text a map, slice or string was read from.
type part struct {
	at         uintptr // of the map, the slice's first element, or the string's first byte
	length     int     // of the slice or string
	start, end int
}

// Reader reads the JSON values of a record, which follow each other as they may in records: after white space, or
// directly where one of the two is an object, an array or a string.
type Reader struct {
	data  []byte
	text  string
	next  int
	bare  bool // the value before ended directly at next, with a number or a literal
	parts []part
	depth int
	most  int64
	made  []member // of the containers around the position, as far as they are read
	room  int64    // what may still be allocated for the document
}

// member is one of an object or, without a key, of an array.
type member struct {
	key   string
	value any
}

// NewReader reads from data, and takes at most memory bytes for a value's representation.
func NewReader(data []byte, memory int64) *Reader {
	r := &Reader{data: data, text: string(data), most: memory, made: make([]member, 0, 16)}
	if strings.HasPrefix(r.text, jsontext.ByteOrderMark) {
		r.next = len(jsontext.ByteOrderMark)
	}
	r.next, _ = jsontext.SkipSpace(data, r.next)
	return r
}

// More says whether there is another value, or what should be one.
func (r *Reader) More() bool { return r.next < len(r.data) }

// Next reads a value. Its error is a *[SyntaxError] or a *[LimitError].
func (r *Reader) Next() (*Document, error) {
	start := r.next
	if start >= len(r.data) {
		return nil, fault(start, "no JSON value, only white space,")
	}
	first := r.data[start]
	delimited := first == '{' || first == '[' || first == '"'
	if r.bare && !delimited {
		return nil, fault(start, "unexpected character after a number or literal")
	}
	r.room, r.depth, r.parts, r.made = r.most, 0, nil, r.made[:0]
	v, end, err := r.value(start)
	if err != nil {
		return nil, err
	}
	r.next, _ = jsontext.SkipSpace(r.data, end)
	r.bare = r.next == end && !delimited
	return &Document{Value: v, start: start, end: end, text: r.text, parts: r.parts}, nil
}

func (r *Reader) value(i int) (v any, end int, err error) {
	if i >= len(r.data) {
		return nil, i, fault(i, "unexpected end of a value")
	}
	if r.room -= 16; r.room < 0 {
		return nil, i, &LimitError{"the record has more values than there is memory for"}
	}
	what := ""
	switch c := r.data[i]; c {
	case '{':
		return r.container(i, r.object)
	case '[':
		return r.container(i, r.array)
	case '"':
		v, end, err = r.str(i)
		return v, end, err
	case 't':
		end, what = jsontext.ScanLiteral(r.data, i, "true")
		v = true
	case 'f':
		end, what = jsontext.ScanLiteral(r.data, i, "false")
		v = false
	case 'n':
		end, what = jsontext.ScanLiteral(r.data, i, "null")
	default:
		if c != '-' && !jsontext.IsDigit(c) {
			return nil, i, fault(i, "unexpected character instead of a value")
		}
		if end, what = jsontext.ScanNumber(r.data, i); what == "" {
			if end-i > maxNumber {
				return nil, i, &LimitError{"a number has more than " + strconv.Itoa(maxNumber) + " characters"}
			}
			v = number(r.text[i:end])
			r.room -= 24
		}
	}
	if what != "" {
		return nil, end, fault(end, what)
	}
	return v, end, nil
}

// number gives an integer where that is written as it was read.
func number(s string) any {
	if len(s) > 18 || s == "-0" {
		return json.Number(s)
	}
	n, negative := 0, s[0] == '-'
	digits := s
	if negative {
		digits = s[1:]
	}
	for _, c := range []byte(digits) {
		if !jsontext.IsDigit(c) {
			return json.Number(s)
		}
		n = n*10 + int(c-'0')
	}
	if negative {
		n = -n
	}
	return n
}

func (r *Reader) container(i int, read func(int) (any, int, error)) (any, int, error) {
	if r.depth++; r.depth > maxDepth {
		return nil, i, &LimitError{"values are nested more than " + strconv.Itoa(maxDepth) + " deep"}
	}
	r.room -= 64
	at := len(r.parts)
	r.parts = append(r.parts, part{start: i})
	v, end, err := read(i + 1)
	r.depth--
	if err != nil {
		return nil, end, err
	}
	p := &r.parts[at]
	p.end = end
	p.at, p.length = identity(v)
	return v, end, nil
}

// identity tells a map, slice or string from all others that are in memory. It is 0 for what is nothing of these, or empty.
func identity(v any) (at uintptr, length int) {
	switch v := v.(type) {
	case map[string]any:
		return reflect.ValueOf(v).Pointer(), 0
	case []any:
		if len(v) > 0 {
			return uintptr(unsafe.Pointer(&v[0])), len(v)
		}
	case string:
		if v != "" {
			return uintptr(unsafe.Pointer(unsafe.StringData(v))), len(v)
		}
	}
	return 0, 0
}

func (r *Reader) object(i int) (any, int, error) {
	i, _ = jsontext.SkipSpace(r.data, i)
	if i < len(r.data) && r.data[i] == '}' {
		return map[string]any{}, i + 1, nil
	}
	from := len(r.made)
	for {
		if i >= len(r.data) {
			return nil, i, fault(i, "unexpected end of an object")
		}
		if r.data[i] != '"' {
			return nil, i, fault(i, "unexpected character instead of a key")
		}
		key, end, err := r.str(i)
		if err != nil {
			return nil, end, err
		}
		if i, _ = jsontext.SkipSpace(r.data, end); i >= len(r.data) {
			return nil, i, fault(i, "unexpected end of an object")
		}
		if r.data[i] != ':' {
			return nil, i, fault(i, "unexpected character instead of : after a key")
		}
		i, _ = jsontext.SkipSpace(r.data, i+1)
		v, end, err := r.value(i)
		if err != nil {
			return nil, end, err
		}
		r.made = append(r.made, member{key, v})
		r.room -= 80
		if i, _ = jsontext.SkipSpace(r.data, end); i >= len(r.data) {
			return nil, i, fault(i, "unexpected end inside an object or array")
		}
		switch r.data[i] {
		case ',':
			i, _ = jsontext.SkipSpace(r.data, i+1)
		case '}':
			m := make(map[string]any, len(r.made)-from)
			for _, made := range r.made[from:] {
				m[made.key] = made.value // of equal keys the last one's
			}
			r.made = r.made[:from]
			return m, i + 1, nil
		default:
			return nil, i, fault(i, "unexpected character instead of , or } in an object")
		}
	}
}

func (r *Reader) array(i int) (any, int, error) {
	i, _ = jsontext.SkipSpace(r.data, i)
	if i < len(r.data) && r.data[i] == ']' {
		return []any{}, i + 1, nil
	}
	from := len(r.made)
	for {
		v, end, err := r.value(i)
		if err != nil {
			return nil, end, err
		}
		r.made = append(r.made, member{"", v})
		r.room -= 48
		if i, _ = jsontext.SkipSpace(r.data, end); i >= len(r.data) {
			return nil, i, fault(i, "unexpected end inside an object or array")
		}
		switch r.data[i] {
		case ',':
			i, _ = jsontext.SkipSpace(r.data, i+1)
		case ']':
			list := make([]any, len(r.made)-from)
			for j, made := range r.made[from:] {
				list[j] = made.value
			}
			r.made = r.made[:from]
			return list, i + 1, nil
		default:
			return nil, i, fault(i, "unexpected character instead of , or ] in an array")
		}
	}
}

func (r *Reader) str(i int) (string, int, error) {
	end, what := jsontext.ScanString(r.data, i)
	if what != "" {
		return "", end, fault(end, what)
	}
	s, escaped := unescape(r.text[i+1 : end-1])
	r.room -= 16
	if escaped {
		r.room -= int64(len(s)) + 32
		at, length := identity(s)
		r.parts = append(r.parts, part{at, length, i, end})
	}
	return s, end, nil
}
