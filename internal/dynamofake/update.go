package dynamofake

import "slices"

// updateOperand is a part of the right side of SET; it sees the item as it was before the update.
type updateOperand interface {
	compute(item) (value, error)
}

type (
	literalUpdate    struct{ value value }
	pathUpdate       struct{ path path }
	arithmeticUpdate struct {
		left, right updateOperand
		minus       bool
	}
	appendUpdate  struct{ left, right updateOperand }
	defaultUpdate struct { // if_not_exists
		path path
		or   updateOperand
	}
)

func noSuchAttribute() error {
	return invalid("The provided expression refers to an attribute that does not exist in the item")
}

func wrongOperand() error {
	return invalid("An operand in the update expression has an incorrect data type")
}

func (o literalUpdate) compute(item) (value, error) { return o.value, nil }

func (o pathUpdate) compute(it item) (value, error) {
	v, ok := lookup(it, o.path)
	if !ok {
		return v, noSuchAttribute()
	}
	return v, nil
}

func both(it item, a, b updateOperand, want kind) (x, y value, err error) {
	if x, err = a.compute(it); err != nil {
		return
	}
	if y, err = b.compute(it); err != nil {
		return
	}
	if x.kind != want || y.kind != want {
		err = wrongOperand()
	}
	return
}

func (o arithmeticUpdate) compute(it item) (value, error) {
	x, y, err := both(it, o.left, o.right, kindN)
	if err != nil {
		return x, err
	}
	s, err := sum(x.s, y.s, o.minus)
	return value{kind: kindN, s: s}, err
}

func (o appendUpdate) compute(it item) (value, error) {
	x, y, err := both(it, o.left, o.right, kindL)
	return value{kind: kindL, list: slices.Concat(x.list, y.list)}, err
}

func (o defaultUpdate) compute(it item) (value, error) {
	if v, ok := lookup(it, o.path); ok {
		return v, nil
	}
	return o.or.compute(it)
}

// change is what an action comes to: a new value at a path, or none.
type change struct {
	path path
	to   *value
}

// apply makes the updated item. All values come from the item before the update; appends to one list are
// made in the order of their indexes; removals use the indexes from before the update.
func (u update) apply(old item) (item, error) {
	var sets, removes []change
	for _, a := range u {
		c, err := a.change(old)
		if err != nil {
			return nil, err
		}
		if _, ok := lookup(old, a.path[:len(a.path)-1]); !ok {
			return nil, invalidPath()
		}
		if c.to != nil {
			sets = append(sets, c)
		} else if _, ok := lookup(old, a.path); ok {
			removes = append(removes, c)
		} else if _, ok := assign(value{kind: kindM, m: old}, a.path, nil); !ok {
			return nil, invalidPath()
		}
	}
	slices.SortStableFunc(sets, func(a, b change) int { return comparePaths(a.path, b.path) })
	slices.SortStableFunc(removes, func(a, b change) int { return comparePaths(b.path, a.path) })
	v := value{kind: kindM, m: old}
	for _, c := range slices.Concat(sets, removes) {
		var ok bool
		if v, ok = assign(v, c.path, c.to); !ok {
			return nil, invalidPath()
		}
	}
	return v.m, nil
}

func invalidPath() error {
	return invalid("The document path provided in the update expression is invalid for update")
}

func (a action) change(old item) (change, error) {
	if a.section == "REMOVE" {
		return change{path: a.path}, nil
	}
	v, err := a.value.compute(old)
	if err != nil {
		return change{}, err
	}
	have, found := lookup(old, a.path)
	switch {
	case a.section == "SET":
	case !found && a.section == "DELETE":
		return change{path: a.path}, nil
	case !found:
	case have.kind != v.kind:
		return change{}, wrongOperand()
	case a.section == "DELETE":
		left := slices.DeleteFunc(slices.Clone(have.set), func(s string) bool { return slices.Contains(v.set, s) })
		if len(left) == 0 {
			return change{path: a.path}, nil
		}
		v.set = left
	case v.kind == kindN:
		s, err := sum(have.s, v.s, false)
		if err != nil {
			return change{}, err
		}
		v = value{kind: kindN, s: s}
	default:
		all := slices.Concat(have.set, v.set)
		sortSet(v.kind, all)
		v.set = slices.Compact(all)
	}
	return change{a.path, &v}, nil
}
