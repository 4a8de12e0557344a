package partition

import (
	"fmt"
	"sort"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	randomExpr    = "!{firehose:random-string}"
	errorTypeExpr = "!{firehose:error-output-type}"
)

// Parse reads a prefix expression: literal text with !{timestamp:pattern}, !{firehose:random-string}, for Errors
// !{firehose:error-output-type} and WithKeys !{partitionKeyFromQuery:name} and !{partitionKeyFromLambda:name} in it. An
// empty expression is one without expressions. Patterns are those of java.time.format.DateTimeFormatter of Java 17 in its
// locale en_US, with all letters, text in single quotes and optional sections.
//
// The error is a *ParseError that lists every problem of the expression. A prefix that could evaluate to more
// than MaxLength characters is refused here, so evaluation can not fail but for partition keys.
func Parse(expr string, kind Kind, opts ...Option) (*Prefix, error) {
	p := parser{expr: expr, kind: kind, prefix: &Prefix{expr: expr, literal: expr, loc: time.UTC}}
	for _, o := range opts {
		o(p.prefix)
	}
	p.parse()
	p.checkCharacters()
	p.checkMeaning()
	if len(p.problems) > 0 {
		sort.SliceStable(p.problems, func(i, j int) bool { return p.problems[i].Offset < p.problems[j].Offset })
		return nil, &ParseError{p.problems}
	}
	p.prefix.segments, p.prefix.warnings, p.prefix.dotted = p.segments, p.findWarnings(), dottedFolder(expr)
	if p.expressions > 0 {
		p.prefix.literal = expr[:p.first]
	} else {
		p.prefix.segments = append(p.prefix.segments, implied(kind)...)
	}
	return p.prefix, nil
}

// implied is what a prefix without expressions ends with.
func implied(kind Kind) []segment {
	slash := segment{text: "/"}
	var s []segment
	if kind == Errors {
		s = append(s, segment{field: errorType}, slash)
	}
	return append(s, segment{field: 'y', style: years, width: 4}, slash, segment{field: 'M', width: 2}, slash,
		segment{field: 'd', width: 2}, slash, segment{field: 'H', width: 2}, slash)
}

// parser holds what is known of an expression while it is read.
type parser struct {
	expr        string
	kind        Kind
	prefix      *Prefix // what the options made of it
	segments    []segment
	problems    []Problem
	doubts      []Problem // what the patterns' letters are warned of
	expressions int       // how many there are, refused ones included
	first       int       // offset of the first one
	unclear     bool      // an expression was not understood, so none can be said to be missing
	reading     bool      // a pattern by itself, to read times with
}

func (p *parser) refuse(offset int, text, reason string, args ...any) {
	p.problems = append(p.problems, Problem{offset, text, fmt.Sprintf(reason, args...)})
}

func (p *parser) add(s segment) {
	p.segments = append(p.segments, s)
}

// addText adds literal text, joined to literal text before it.
func (p *parser) addText(text string, offset int) {
	if n := len(p.segments); n > 0 && p.segments[n-1].field == literal {
		p.segments[n-1].text += text
	} else if text != "" {
		p.add(segment{text: text, offset: offset})
	}
}

func (p *parser) parse() {
	at := 0
	for {
		i := strings.Index(p.expr[at:], "!{")
		if i < 0 {
			p.addText(p.expr[at:], at)
			return
		}
		p.addText(p.expr[at:at+i], at)
		at += i
		if p.expressions == 0 {
			p.first = at
		}
		p.expressions++
		body := p.expr[at+2:]
		end, next := strings.IndexByte(body, '}'), strings.Index(body, "!{")
		switch {
		case end >= 0 && (next < 0 || end < next):
			p.expression(at, body[:end])
			at += 2 + end + 1
		case next >= 0:
			p.unclosed(at, p.expr[at:at+2+next])
			at += 2 + next
		default:
			p.unclosed(at, p.expr[at:])
			return
		}
	}
}

func (p *parser) unclosed(offset int, text string) {
	p.unclear = true
	p.refuse(offset, text, `is not closed: !{ always begins an expression, %s, and } must end it`, p.allowed())
}

// expression reads what stands between !{ (at offset) and }.
func (p *parser) expression(offset int, body string) {
	whole := "!{" + body + "}"
	namespace, value, colon := strings.Cut(body, ":")
	switch {
	case colon && namespace == "timestamp":
		p.timestamp(offset, whole, value)
	case whole == randomExpr:
		p.add(segment{field: random, offset: offset})
	case whole == errorTypeExpr:
		p.add(segment{field: errorType, offset: offset})
		if p.kind == Data {
			p.refuse(offset, whole, "may only stand in an error prefix: a data prefix may contain %s", p.allowed())
		}
	case colon && (namespace == string(Query) || namespace == string(Lambda)):
		p.key(offset, whole, Key{Source(namespace), value})
	case colon && namespace == "firehose":
		p.unclear = true
		p.refuse(offset, whole, "is not known in the namespace firehose: %s may be used", p.allowed())
	default:
		p.unclear = true
		p.refuse(offset, whole, "is no known expression: %s may be used", p.allowed())
	}
}

// allowed names the expressions of the prefix's kind.
func (p *parser) allowed() string {
	switch {
	case p.kind == Errors:
		return "!{timestamp:…}, " + randomExpr + " or " + errorTypeExpr
	case p.prefix.dynamic:
		return "!{timestamp:…}, " + randomExpr + ", !{" + string(Query) + ":…} or !{" + string(Lambda) + ":…}"
	}
	return "!{timestamp:…} or " + randomExpr
}

// checkCharacters refuses what a key in S3 can not have.
func (p *parser) checkCharacters() {
	for at := 0; ; {
		i, why := badCharacter(p.expr[at:])
		if i < 0 {
			return
		}
		_, size := utf8.DecodeRuneInString(p.expr[at+i:])
		p.refuse(at+i, p.expr[at+i:at+i+size], "%s", why)
		at += i + size
	}
}

// checkMeaning applies the rules that concern the expression as a whole.
func (p *parser) checkMeaning() {
	length, types := 0, 0
	for i := range p.segments {
		s := &p.segments[i]
		if s.field == errorType {
			types++
		}
		length += p.prefix.maxRunes(s)
	}
	if p.kind == Errors && p.expressions > 0 && types == 0 && !p.unclear {
		p.refuse(0, p.expr, "has expressions but not %s: an error prefix must contain it at least once, or no expression at all", errorTypeExpr)
	}
	if n := utf8.RuneCountInString(p.expr); n > maxExpression {
		p.refuse(0, p.expr, "is %d characters long: %d are allowed", n, maxExpression)
	}
	if length > MaxLength {
		p.refuse(0, p.expr, "can become %d characters long when it is evaluated: %d are allowed", length, MaxLength)
	}
}
