package dynamofake

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// step is one step of a document path: into a map by name, or into a list by index.
type step struct {
	name  string
	index int // when name is ""
}

func (s step) String() string {
	if s.name == "" {
		return "[" + strconv.Itoa(s.index) + "]"
	}
	return s.name
}

// path is a document path; its first step is a top-level attribute.
type path []step

// String writes a path as DynamoDB does in its errors: [a, b, [0]].
func (p path) String() string {
	parts := make([]string, len(p))
	for i, s := range p {
		parts[i] = s.String()
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func comparePaths(a, b path) int {
	return slices.CompareFunc(a, b, func(x, y step) int {
		return cmp.Or(strings.Compare(x.name, y.name), cmp.Compare(x.index, y.index))
	})
}

// into follows one step.
func (v value) into(s step) (value, bool) {
	if s.name != "" {
		e, ok := v.m[s.name]
		return e, ok && v.kind == kindM
	}
	if v.kind != kindL || s.index >= len(v.list) {
		return value{}, false
	}
	return v.list[s.index], true
}

// lookup finds what p leads to in an item.
func lookup(it item, p path) (value, bool) {
	v := value{kind: kindM, m: it}
	for _, s := range p {
		var ok bool
		if v, ok = v.into(s); !ok {
			return value{}, false
		}
	}
	return v, true
}

// assign returns v with *to at p, or with nothing there when to is nil; v itself stays as it is. ok is false
// when the way to p does not exist. An index behind a list's end appends.
func assign(v value, p path, to *value) (_ value, ok bool) {
	s := p[0]
	if s.name != "" && v.kind != kindM || s.name == "" && v.kind != kindL {
		return v, false
	}
	old, found := v.into(s)
	if len(p) > 1 {
		if !found {
			return v, false
		}
		inner, ok := assign(old, p[1:], to)
		if !ok {
			return v, false
		}
		to = &inner
	}
	switch {
	case to == nil && !found:
	case s.name != "":
		v.m = maps.Clone(v.m)
		if to == nil {
			delete(v.m, s.name)
		} else {
			v.m[s.name] = *to
		}
	case to == nil:
		v.list = slices.Delete(slices.Clone(v.list), s.index, s.index+1)
	case found:
		v.list = slices.Clone(v.list)
		v.list[s.index] = *to
	default:
		v.list = append(slices.Clip(v.list), *to)
	}
	return v, true
}

// project keeps of a value what the paths lead to; list elements close ranks in their order.
func project(v value, paths []path) (value, bool) {
	groups := map[step][]path{}
	for _, p := range paths {
		if len(p) == 0 {
			return v, true
		}
		groups[p[0]] = append(groups[p[0]], p[1:])
	}
	steps := slices.SortedFunc(maps.Keys(groups), func(a, b step) int { return cmp.Compare(a.index, b.index) })
	out := value{kind: v.kind}
	if v.kind == kindM {
		out.m = item{}
	}
	found := false
	for _, s := range steps {
		e, ok := v.into(s)
		if !ok {
			continue
		}
		if e, ok = project(e, groups[s]); !ok {
			continue
		}
		found = true
		if s.name != "" {
			out.m[s.name] = e
		} else {
			out.list = append(out.list, e)
		}
	}
	return out, found
}

// projectItem applies a projection to an item; no paths keep all of it.
func projectItem(it item, paths []path) item {
	if paths == nil {
		return it
	}
	v, ok := project(value{kind: kindM, m: it}, paths)
	if !ok {
		return item{}
	}
	return v.m
}

// disjoint refuses paths of which one contains another, or which can not be in one document.
func disjoint(paths []path) error {
	for j := range paths {
		for i := range paths[:j] {
			a, b := paths[i], paths[j]
			n := 0
			for n < len(a) && n < len(b) && a[n] == b[n] {
				n++
			}
			word := ""
			switch {
			case n == len(a) || n == len(b):
				word = "overlap"
			case (a[n].name == "") != (b[n].name == ""):
				word = "conflict"
			default:
				continue
			}
			return invalid("Two document paths %s with each other; must remove or rewrite one of these paths; "+
				"path one: %s, path two: %s", word, a, b)
		}
	}
	return nil
}
