package firehose

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// tree evaluates an expression to a tree. What can not be evaluated becomes a reference to how it is written.
func (m *module) tree(e expression, scope map[string]cty.Value) any {
	if e == nil {
		return nil
	}
	v, ok := m.evaluate(e, scope)
	if !ok {
		return m.reference(e.source())
	}
	left := mostValues + 1
	return fromCty(v, &left)
}

// reference is what was set for something, else a reference to it.
func (m *module) reference(source string) string {
	source = strings.TrimSpace(clean(source))
	if v, ok := m.set.get(source); ok {
		return v
	}
	return unresolved(source)
}

// evaluate evaluates an expression, with references in it where values are not known. It says no where a reference
// stands where only a value helps, such as in a condition.
func (m *module) evaluate(e expression, scope map[string]cty.Value) (cty.Value, bool) {
	if m.depth > 50 {
		return cty.NilVal, false
	}
	m.depth++
	defer func() { m.depth-- }()
	root := &places{}
	for _, traversal := range e.needs() {
		if traversal.IsRelative() {
			continue
		}
		if v, ok := scope[traversal.RootName()]; ok {
			root.at(traversal[:1]).value = v
			continue
		}
		v, used := m.lookup(traversal)
		root.at(traversal[:used]).value = v
	}
	variables := make(map[string]cty.Value)
	for name, p := range root.members {
		variables[name] = p.cty()
	}
	v, diags := e.value(&hcl.EvalContext{Variables: variables, Functions: functions})
	left := mostValues
	if diags.HasErrors() || !plain(v, &left) {
		return cty.NilVal, false
	}
	return v, true
}

// mostValues bounds a value and everything in it. Values share their parts, so that few of them can stand for very many.
const mostValues = 10_000

// plain says that a value is known with all that is in it, and not too large. It counts down what is left of the bound.
func plain(v cty.Value, left *int) bool {
	if *left--; *left < 0 || v == cty.NilVal || !v.IsKnown() || v.IsMarked() {
		return false
	}
	if v.IsNull() || !v.CanIterateElements() {
		return true
	}
	for it := v.ElementIterator(); it.Next(); {
		if _, element := it.Element(); !plain(element, left) {
			return false
		}
	}
	return true
}

// places are the values that traversals lead to.
type places struct {
	value   cty.Value
	members map[string]*places
	items   map[int]*places
}

// at finds the place where a traversal leads.
func (p *places) at(traversal hcl.Traversal) *places {
	for _, step := range traversal {
		var name string
		switch step := step.(type) {
		case hcl.TraverseRoot:
			name = step.Name
		case hcl.TraverseAttr:
			name = step.Name
		case hcl.TraverseIndex:
			if step.Key.Type() == cty.Number {
				n, _ := step.Key.AsBigFloat().Int64()
				if n < 0 || n > 1000 {
					return &places{}
				}
				if p.items == nil {
					p.items = make(map[int]*places)
				}
				if p.items[int(n)] == nil {
					p.items[int(n)] = &places{}
				}
				p = p.items[int(n)]
				continue
			}
			name = keyText(step.Key)
		default:
			return p
		}
		if p.members == nil {
			p.members = make(map[string]*places)
		}
		if p.members[name] == nil {
			p.members[name] = &places{}
		}
		p = p.members[name]
	}
	return p
}

// cty makes one value of everything below a place.
func (p *places) cty() cty.Value {
	switch {
	case p.value != cty.NilVal:
		return p.value
	case p.members != nil:
		members := make(map[string]cty.Value, len(p.members))
		for name, below := range p.members {
			members[name] = below.cty()
		}
		return cty.ObjectVal(members)
	case p.items != nil:
		last := 0
		for n := range p.items {
			last = max(last, n)
		}
		items := make([]cty.Value, last+1)
		for n := range items {
			items[n] = cty.NullVal(cty.DynamicPseudoType)
			if below := p.items[n]; below != nil {
				items[n] = below.cty()
			}
		}
		return cty.TupleVal(items)
	}
	return cty.NullVal(cty.DynamicPseudoType)
}

// fromCty makes a tree of a value. It counts down what is left of a bound on its size.
func fromCty(v cty.Value, left *int) any {
	if *left--; *left <= 0 || v == cty.NilVal || v.IsNull() || !v.IsKnown() || v.IsMarked() {
		return nil
	}
	kind := v.Type()
	switch {
	case kind == cty.String:
		return limited(v.AsString())
	case kind == cty.Number:
		if n, exact := v.AsBigFloat().Int64(); exact == big.Exact {
			return strconv.FormatInt(n, 10)
		}
		return v.AsBigFloat().Text('g', 17)
	case kind == cty.Bool:
		return truth(v.True())
	case kind.IsObjectType() || kind.IsMapType():
		out := make(map[string]any)
		for it := v.ElementIterator(); it.Next(); {
			key, value := it.Element()
			out[key.AsString()] = fromCty(value, left)
		}
		return out
	case v.CanIterateElements():
		out := []any{}
		for it := v.ElementIterator(); it.Next(); {
			_, value := it.Element()
			out = append(out, fromCty(value, left))
		}
		return out
	}
	return nil
}

// limited is a text, or a reference where it grew too long.
func limited(text string) string { return bounded(text, "a text that grew too long") }
