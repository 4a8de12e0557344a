package dynamofake

// conditionFunctions are the functions of conditions with the number of their operands.
var conditionFunctions = map[string]int{"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2,
	"begins_with": 2, "contains": 2, "size": 1}

// literalKind is the type of an operand that does not depend on the item, or "".
func literalKind(o operand) kind {
	switch o := o.(type) {
	case valueOperand:
		return o.value.kind
	case sizeOperand:
		return kindN
	}
	return ""
}

// needKind refuses literal operands of a type the operator or function can not take.
func (p *parser) needKind(op string, fits func(kind) bool, operands ...operand) {
	for _, o := range operands {
		if k := literalKind(o); k != "" && !fits(k) {
			p.mean("Incorrect operand type for operator or function; operator or function: %s, operand type: %s", op, k)
		}
	}
}

// distinct refuses a path that is compared with itself.
func (p *parser) distinct(op string, first operand, rest ...operand) {
	a, ok := first.(pathOperand)
	if !ok {
		return
	}
	for _, o := range rest {
		if b, ok := o.(pathOperand); ok && comparePaths(a.path, b.path) == 0 {
			p.mean("The first operand must be distinct from the remaining operands for this operator or function; "+
				"operator: %s, first operand: %s", op, a.path)
		}
	}
}

// bounds refuses literal bounds of BETWEEN that no value can be between.
func (p *parser) bounds(low, high operand) {
	a, ok := low.(valueOperand)
	b, ok2 := high.(valueOperand)
	if !ok || !ok2 || a.value.kind == "" || b.value.kind == "" {
		return
	}
	need := ""
	order, same := compare(a.value, b.value)
	switch {
	case !same:
		need = "same data type for lower and upper bounds"
	case order > 0:
		need = "upper bound to be greater than or equal to lower bound"
	default:
		return
	}
	p.mean("The BETWEEN operator requires %s; lower bound operand: AttributeValue: {%s:%s}, "+
		"upper bound operand: AttributeValue: {%s:%s}", need, a.value.kind, a.value.s, b.value.kind, b.value.s)
}

// checkCall refuses operands that a function can not take.
func (p *parser) checkCall(name string, args []operand) {
	switch name {
	case "attribute_exists", "attribute_not_exists":
		if _, ok := args[0].(pathOperand); !ok {
			p.mean("Operator or function requires a document path; operator or function: %s", name)
		}
	case "attribute_type":
		p.distinct(name, args[0], args[1])
		v, ok := args[1].(valueOperand)
		switch {
		case !ok:
			p.mean("Incorrect operand type for operator or function; operator or function: %s, operand type: path", name)
		case v.value.kind != kindS && v.value.kind != "":
			p.needKind(name, func(kind) bool { return false }, v)
		case v.value.kind == kindS && !isKind(v.value.s):
			p.mean("Invalid attribute type name found; type: %s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}", v.value.s)
		}
	case "begins_with":
		p.needKind(name, func(k kind) bool { return k == kindS || k == kindB }, args...)
		p.distinct(name, args[0], args[1])
	case "contains":
		p.distinct(name, args[0], args[1])
	case "size":
		p.needKind(name, func(k kind) bool { return k != kindN && k != kindBool && k != kindNull }, args...)
	}
}

func isKind(s string) bool {
	switch kind(s) {
	case kindS, kindN, kindB, kindBool, kindNull, kindSS, kindNS, kindBS, kindL, kindM:
		return true
	}
	return false
}
