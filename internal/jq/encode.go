package jq

import (
	"encoding/json"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fewParts is how many parts of a document are searched one by one.
const fewParts = 16

// Is says whether a result is the document itself, not only equal to it.
func (d *Document) Is(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		w, ok := d.Value.(map[string]any)
		return ok && same(v, w)
	case []any:
		w, ok := d.Value.([]any)
		return ok && same(v, w)
	case string:
		w, ok := d.Value.(string)
		return ok && same(v, w)
	case nil, bool, int, json.Number:
		return v == d.Value
	}
	return false
}

func same(v, w any) bool {
	at, n := identity(v)
	bt, m := identity(w)
	return at == bt && n == m
}

// Bytes are those that the document was read from.
func (d *Document) Bytes(data []byte) []byte { return data[d.start:d.end] }

// part finds the text of a part of the document.
func (d *Document) part(v any) (string, bool) {
	if d == nil || len(d.parts) == 0 {
		return "", false
	}
	at, n := identity(v)
	if at == 0 {
		return "", false
	}
	if len(d.parts) > fewParts {
		if d.places == nil {
			d.places = make(map[uintptr]int, len(d.parts))
			for i, p := range d.parts {
				d.places[p.at] = i
			}
		}
		if i, ok := d.places[at]; ok && d.parts[i].length == n {
			return d.text[d.parts[i].start:d.parts[i].end], true
		}
		return "", false
	}
	for _, p := range d.parts {
		if p.at == at && p.length == n {
			return d.text[p.start:p.end], true
		}
	}
	return "", false
}

// encoder writes results as JSON: keys sorted, no white space, no escapes that JSON does not ask for. Parts of the
// document it writes as they were read.
type encoder struct {
	doc   *Document
	out   []byte
	limit int // of all results
	most  int // bytes that out may still have
	depth int
}

func (e *encoder) value(v any) error {
	if len(e.out) > e.most {
		return e.tooLong()
	}
	switch v := v.(type) {
	case nil:
		e.out = append(e.out, "null"...)
	case bool:
		e.out = strconv.AppendBool(e.out, v)
	case int:
		e.out = strconv.AppendInt(e.out, int64(v), 10)
	case float64:
		e.out = appendFloat(e.out, v)
	case *big.Int:
		e.out = v.Append(e.out, 10)
	case json.Number:
		e.out = append(e.out, v...)
	case string:
		if text, ok := e.doc.part(v); ok {
			return e.text(text)
		}
		if len(v) > e.most-len(e.out) {
			return e.tooLong()
		}
		e.out = appendString(e.out, v)
	case []any:
		return e.container(v, func() error { return e.array(v) })
	case map[string]any:
		return e.container(v, func() error { return e.object(v) })
	default:
		return &LimitError{"the program gave what is no JSON value"}
	}
	return nil
}

func (e *encoder) tooLong() error {
	return &LimitError{"the program made more than " + strconv.Itoa(e.limit) + " bytes of the record"}
}

func (e *encoder) text(s string) error {
	if len(s) > e.most-len(e.out) {
		return e.tooLong()
	}
	e.out = append(e.out, s...)
	return nil
}

func (e *encoder) container(v any, write func() error) error {
	if text, ok := e.doc.part(v); ok {
		return e.text(text)
	}
	if e.depth++; e.depth > maxDepth {
		return &LimitError{"the program nested values more than " + strconv.Itoa(maxDepth) + " deep"}
	}
	err := write()
	e.depth--
	return err
}

func (e *encoder) array(list []any) error {
	e.out = append(e.out, '[')
	for i, v := range list {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		if err := e.value(v); err != nil {
			return err
		}
	}
	e.out = append(e.out, ']')
	return nil
}

func (e *encoder) object(m map[string]any) error {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, strings.Compare)
	e.out = append(e.out, '{')
	for i, k := range keys {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		if len(k) > e.most-len(e.out) {
			return e.tooLong()
		}
		e.out = append(appendString(e.out, k), ':')
		if err := e.value(m[k]); err != nil {
			return err
		}
	}
	e.out = append(e.out, '}')
	return nil
}

// appendFloat writes the shortest text that reads as f again. As jq, it has no words for what JSON has none for: NaN is
// null, an infinity the greatest number.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) {
		return append(dst, "null"...)
	}
	f = min(max(f, -math.MaxFloat64), math.MaxFloat64)
	if x := math.Abs(f); x != 0 && x < 1e-6 || x >= 1e21 {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, width := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && width == 1 {
				dst = append(append(dst, s[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += width
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}

// Scalar gives a number, true, false or null as jq 1.6 prints it, but for integers, which keep all their digits.
func Scalar(v any) string {
	if n, ok := v.(json.Number); ok && strings.ContainsAny(string(n), ".eE") {
		if f, err := n.Float64(); err == nil {
			v = f
		}
	}
	e := encoder{limit: maxBits, most: maxBits}
	if e.value(v) != nil {
		return "" // no scalar is as long
	}
	return string(e.out)
}
