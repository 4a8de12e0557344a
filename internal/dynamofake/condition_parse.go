package dynamofake

import "strconv"

func number(n int) value { return value{kind: kindN, s: strconv.Itoa(n)} }

// term is what the grammar of conditions is made of before it is known whether it is an operand or a
// condition, since both may stand in parentheses. One of cond and op is set.
type term struct {
	cond   condition
	op     operand
	call   string // the function, when the term is a bare call
	parens bool
}

// parseCondition reads a ConditionExpression or a FilterExpression.
func parseCondition(p *parser) condition { return p.condition(p.or()) }

// condition refuses a term that is an operand where a condition must stand.
func (p *parser) condition(t term) condition {
	if t.cond != nil {
		return t.cond
	}
	if t.call == "" {
		p.unexpected()
	}
	p.mean("The function is not allowed to be used this way in an expression; function: %s", t.call)
	return notCondition{}
}

func (p *parser) or() term {
	left := p.and()
	for p.peek().kind == tokenWord {
		if left.cond == nil && left.call == "" || !p.keyword("OR") {
			break
		}
		p.operators++
		a := p.condition(left)
		left = term{cond: orCondition{a, p.condition(p.and())}}
	}
	return left
}

func (p *parser) and() term {
	left := p.not()
	for p.peek().kind == tokenWord {
		if left.cond == nil && left.call == "" || !p.keyword("AND") {
			break
		}
		p.operators++
		a := p.condition(left)
		left = term{cond: andCondition{a, p.condition(p.not())}}
	}
	return left
}

func (p *parser) not() term {
	if p.keyword("NOT") {
		p.operators++
		return term{cond: notCondition{p.condition(p.not())}}
	}
	return p.comparison()
}

var comparators = map[string]bool{"=": true, "<>": true, "<": true, "<=": true, ">": true, ">=": true}

func (p *parser) comparison() term {
	left := p.term()
	if left.cond != nil && left.call == "" {
		return left
	}
	t := p.peek()
	switch {
	case t.kind == tokenSymbol && comparators[t.text]:
		p.at++
		p.operators++
		c := compareCondition{t.text, p.leftOperand(left), p.operand()}
		if t.text != "=" && t.text != "<>" {
			p.needKind(t.text, kind.ordered, c.left, c.right)
		}
		p.distinct(t.text, c.left, c.right)
		return term{cond: c}
	case p.keyword("BETWEEN"):
		p.operators++
		c := betweenCondition{of: p.leftOperand(left), low: p.operand()}
		if !p.keyword("AND") {
			p.unexpected()
		}
		c.high = p.operand()
		p.needKind("BETWEEN", kind.ordered, c.of, c.low, c.high)
		p.distinct("BETWEEN", c.of, c.low, c.high)
		p.bounds(c.low, c.high)
		return term{cond: c}
	case p.keyword("IN"):
		p.operators++
		c := inCondition{of: p.leftOperand(left)}
		p.expect("(")
		c.list = p.operands()
		if len(c.list) > maxInOperands {
			p.mean("The IN operator is provided with too many operands; number of operands: %d", len(c.list))
		}
		p.distinct("IN", c.of, c.list...)
		return term{cond: c}
	}
	return left
}

func (p *parser) leftOperand(t term) operand {
	if t.op == nil {
		p.mean("The function is not allowed to be used this way in an expression; function: %s", t.call)
		return valueOperand{}
	}
	return t.op
}

// term reads a parenthesised term, a call, a path or a value.
func (p *parser) term() term {
	if p.symbol("(") {
		t := p.or()
		if t.parens {
			p.mean("The expression has redundant parentheses;")
		}
		p.expect(")")
		t.parens = true
		if t.cond != nil {
			t.call = ""
		}
		return t
	}
	if name, ok := p.callName(); ok {
		return p.call(name)
	}
	return term{op: p.operand()}
}

// operand reads a path, a value, or size(…), in parentheses or not.
func (p *parser) operand() operand {
	if p.symbol("(") {
		o := p.operand()
		p.expect(")")
		return o
	}
	if name, ok := p.callName(); ok {
		return p.leftOperand(p.call(name))
	}
	if p.peek().kind == tokenValue {
		return valueOperand{p.parseValue()}
	}
	return pathOperand{p.parsePath()}
}

// operands reads a list of operands and the parenthesis that ends it.
func (p *parser) operands() []operand {
	list := []operand{p.operand()}
	for p.symbol(",") {
		list = append(list, p.operand())
	}
	p.expect(")")
	return list
}

func (p *parser) call(name string) term {
	args := p.operands()
	count, known := conditionFunctions[name]
	switch {
	case !known && updateFunctions[name] != 0:
		p.mean("The function is not allowed in a condition expression; function: %s", name)
	case !known:
		p.mean("Invalid function name; function: %s", name)
	case len(args) != count:
		p.mean("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(args))
	default:
		p.checkCall(name, args)
		if name == "size" {
			return term{op: sizeOperand{args[0]}, call: name}
		}
		return term{cond: callCondition{name, args}, call: name}
	}
	return term{cond: notCondition{}, call: name}
}
