package jq

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// What gojq does in Go it does in one go, without looking at its context. So functions of ours stand before those whose
// result, or whose work, may be far larger than what they are given. They pass their input on, or refuse it with a
// [LimitError]. guards.go puts them into programs.

// longest is the bound of indices and of counts, as in .[.n] = 1, which makes an array of .n + 1 elements.
const longest = 1 << 20

// natives are the functions that guarded programs call. What they let pass has at most most bytes as text.
func natives(most int64) []gojq.CompilerOption {
	g := &guardian{most: most, patterns: &patterns{}}
	return []gojq.CompilerOption{
		gojq.WithFunction("_standpipe_small", 0, 0, func(v any, _ []any) any { return g.small(v, 1) }),
		gojq.WithFunction("_standpipe_narrow", 0, 0, func(v any, _ []any) any { return g.small(v, 32) }),
		gojq.WithFunction("_standpipe_short", 0, 0, short),
		gojq.WithFunction("_standpipe_index", 0, 0, g.index),
		gojq.WithFunction("_standpipe_path", 0, 0, func(v any, _ []any) any { return path(v) }),
		gojq.WithFunction("_standpipe_event", 0, 0, event),
		gojq.WithFunction("_standpipe_joint", 1, 1, g.joint),
		gojq.WithFunction("_standpipe_table", 0, 0, g.table),
		gojq.WithFunction("_standpipe_needle", 1, 1, g.needle),
		gojq.WithFunction("_standpipe_cuts", 1, 1, g.cuts),
		gojq.WithFunction("_standpipe_factors", 2, 2, g.factors),
		gojq.WithFunction("_standpipe_terms", 2, 2, g.terms),
		gojq.WithFunction("_standpipe_fromjson", 0, 0, g.fromJSON),
		gojq.WithFunction("_standpipe_match", 2, 2, g.match),
		gojq.WithFunction("_standpipe_test", 2, 2, g.test),
		gojq.WithFunction("_standpipe_capture", 2, 2, g.capture),
		gojq.WithFunction("_standpipe_pieces", 2, 2, g.pieces),
		gojq.WithIterFunction("_standpipe_assemble", 0, 0, g.assemble),
	}
}

type guardian struct {
	most     int64
	patterns *patterns
}

func (g *guardian) refuse(what string) error {
	return &LimitError{fmt.Sprintf("%s passes the limit of %d bytes", what, g.most)}
}

// small refuses a value whose text would be longer than a share of what may be made of a record, and one that is nested
// too deep. A value may hold another many times; it is measured as often.
func (g *guardian) small(v any, share int64) any {
	switch v.(type) {
	case nil, bool, int, float64, json.Number:
		return v
	}
	left := g.most / share
	if !weigh(v, &left, maxDepth) {
		if left < 0 {
			return g.refuse("a value in the program")
		}
		return &LimitError{"the program nested values more than " + strconv.Itoa(maxDepth) + " deep"}
	}
	return v
}

// weigh takes from left what v's text has at least, and says whether there was enough, within depth levels.
func weigh(v any, left *int64, depth int) bool {
	if *left--; *left < 0 || depth < 0 {
		return false
	}
	switch v := v.(type) {
	case string:
		*left -= int64(len(v))
	case *big.Int:
		*left -= int64(v.BitLen() / 4)
	case []any:
		for _, w := range v {
			if !weigh(w, left, depth-1) {
				return false
			}
		}
	case map[string]any:
		for k, w := range v {
			if *left -= int64(len(k)); !weigh(w, left, depth-1) {
				return false
			}
		}
	}
	return *left >= 0
}

// short refuses texts that are read as numbers or as formats in more time than their length suggests.
func short(v any, _ []any) any {
	if s, ok := v.(string); ok && len(s) > maxNumber {
		return &LimitError{"a number or format has more than " + strconv.Itoa(maxNumber) + " characters"}
	}
	return v
}

// index is what stands in brackets: a number, or an array that is looked for.
func (g *guardian) index(v any, _ []any) any {
	if _, ok := v.([]any); ok {
		return g.small(v, 1)
	}
	return inBounds(v)
}

// inBounds refuses numbers that would make an array of gigabytes.
func inBounds(v any) any {
	if n, ok := gojq.ToInt(v); ok && n > longest {
		return &LimitError{"an index is greater than " + strconv.Itoa(longest)}
	}
	return v
}

func path(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	if len(list) > maxDepth {
		return &LimitError{"a path has more than " + strconv.Itoa(maxDepth) + " elements"}
	}
	for _, p := range list {
		if err, ok := inBounds(p).(error); ok {
			return err
		}
	}
	return v
}

// event is what fromstream takes: a path, and perhaps a value.
func event(v any, _ []any) any {
	if list, ok := v.([]any); ok && len(list) > 0 {
		if err, ok := path(list[0]).(error); ok {
			return err
		}
	}
	return v
}

// joint is a separator, given for the array that is joined with it.
func (g *guardian) joint(v any, args []any) any {
	s, _ := args[0].(string)
	n := 0
	switch v := v.(type) {
	case []any:
		n = len(v)
	case map[string]any:
		n = len(v)
	}
	left := g.most - int64(len(s))*int64(n)
	if left < 0 || !weigh(v, &left, maxDepth) {
		return g.refuse("join")
	}
	return args[0]
}

// table is an array of arrays that is transposed: as many cells as the longest has for each.
func (g *guardian) table(v any, _ []any) any {
	rows, _ := v.([]any)
	longest := 0
	for _, row := range rows {
		if cells, ok := row.([]any); ok {
			longest = max(longest, len(cells))
		}
	}
	if int64(len(rows))*int64(longest) > g.most/16 {
		return g.refuse("transpose")
	}
	return v
}

// needle is what index and its kind look for, everywhere in the array or string.
func (g *guardian) needle(v any, args []any) any {
	size := func(v any) int64 {
		switch v := v.(type) {
		case string:
			return int64(len(v))
		case []any:
			return int64(len(v))
		}
		return 1
	}
	n, m := size(v), size(args[0])
	if n > g.most/32 || m > g.most/32 || n*m > 1<<28 {
		return g.refuse("index")
	}
	return g.small(args[0], 1)
}

// cuts is what a string is split at, each piece taking some 48 bytes.
func (g *guardian) cuts(v any, args []any) any {
	s, _ := v.(string)
	if sep, ok := args[0].(string); ok && int64(strings.Count(s, sep)) > g.most/12 {
		return g.refuse("split")
	}
	return args[0]
}

// maxBits is how long the product of two integers may be. Each turn of a loop could double it.
const maxBits = 1 << 16

// factors is an array of the two, where their product is no giant.
func (g *guardian) factors(_ any, args []any) any {
	l, r := args[0], args[1]
	for range 2 {
		if s, ok := l.(string); ok {
			if n, ok := gojq.ToFloat64(r); ok && n*float64(len(s)) > float64(g.most) {
				return g.refuse("a repeated string")
			}
		}
		l, r = r, l
	}
	if bitLen(l)+bitLen(r) > maxBits {
		return &LimitError{"a product has more than " + strconv.Itoa(maxBits) + " bits"}
	}
	if _, ok := l.(map[string]any); ok {
		if err, ok := g.small(l, 1).(error); ok {
			return err
		}
		if err, ok := g.small(r, 1).(error); ok {
			return err
		}
	}
	return []any{l, r}
}

func bitLen(v any) int {
	switch v := v.(type) {
	case *big.Int:
		return v.BitLen()
	case json.Number:
		return 4 * len(v)
	}
	return 0
}

// terms is an array of the two, where taking one's elements out of the other is no giant's work.
func (g *guardian) terms(_ any, args []any) any {
	l, _ := args[0].([]any)
	r, _ := args[1].([]any)
	if int64(len(l))*int64(len(r)) > 1<<28 {
		return g.refuse("a difference of arrays")
	}
	for _, v := range args {
		if err, ok := g.small(v, 1).(error); ok {
			return err
		}
	}
	return []any{args[0], args[1]}
}

// fromJSON reads text as records are read.
func (g *guardian) fromJSON(v any, _ []any) any {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("fromjson cannot be applied to: %s", gojq.Preview(v))
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("fromjson cannot be applied to: %s", gojq.Preview(v))
	}
	r := NewReader([]byte(s), 2*g.most)
	doc, err := r.Next()
	if err == nil && r.More() {
		err = fault(r.next, "unexpected value after another")
	}
	if err != nil {
		return fmt.Errorf("fromjson cannot be applied to %s: %w", gojq.Preview(v), err)
	}
	return doc.Value
}
