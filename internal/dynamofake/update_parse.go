package dynamofake

import "strings"

// updateFunctions are the functions of SET with the number of their operands.
var updateFunctions = map[string]int{"if_not_exists": 2, "list_append": 2}

// action is one change an UpdateExpression asks for: value for SET, value.literal for ADD and DELETE.
type action struct {
	section string // SET, REMOVE, ADD or DELETE
	path    path
	value   updateOperand
}

// update is a parsed UpdateExpression.
type update []action

func (u update) paths() []path {
	out := make([]path, len(u))
	for i, a := range u {
		out[i] = a.path
	}
	return out
}

// parseUpdate reads an UpdateExpression: each of the four sections at most once, in any order.
func parseUpdate(p *parser) update {
	var u update
	seen := map[string]bool{}
	for first := true; first || p.peek().kind != tokenEnd; first = false {
		section := strings.ToUpper(p.peek().text)
		switch section {
		case "SET", "REMOVE", "ADD", "DELETE":
			p.at++
		default:
			p.unexpected()
		}
		if seen[section] {
			p.mean("The %q section can only be used once in an update expression;", section)
		}
		seen[section] = true
		u = append(u, p.action(section))
		for p.symbol(",") {
			u = append(u, p.action(section))
		}
	}
	if err := disjoint(u.paths()); err != nil {
		p.mean("%s", err.(*apiError).message)
	}
	return u
}

func (p *parser) action(section string) action {
	a := action{section: section, path: p.parsePath()}
	switch section {
	case "SET":
		p.expect("=")
		a.value = p.setValue()
	case "ADD", "DELETE":
		v := p.parseValue()
		if v.kind != "" && !v.kind.isSet() && (section == "DELETE" || v.kind != kindN) {
			p.mean("Incorrect operand type for operator or function; operator: %s, operand type: %s, "+
				"typeSet: ALLOWED_FOR_%s_OPERAND", section, longKind(v.kind), section)
		}
		a.value = literalUpdate{v}
	}
	return a
}

func longKind(k kind) string {
	return map[kind]string{kindS: "STRING", kindN: "NUMBER", kindB: "BINARY", kindBool: "BOOLEAN",
		kindNull: "NULL", kindL: "LIST", kindM: "MAP"}[k]
}

// setValue reads the right side of SET: an operand, or two with + or - between.
func (p *parser) setValue() updateOperand {
	if p.symbol("(") {
		v := p.setValue()
		p.expect(")")
		return v
	}
	left := p.setOperand()
	for _, op := range []string{"+", "-"} {
		if p.symbol(op) {
			p.operators++
			right := p.setOperand()
			p.needLiteral(op, kindN, left, right)
			return arithmeticUpdate{left, right, op == "-"}
		}
	}
	return left
}

func (p *parser) setOperand() updateOperand {
	if p.symbol("(") {
		o := p.setOperand()
		p.expect(")")
		return o
	}
	if name, ok := p.callName(); ok {
		return p.setCall(name)
	}
	if p.peek().kind == tokenValue {
		return literalUpdate{p.parseValue()}
	}
	return pathUpdate{p.parsePath()}
}

func (p *parser) setCall(name string) updateOperand {
	args := []updateOperand{p.setOperand()}
	for p.symbol(",") {
		args = append(args, p.setOperand())
	}
	p.expect(")")
	count, known := updateFunctions[name]
	switch {
	case !known && conditionFunctions[name] != 0:
		p.mean("The function is not allowed in an update expression; function: %s", name)
	case !known:
		p.mean("Invalid function name; function: %s", name)
	case len(args) != count:
		p.mean("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(args))
	case name == "list_append":
		p.needLiteral(name, kindL, args...)
		return appendUpdate{args[0], args[1]}
	default:
		at, ok := args[0].(pathUpdate)
		if !ok {
			p.mean("Operator or function requires a document path; operator or function: %s", name)
		}
		return defaultUpdate{at.path, args[1]}
	}
	return literalUpdate{}
}

func (p *parser) needLiteral(op string, want kind, operands ...updateOperand) {
	for _, o := range operands {
		if l, ok := o.(literalUpdate); ok && l.value.kind != "" && l.value.kind != want {
			p.mean("Incorrect operand type for operator or function; operator or function: %s, operand type: %s", op, l.value.kind)
		}
	}
}
