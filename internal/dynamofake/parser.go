package dynamofake

import (
	"strconv"
	"strings"
)

// parser is the common part of the parsers of conditions, updates and projections: recursive descent over
// tokens. Syntax errors end the parse; errors of meaning (a reserved word, a placeholder that is not
// defined, operands that do not fit) are kept until the syntax is known to be right, and the first is reported.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
type parser struct {
	src       string
	tokens    []token
	at        int
	scope     *scope
	operators int
	meaning   error
}

// syntaxError travels up the descent by panic and is caught in parse.
type syntaxError struct{ error }

// parse runs one of the grammars over an expression and gives every error the expression's kind as a prefix.
func parse[T any](label, src string, sc *scope, grammar func(*parser) T) (out T, err error) {
	defer func() {
		if e, ok := err.(*apiError); ok {
			err = invalid("Invalid %s: %s", label, e.message)
		}
	}()
	if src == "" {
		return out, invalid("The expression can not be empty;")
	}
	if len(src) > maxExpressionBytes {
		return out, invalid("Expression size has exceeded the maximum allowed size; expression size: %d", len(src))
	}
	p := &parser{src: src, tokens: lex(src), scope: sc}
	defer func() {
		if r := recover(); r != nil {
			s, ok := r.(syntaxError)
			if !ok {
				panic(r)
			}
			err = s.error
		}
	}()
	out = grammar(p)
	if p.peek().kind != tokenEnd {
		p.unexpected()
	}
	if p.operators > maxOperators {
		p.mean("The expression contains too many operators; operator count: %d", maxOperators+1)
	}
	return out, p.meaning
}

func (p *parser) peek() token { return p.tokens[p.at] }

// unexpected refuses the current token.
func (p *parser) unexpected() {
	t := p.peek()
	from, to := 0, len(p.src)
	if p.at > 0 {
		from = p.tokens[p.at-1].start
	} else if t.kind != tokenEnd {
		from = t.start
	}
	if p.at+1 < len(p.tokens) && p.tokens[p.at+1].kind != tokenEnd {
		to = p.tokens[p.at+1].end
	} else if t.kind != tokenEnd {
		to = t.end
	}
	panic(syntaxError{invalid(`Syntax error; token: "%s", near: "%s"`, t.text, p.src[from:to])})
}

// mean keeps an error of meaning.
func (p *parser) mean(format string, args ...any) {
	if p.meaning == nil {
		p.meaning = invalid(format, args...)
	}
}

func (p *parser) symbol(s string) bool {
	t := p.peek()
	if t.kind == tokenSymbol && t.text == s {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(s string) {
	if !p.symbol(s) {
		p.unexpected()
	}
}

func (p *parser) keyword(w string) bool {
	t := p.peek()
	if t.kind == tokenWord && strings.EqualFold(t.text, w) {
		p.at++
		return true
	}
	return false
}

// grammarWords can not be attribute names because the grammar needs them; other reserved words are refused
// for their meaning.
var grammarWords = map[string]bool{"AND": true, "OR": true, "NOT": true, "IN": true, "BETWEEN": true,
	"SET": true, "ADD": true, "DELETE": true, "REMOVE": true}

// callName reports whether a function call starts here, and consumes its name and parenthesis.
func (p *parser) callName() (string, bool) {
	t := p.peek()
	if t.kind != tokenWord || grammarWords[strings.ToUpper(t.text)] {
		return "", false
	}
	if n := p.tokens[p.at+1]; n.kind != tokenSymbol || n.text != "(" {
		return "", false
	}
	p.at += 2
	return t.text, true
}

// parsePath reads a document path.
func (p *parser) parsePath() path {
	out := path{p.pathName()}
	for {
		switch {
		case p.symbol("."):
			out = append(out, p.pathName())
		case p.symbol("["):
			t := p.peek()
			if t.kind != tokenNumber {
				p.unexpected()
			}
			p.at++
			n, err := strconv.ParseInt(t.text, 10, 32)
			if err != nil {
				p.mean("List index is not within the allowable range; index: [%s]", t.text)
			}
			out = append(out, step{index: int(n)})
			p.expect("]")
		default:
			if len(out) > maxNesting {
				p.mean("The document path has too many nesting levels; nesting levels: %d", len(out))
			}
			return out
		}
	}
}

func (p *parser) pathName() step {
	t := p.peek()
	switch {
	case t.kind == tokenName:
		p.at++
		p.scope.usedNames[t.text] = true
		name, ok := p.scope.names[t.text]
		if !ok {
			p.mean("An expression attribute name used in the document path is not defined; attribute name: %s", t.text)
		}
		return step{name: name}
	case t.kind == tokenWord && !grammarWords[strings.ToUpper(t.text)]:
		p.at++
		if isReserved(t.text) {
			p.mean("Attribute name is a reserved keyword; reserved keyword: %s", t.text)
		}
		return step{name: t.text}
	}
	p.unexpected()
	return step{}
}

// parseValue reads a :placeholder that must stand here.
func (p *parser) parseValue() value {
	t := p.peek()
	if t.kind != tokenValue {
		p.unexpected()
	}
	p.at++
	p.scope.usedValues[t.text] = true
	v, ok := p.scope.values[t.text]
	if !ok {
		p.mean("An expression attribute value used in expression is not defined; attribute value: %s", t.text)
	}
	return v
}

// parseProjection reads a ProjectionExpression.
func parseProjection(p *parser) []path {
	paths := []path{p.parsePath()}
	for p.symbol(",") {
		paths = append(paths, p.parsePath())
	}
	if err := disjoint(paths); err != nil {
		p.mean("%s", err.(*apiError).message)
	}
	return paths
}
