package jq

import (
	"errors"

	"github.com/itchyny/gojq"
)

var errModules = errors.New("import and include are not offered: a program stands by itself")

// walk goes over all queries and terms of q, inner ones first.
func (g *guards) walk(q *gojq.Query, query func(*gojq.Query), term func(*gojq.Term) error) error {
	if q == nil {
		return nil
	}
	if len(q.Imports) > 0 || q.Meta != nil {
		return errModules
	}
	for _, f := range q.FuncDefs {
		if err := g.walk(f.Body, query, term); err != nil {
			return err
		}
	}
	for _, p := range q.Patterns {
		if err := g.pattern(p, query, term); err != nil {
			return err
		}
	}
	for _, inner := range []*gojq.Query{q.Left, q.Right} {
		if err := g.walk(inner, query, term); err != nil {
			return err
		}
	}
	if err := g.walkTerm(q.Term, query, term); err != nil {
		return err
	}
	query(q)
	return nil
}

func (g *guards) pattern(p *gojq.Pattern, query func(*gojq.Query), term func(*gojq.Term) error) error {
	if p == nil {
		return nil
	}
	for _, a := range p.Array {
		if err := g.pattern(a, query, term); err != nil {
			return err
		}
	}
	for _, o := range p.Object {
		if o.KeyString != nil {
			if err := g.walkAll(o.KeyString.Queries, query, term); err != nil {
				return err
			}
			if term != nil {
				g.text(o.KeyString)
			}
		}
		if err := g.walk(o.KeyQuery, query, term); err != nil {
			return err
		}
		if err := g.pattern(o.Val, query, term); err != nil {
			return err
		}
	}
	return nil
}

func (g *guards) walkAll(list []*gojq.Query, query func(*gojq.Query), term func(*gojq.Term) error) error {
	for _, q := range list {
		if err := g.walk(q, query, term); err != nil {
			return err
		}
	}
	return nil
}

func (g *guards) walkTerm(t *gojq.Term, query func(*gojq.Query), term func(*gojq.Term) error) error {
	if t == nil {
		return nil
	}
	if err := g.walkAll(inside(t), query, term); err != nil {
		return err
	}
	if t.Unary != nil {
		if err := g.walkTerm(t.Unary.Term, query, term); err != nil {
			return err
		}
	}
	var patterns []*gojq.Pattern
	if t.Foreach != nil {
		patterns = t.Foreach.Patterns
	}
	if t.Reduce != nil {
		patterns = t.Reduce.Patterns
	}
	for _, p := range patterns {
		if err := g.pattern(p, query, term); err != nil {
			return err
		}
	}
	if term == nil {
		return nil
	}
	return term(t)
}

// inside gives the queries that a term holds.
func inside(t *gojq.Term) []*gojq.Query {
	var list []*gojq.Query
	add := func(qs ...*gojq.Query) {
		for _, q := range qs {
			if q != nil {
				list = append(list, q)
			}
		}
	}
	str := func(s *gojq.String) {
		if s != nil {
			add(s.Queries...)
		}
	}
	index := func(x *gojq.Index) {
		if x != nil {
			str(x.Str)
			add(x.Start, x.End)
		}
	}
	index(t.Index)
	str(t.Str)
	add(t.Query)
	for _, s := range t.SuffixList {
		index(s.Index)
	}
	if t.Func != nil {
		add(t.Func.Args...)
	}
	if t.Object != nil {
		for _, kv := range t.Object.KeyVals {
			str(kv.KeyString)
			add(kv.KeyQuery, kv.Val)
		}
	}
	if t.Array != nil {
		add(t.Array.Query)
	}
	if t.If != nil {
		add(t.If.Cond, t.If.Then, t.If.Else)
		for _, e := range t.If.Elif {
			add(e.Cond, e.Then)
		}
	}
	if t.Try != nil {
		add(t.Try.Body, t.Try.Catch)
	}
	if t.Reduce != nil {
		add(t.Reduce.Query, t.Reduce.Start, t.Reduce.Update)
	}
	if t.Foreach != nil {
		add(t.Foreach.Query, t.Foreach.Start, t.Foreach.Update, t.Foreach.Extract)
	}
	if t.Label != nil {
		add(t.Label.Body)
	}
	return list
}
