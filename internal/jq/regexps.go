package jq

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// gojq counts the characters before each match from the start of the text, so many matches in a long text take hours, and
// it keeps every pattern it ever saw. These do neither; the program's sub, split and the rest are made of them.

// maxPatterns is how many compiled patterns are kept. Those of a program's text come first.
const maxPatterns = 256

// patterns are compiled once, while there is room.
type patterns struct {
	known sync.Map // of [2]string
	count atomic.Int64
}

// find compiles a pattern. Flags are g, i, and m, in which . matches a line end too. global is whether there is a g.
func (p *patterns) find(re, flags any) (r *regexp.Regexp, global bool, err error) {
	pattern, ok := re.(string)
	if !ok {
		return nil, false, fmt.Errorf("a pattern must be a string, not %s", gojq.Preview(re))
	}
	f, ok := flags.(string)
	if !ok && flags != nil {
		return nil, false, fmt.Errorf("flags of a pattern must be a string, not %s", gojq.Preview(flags))
	}
	global = strings.Contains(f, "g")
	key := [2]string{pattern, f}
	if r, ok := p.known.Load(key); ok {
		return r.(*regexp.Regexp), global, nil
	}
	prefix := ""
	for _, c := range f {
		switch c {
		case 'g':
		case 'i':
			prefix += "(?i)"
		case 'm':
			prefix += "(?s)"
		default:
			return nil, false, fmt.Errorf("a pattern has the flag %q; there are g, i and m", c)
		}
	}
	if r, err = regexp.Compile(prefix + pattern); err != nil {
		return nil, false, fmt.Errorf("compile pattern: %w", err)
	}
	if p.count.Add(1) <= maxPatterns {
		p.known.Store([2]string{strings.Clone(pattern), strings.Clone(f)}, r)
	}
	return r, global, nil
}

// all finds the matches that flags ask for, of each of which a caller makes values of each bytes, and as much of each group.
func (g *guardian) all(v any, args []any, each int64) (s string, r *regexp.Regexp, found [][]int, err error) {
	s, ok := v.(string)
	if !ok {
		return "", nil, nil, fmt.Errorf("a pattern cannot be matched against: %s (%s)", gojq.TypeOf(v), gojq.Preview(v))
	}
	r, global, err := g.patterns.find(args[0], args[1])
	if err != nil {
		return "", nil, nil, err
	}
	if !global {
		if at := r.FindStringSubmatchIndex(s); at != nil {
			found = [][]int{at}
		}
		return s, r, found, nil
	}
	most := int(4 * g.most / (each * int64(1+r.NumSubexp())))
	if found = r.FindAllStringSubmatchIndex(s, most+1); len(found) > most {
		return "", nil, nil, &LimitError{fmt.Sprintf("a pattern has more than %d matches", most)}
	}
	return s, r, found, nil
}

// test says whether there is a match.
func (g *guardian) test(v any, args []any) any {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("a pattern cannot be matched against: %s (%s)", gojq.TypeOf(v), gojq.Preview(v))
	}
	r, _, err := g.patterns.find(args[0], args[1])
	if err != nil {
		return err
	}
	return r.MatchString(s)
}

// match gives an array of match objects.
func (g *guardian) match(v any, args []any) any {
	s, r, found, err := g.all(v, args, 1024)
	if err != nil {
		return err
	}
	names := r.SubexpNames()
	list := make([]any, len(found))
	before, from := 0, 0 // characters before a match, counted from the one before it
	object := func(start, end int, offset int) map[string]any {
		return map[string]any{"offset": offset, "length": utf8.RuneCountInString(s[start:end]), "string": s[start:end]}
	}
	for i, at := range found {
		before += utf8.RuneCountInString(s[from:at[0]])
		from = at[0]
		captures := make([]any, len(names)-1)
		for j := range captures {
			c := map[string]any{"offset": -1, "length": 0, "string": nil}
			if start, end := at[2*j+2], at[2*j+3]; start >= 0 {
				c = object(start, end, before+utf8.RuneCountInString(s[at[0]:start]))
			}
			c["name"] = nil
			if names[j+1] != "" {
				c["name"] = names[j+1]
			}
			captures[j] = c
		}
		m := object(at[0], at[1], before)
		m["captures"] = captures
		list[i] = m
	}
	return list
}

// named are the named groups of a match.
func named(s string, names []string, at []int) map[string]any {
	m := make(map[string]any, len(names))
	for j, name := range names {
		if name == "" {
			continue
		}
		if start := at[2*j]; start >= 0 {
			m[name] = s[start:at[2*j+1]]
		} else if m[name] == nil {
			m[name] = nil
		}
	}
	return m
}

// capture gives an array of the named groups of each match.
func (g *guardian) capture(v any, args []any) any {
	s, r, found, err := g.all(v, args, 256)
	if err != nil {
		return err
	}
	names := r.SubexpNames()
	list := make([]any, len(found))
	for i, at := range found {
		list[i] = named(s, names, at)
	}
	return list
}

// pieces gives what stands between matches, the groups of each, and the rest: [[before, named groups], ...], rest.
func (g *guardian) pieces(v any, args []any) any {
	s, r, found, err := g.all(v, args, 256)
	if err != nil {
		return err
	}
	names := r.SubexpNames()
	list := make([]any, len(found))
	from := 0
	for i, at := range found {
		list[i] = []any{s[from:at[0]], named(s, names, at)}
		from = at[1]
	}
	return []any{list, s[from:]}
}

// assemble makes text of pieces whose groups have become arrays of texts: as many as the longest of those. A match whose
// array is shorter is left out of the others.
func (g *guardian) assemble(v any, _ []any) gojq.Iter {
	top := v.([]any)
	pieces, rest := top[0].([]any), top[1].(string)
	results := 1
	for _, p := range pieces {
		results = max(results, len(p.([]any)[1].([]any)))
	}
	next := 0
	return iter(func() (any, bool) {
		if next == results {
			return nil, false
		}
		var out strings.Builder
		for _, p := range pieces {
			piece := p.([]any)
			out.WriteString(piece[0].(string))
			if texts := piece[1].([]any); next < len(texts) {
				text, ok := texts[next].(string)
				if !ok {
					next = results
					return fmt.Errorf("a match cannot be replaced by: %s (%s)", gojq.TypeOf(texts[0]), gojq.Preview(texts[0])), true
				}
				out.WriteString(text)
			}
			if int64(out.Len()) > g.most {
				next = results
				return g.refuse("a replacement"), true
			}
		}
		next++
		return out.String() + rest, true
	})
}

type iter func() (any, bool)

func (f iter) Next() (any, bool) { return f() }
