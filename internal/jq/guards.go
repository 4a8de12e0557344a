package jq

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/itchyny/gojq"
)

// guards puts functions of ours before what natives.go names. Where the program has a function of the same name and count
// of arguments, it means that.
type guards struct {
	own  map[string]bool // the program's functions, as name/arguments
	used map[string]bool // functions that it calls
}

// before are the functions that guard the input of others, by what they guard.
var before = map[string]string{
	"tojson/0": "small", "tostring/0": "small", "format/1": "small", "flatten/0": "small", "flatten/1": "small", "add/0": "small",
	"sort/0": "small", "unique/0": "small", "min/0": "small", "max/0": "small", "contains/1": "small", "inside/1": "small",
	"sort_by/1": "small", "unique_by/1": "small", "group_by/1": "small", "min_by/1": "small", "max_by/1": "small", "bsearch/1": "small",
	"delpaths/1": "small", "del/1": "small", "map_values/1": "small", "walk/1": "small", "pick/1": "small", "transpose/0": "table", "explode/0": "narrow", "implode/0": "small", "tonumber/0": "short",
	"strptime/1": "short", "todate/0": "short", "fromdate/0": "short", "ascii_downcase/0": "small", "ascii_upcase/0": "small",
}

// within are those that guard what a function's first argument gives; their own input is the function's.
var within = map[string]string{
	"sort_by/1": "small", "unique_by/1": "small", "group_by/1": "small", "min_by/1": "small", "max_by/1": "small", "bsearch/1": "small",
	"contains/1": "small", "inside/1": "small", "INDEX/1": "small", "INDEX/2": "small", "IN/1": "small", "IN/2": "small",
	"setpath/2": "path", "getpath/1": "path", "fromstream/1": "event", "strftime/1": "short", "strflocaltime/1": "short", "strptime/1": "short",
}

// argument are those that take a function's input and its argument, and give the argument.
var argument = map[string]string{"join/1": "joint", "index/1": "needle", "rindex/1": "needle", "indices/1": "needle", "split/1": "cuts"}

// refused are functions that records must not reach, or that take time without end.
var refused = map[string]string{
	"env/0": "the environment is not for records", "$ENV/0": "the environment is not for records",
	"input/0": "each record is a program's only input", "inputs/0": "each record is a program's only input",
	"debug/0": "there is nobody to read it", "debug/1": "there is nobody to read it", "stderr/0": "there is nobody to read it",
	"input_filename/0": "records come from no file", "input_line_number/0": "records come from no file",
	"modulemeta/0": "there are no modules", "jn/2": "it takes too long", "yn/2": "it takes too long",
}

func (g *guards) find(q *gojq.Query) error {
	g.own, g.used = map[string]bool{}, map[string]bool{}
	return g.walk(q, func(q *gojq.Query) {
		for _, f := range q.FuncDefs {
			g.own[call(f.Name, len(f.Args))] = true
			for _, a := range f.Args {
				g.own[call(a, 0)] = true
			}
		}
	}, nil)
}

func call(name string, args int) string { return name + "/" + strconv.Itoa(args) }

// native is a query that calls one of natives.
func native(name string, args ...*gojq.Query) *gojq.Query {
	return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: "_standpipe_" + name, Args: args}}}
}

func pipe(l, r *gojq.Query) *gojq.Query { return &gojq.Query{Left: l, Op: gojq.OpPipe, Right: r} }

func paren(q *gojq.Query) *gojq.Query {
	return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeQuery, Query: q}}
}

// guarded is q with a guard behind it.
func guarded(q *gojq.Query, name string) *gojq.Query { return paren(pipe(q, native(name))) }

// put changes a program.
func (g *guards) put(q *gojq.Query) error {
	if err := g.find(q); err != nil {
		return err
	}
	return g.walk(q, g.operator, g.term)
}

// operator guards a query's own operator, once what is in it is guarded.
func (g *guards) operator(q *gojq.Query) {
	switch q.Op {
	case gojq.OpEq, gojq.OpNe, gojq.OpLt, gojq.OpLe, gojq.OpGt, gojq.OpGe:
		if !scalar(q.Left) && !scalar(q.Right) {
			q.Left, q.Right = guarded(q.Left, "small"), guarded(q.Right, "small")
		}
	case gojq.OpMul:
		if !isNumber(q.Left) || !isNumber(q.Right) {
			*q = *binary("factors", q.Left, q.Right, q.Op, q.FuncDefs)
		}
	case gojq.OpSub:
		if !scalar(q.Left) && !scalar(q.Right) {
			*q = *binary("terms", q.Left, q.Right, q.Op, q.FuncDefs)
		}
	case gojq.OpUpdateMul, gojq.OpUpdateSub:
		guard, op := "factors", gojq.OpMul
		if q.Op == gojq.OpUpdateSub {
			if scalar(q.Right) {
				return
			}
			guard, op = "terms", gojq.OpSub
		}
		const name = "$_standpipe_right"
		right := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: name}}}
		dot := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeIdentity}}
		update := &gojq.Query{Left: q.Left, Op: gojq.OpModify, Right: binary(guard, dot, right, op, nil)}
		*q = gojq.Query{FuncDefs: q.FuncDefs, Left: paren(q.Right), Op: gojq.OpPipe, Patterns: []*gojq.Pattern{{Name: name}}, Right: pipe(native("small"), update)}
	case gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
		*q = gojq.Query{FuncDefs: q.FuncDefs, Left: native("small"), Op: gojq.OpPipe, Right: &gojq.Query{Left: q.Left, Op: q.Op, Right: q.Right}}
	}
}

// binary is an operator behind a guard that gives its two operands as an array.
func binary(guard string, l, r *gojq.Query, op gojq.Operator, defs []*gojq.FuncDef) *gojq.Query {
	return &gojq.Query{FuncDefs: defs, Left: native(guard, l, r), Op: gojq.OpPipe, Right: &gojq.Query{Left: element("0"), Op: op, Right: element("1")}}
}

func element(i string) *gojq.Query {
	return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeIndex, Index: &gojq.Index{
		Start: &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeNumber, Number: i}}}}}
}

// scalar says whether q is a literal that is compared in no time.
func scalar(q *gojq.Query) bool {
	if q.Term == nil || len(q.Term.SuffixList) > 0 || len(q.FuncDefs) > 0 {
		return false
	}
	switch t := q.Term; t.Type {
	case gojq.TermTypeNull, gojq.TermTypeTrue, gojq.TermTypeFalse, gojq.TermTypeNumber:
		return true
	case gojq.TermTypeString:
		return t.Str.Queries == nil
	case gojq.TermTypeUnary:
		return t.Unary.Term.Type == gojq.TermTypeNumber
	}
	return false
}

func isNumber(q *gojq.Query) bool {
	return scalar(q) && q.Term.Type == gojq.TermTypeNumber
}

// term guards a term.
func (g *guards) term(t *gojq.Term) error {
	for _, s := range t.SuffixList {
		if err := g.index(s.Index); err != nil {
			return err
		}
	}
	if err := g.index(t.Index); err != nil {
		return err
	}
	g.text(t.Str)
	if t.Object != nil {
		for _, kv := range t.Object.KeyVals {
			g.text(kv.KeyString)
		}
	}
	switch t.Type {
	case gojq.TermTypeFormat:
		if t.Str == nil {
			wrap(t, "small")
		}
	case gojq.TermTypeFunc:
		return g.function(t)
	}
	return nil
}

// wrap puts a guard before a term; what is applied to its result stays outside.
func wrap(t *gojq.Term, guard string) {
	inner := *t
	inner.SuffixList = nil
	*t = gojq.Term{Type: gojq.TermTypeQuery, Query: pipe(native(guard), &gojq.Query{Term: &inner}), SuffixList: t.SuffixList}
}

func (g *guards) function(t *gojq.Term) error {
	f := t.Func
	name := call(f.Name, len(f.Args))
	if g.own[name] {
		return nil
	}
	g.used[name] = true
	if strings.HasPrefix(f.Name, "_") {
		return fmt.Errorf("there is no function %s", f.Name)
	}
	if why := refused[name]; why != "" {
		return fmt.Errorf("%s is not offered: %s", f.Name, why)
	}
	switch name {
	case "fromjson/0":
		*f = gojq.Func{Name: "_standpipe_fromjson"}
		return nil
	case "add/1":
		list := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeArray, Array: &gojq.Array{Query: f.Args[0]}}}
		inner := pipe(guarded(list, "small"), &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: "add"}}})
		*t = gojq.Term{Type: gojq.TermTypeQuery, Query: inner, SuffixList: t.SuffixList}
		return nil
	}
	if guard := argument[name]; guard != "" {
		f.Args[0] = native(guard, f.Args[0])
	}
	if guard := within[name]; guard != "" {
		for i := range f.Args {
			if name != "setpath/2" || i == 0 {
				f.Args[i] = guarded(f.Args[i], guard)
			}
		}
	}
	if guard := before[name]; guard != "" {
		wrap(t, guard)
	}
	return nil
}

// index guards an index that is not known beforehand.
func (g *guards) index(x *gojq.Index) error {
	if x == nil {
		return nil
	}
	g.text(x.Str)
	if x.Start == nil || x.IsSlice {
		return nil
	}
	if !isNumber(x.Start) {
		if !scalar(x.Start) {
			x.Start = guarded(x.Start, "index")
		}
		return nil
	}
	if n, err := strconv.ParseFloat(x.Start.Term.Number, 64); err != nil || n > longest {
		return fmt.Errorf("the index %s is greater than %d", x.Start.Term.Number, longest)
	}
	return nil
}

// text guards what is put into a string.
func (g *guards) text(s *gojq.String) {
	if s == nil {
		return
	}
	for i, q := range s.Queries {
		if q.Term == nil || q.Term.Str == nil {
			s.Queries[i] = guarded(q, "small")
		}
	}
}
