package dynamofake

// condition is a parsed ConditionExpression or FilterExpression.
type condition interface {
	holds(item) bool
}

// operand is what a comparison or a function works on; ok is false when the item has no such value.
type operand interface {
	eval(item) (v value, ok bool)
}

type (
	pathOperand  struct{ path path }
	valueOperand struct{ value value }
	sizeOperand  struct{ of operand }
)

func (o pathOperand) eval(it item) (value, bool) { return lookup(it, o.path) }
func (o valueOperand) eval(item) (value, bool)   { return o.value, true }

func (o sizeOperand) eval(it item) (value, bool) {
	v, ok := o.of.eval(it)
	if !ok {
		return value{}, false
	}
	n, ok := size(v)
	return number(n), ok
}

type (
	andCondition     struct{ left, right condition }
	orCondition      struct{ left, right condition }
	notCondition     struct{ of condition }
	compareCondition struct {
		op          string
		left, right operand
	}
	betweenCondition struct{ of, low, high operand }
	inCondition      struct {
		of   operand
		list []operand
	}
	callCondition struct {
		name string
		args []operand
	}
)

func (c andCondition) holds(it item) bool { return c.left.holds(it) && c.right.holds(it) }
func (c orCondition) holds(it item) bool  { return c.left.holds(it) || c.right.holds(it) }
func (c notCondition) holds(it item) bool { return !c.of.holds(it) }

func (c compareCondition) holds(it item) bool {
	a, okA := c.left.eval(it)
	b, okB := c.right.eval(it)
	both := okA && okB
	switch c.op {
	case "=":
		return both && equal(a, b)
	case "<>": // true where an operand does not exist
		return !both || !equal(a, b)
	}
	order, ok := compare(a, b)
	if !both || !ok {
		return false
	}
	switch c.op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

func (c betweenCondition) holds(it item) bool {
	return compareCondition{">=", c.of, c.low}.holds(it) && compareCondition{"<=", c.of, c.high}.holds(it)
}

func (c inCondition) holds(it item) bool {
	for _, o := range c.list {
		if (compareCondition{"=", c.of, o}).holds(it) {
			return true
		}
	}
	return false
}

func (c callCondition) holds(it item) bool {
	first, ok := c.args[0].eval(it)
	switch c.name {
	case "attribute_exists":
		return ok
	case "attribute_not_exists":
		return !ok
	}
	second, ok2 := c.args[1].eval(it)
	if !ok || !ok2 {
		return false
	}
	switch c.name {
	case "attribute_type":
		return string(first.kind) == second.s
	case "begins_with":
		return first.kind == second.kind && (first.kind == kindS || first.kind == kindB) &&
			len(first.s) >= len(second.s) && first.s[:len(second.s)] == second.s
	}
	return contains(first, second)
}
