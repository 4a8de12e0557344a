package parquet

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how many types may lie in each other. Shredding recurses that deep and no deeper, whatever a record
// holds, and the levels of a Parquet column fit their byte.
const maxDepth = 50

// typeError is a problem in the text of a type.
type typeError struct {
	at   int // the position in the text, from 1, in bytes
	what string
}

func (e *typeError) Error() string { return fmt.Sprintf("at position %d: %s", e.at, e.what) }

// parseType reads a type of Hive's data definition language, such as "struct<a:int, b:array<varchar(20)>>", in any case
// and with any white space between its words. A name in a struct may stand in back quotes.
func parseType(text string) (*hiveType, error) {
	p := &typeParser{text: text}
	t, err := p.parse(1)
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(text) {
		return nil, p.errorf(p.at, "unexpected %s after %s", p.here(), t)
	}
	return t, nil
}

type typeParser struct {
	text string
	at   int
}

func (p *typeParser) errorf(at int, format string, args ...any) error {
	return &typeError{at + 1, fmt.Sprintf(format, args...)}
}

func (p *typeParser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// here describes what stands at the current position.
func (p *typeParser) here() string {
	if p.at >= len(p.text) {
		return "end"
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.at:])
	return strconv.QuoteRune(r)
}

// take passes c if it comes next, after white space.
func (p *typeParser) take(c byte) bool {
	if p.space(); p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *typeParser) expect(c byte, why string) error {
	if !p.take(c) {
		return p.errorf(p.at, "%s instead of %q %s", p.here(), c, why)
	}
	return nil
}

// word reads letters, digits and underscores, in lower case.
func (p *typeParser) word() string {
	p.space()
	start := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c|0x20 < 'a' || c|0x20 > 'z' {
			if c != '_' && (c < '0' || c > '9') {
				break
			}
		}
		p.at++
	}
	return strings.ToLower(p.text[start:p.at])
}

func (p *typeParser) parse(depth int) (*hiveType, error) {
	p.space()
	start := p.at
	if depth > maxDepth {
		return nil, p.errorf(start, "more than %d types in each other; keep the inner value as a string, which takes any JSON", maxDepth)
	}
	word := p.word()
	switch word {
	case "":
		return nil, p.errorf(start, "%s instead of a type", p.here())
	case "decimal", "numeric", "dec":
		return p.decimal(start)
	case "char":
		return p.sized(word, 255)
	case "varchar":
		return p.sized(word, 65535)
	case "array":
		return p.array(depth)
	case "map":
		return p.mapping(depth)
	case "struct":
		return p.structure(depth)
	case "double":
		after := p.at
		if p.word() != "precision" {
			p.at = after
		}
	}
	if t, known := simple[word]; known {
		return &t, nil
	}
	if better, ok := instead[word]; ok {
		return nil, p.errorf(start, "%s is no type that a column can have; write %s", word, better)
	}
	return nil, p.errorf(start, "unknown type %q; there are %s", clip(word, 40), knownTypes)
}

func (p *typeParser) number() (n, at int, err error) {
	p.space()
	at = p.at
	for p.at < len(p.text) && '0' <= p.text[p.at] && p.text[p.at] <= '9' {
		p.at++
	}
	if n, err = strconv.Atoi(p.text[at:p.at]); err != nil {
		return 0, at, p.errorf(at, "%s instead of a number", p.here())
	}
	return n, at, nil
}

func (p *typeParser) decimal(start int) (*hiveType, error) {
	t := &hiveType{kind: decimal, name: "decimal", precision: 10}
	if !p.take('(') {
		return t, nil
	}
	n, at, err := p.number()
	if err != nil {
		return nil, err
	}
	if n < 1 || n > 38 {
		return nil, p.errorf(at, "decimal with a precision of %d; it is 1 to 38", n)
	}
	t.precision = n
	if p.take(',') {
		if n, at, err = p.number(); err != nil {
			return nil, err
		}
		if n > t.precision {
			return nil, p.errorf(at, "decimal with a scale of %d; it is at most the precision, %d", n, t.precision)
		}
		t.scale = n
	}
	return t, p.expect(')', "after the decimal's precision and scale")
}

func (p *typeParser) sized(name string, limit int) (*hiveType, error) {
	if err := p.expect('(', fmt.Sprintf("and a length of 1 to %d after %s; without a length write string", limit, name)); err != nil {
		return nil, err
	}
	n, at, err := p.number()
	if err != nil {
		return nil, err
	}
	if n < 1 || n > limit {
		return nil, p.errorf(at, "%s with a length of %d; it is 1 to %d", name, n, limit)
	}
	return &hiveType{kind: text, name: name, length: n}, p.expect(')', "after the length")
}

func (p *typeParser) array(depth int) (*hiveType, error) {
	if err := p.expect('<', "and the type of the elements after array"); err != nil {
		return nil, err
	}
	elem, err := p.parse(depth + 1)
	if err != nil {
		return nil, err
	}
	return &hiveType{kind: list, name: "array", elem: elem}, p.expect('>', "after the type of the elements")
}

func (p *typeParser) mapping(depth int) (*hiveType, error) {
	if err := p.expect('<', "and the types of keys and values after map"); err != nil {
		return nil, err
	}
	p.space()
	at := p.at
	key, err := p.parse(depth + 1)
	if err != nil {
		return nil, err
	}
	if key.kind != text {
		return nil, p.errorf(at, "map with keys of type %s; JSON has only string keys, write map<string,…>", key)
	}
	if err := p.expect(',', "and the type of the values after the map's keys"); err != nil {
		return nil, err
	}
	elem, err := p.parse(depth + 1)
	if err != nil {
		return nil, err
	}
	return &hiveType{kind: mapping, name: "map", key: key, elem: elem}, p.expect('>', "after the type of the values")
}

func (p *typeParser) structure(depth int) (*hiveType, error) {
	if err := p.expect('<', "and fields as name:type after struct"); err != nil {
		return nil, err
	}
	t := &hiveType{kind: structure, name: "struct"}
	first := map[string]string{}
	for {
		f, err := p.field(depth, first)
		if err != nil {
			return nil, err
		}
		t.fields = append(t.fields, f)
		if !p.take(',') {
			return t, p.expect('>', "or ',' after a field of the struct")
		}
	}
}

func (p *typeParser) field(depth int, first map[string]string) (f typeField, err error) {
	p.space()
	start := p.at
	if p.take('`') {
		end := strings.IndexByte(p.text[p.at:], '`')
		if end < 0 {
			return f, p.errorf(start, "back quote without its end")
		}
		f.key = p.text[p.at : p.at+end]
		p.at += end + 1
	} else {
		for p.at < len(p.text) && strings.IndexByte(":<>,() \t\r\n`", p.text[p.at]) < 0 {
			p.at++
		}
		f.key = p.text[start:p.at]
	}
	if problem := nameProblem(f.key); problem != "" {
		return f, p.errorf(start, "field name %s", problem)
	}
	f.name = strings.ToLower(f.key)
	if other, twice := first[f.name]; twice {
		return f, p.errorf(start, "fields %s and %s have the same name, since names are compared without case; rename one", other, f.key)
	}
	first[f.name] = f.key
	if err := p.expect(':', "between the field's name and its type"); err != nil {
		return f, err
	}
	f.typ, err = p.parse(depth + 1)
	return f, err
}
