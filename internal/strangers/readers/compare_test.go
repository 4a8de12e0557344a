package readers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// differs compares a value of the JSON that went in with what a reader has of it, by the column's type. What it says is
// where they differ, "" where they do not.
func differs(typ string, want, got any, inexact bool) string {
	if want == nil || got == nil {
		if want != got {
			return fmt.Sprintf("got %v, want %v", got, want)
		}
		return ""
	}
	kind, inner, _ := strings.Cut(strings.TrimSuffix(typ, ">"), "<")
	switch kind {
	case "array":
		a, ok := got.([]any)
		b := want.([]any)
		if !ok || len(a) != len(b) {
			return fmt.Sprintf("got %v, want %v", got, want)
		}
		for i := range b {
			if d := differs(inner, b[i], a[i], inexact); d != "" {
				return fmt.Sprintf("[%d]%s", i, d)
			}
		}
		return ""
	case "map":
		_, value, _ := strings.Cut(inner, ",")
		a, ok := got.(map[string]any)
		b := want.(map[string]any)
		if !ok || len(a) != len(b) {
			return fmt.Sprintf("got %v, want %v", got, want)
		}
		for k := range b {
			if d := differs(value, b[k], a[k], inexact); d != "" {
				return fmt.Sprintf(".%s%s", k, d)
			}
		}
		return ""
	case "struct":
		a, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("got %v, want %v", got, want)
		}
		for _, f := range fields(inner) {
			if d := differs(f[1], want.(map[string]any)[f[0]], a[f[0]], inexact); d != "" {
				return fmt.Sprintf(".%s%s", f[0], d)
			}
		}
		return ""
	}
	if !same(kind, fmt.Sprint(want), fmt.Sprint(got), inexact) {
		return fmt.Sprintf(": got %v, want %v", got, want)
	}
	return ""
}

// same compares plain values, as text.
func same(kind, want, got string, inexact bool) bool {
	name, _, _ := strings.Cut(kind, "(")
	switch name {
	case "float", "double":
		bits := map[string]int{"float": 32, "double": 64}[name]
		a, err := strconv.ParseFloat(want, bits)
		b, berr := strconv.ParseFloat(got, bits)
		return err == nil && berr == nil && a == b
	case "decimal":
		a, ok := new(big.Rat).SetString(want)
		b, bok := new(big.Rat).SetString(got)
		if !ok || !bok {
			return false
		}
		if inexact {
			x, _ := a.Float64()
			y, _ := b.Float64()
			return math.Abs(x-y) <= 1e-14*math.Abs(x)
		}
		return a.Cmp(b) == 0
	}
	return want == got
}

// fields splits the fields of a struct into names and types.
func fields(text string) (all [][2]string) {
	depth, start := 0, 0
	for i, c := range text + "," {
		switch {
		case c == '<' || c == '(':
			depth++
		case c == '>' || c == ')':
			depth--
		case c == ',' && depth == 0:
			name, typ, _ := strings.Cut(text[start:i], ":")
			all = append(all, [2]string{name, typ})
			start = i + 1
		}
	}
	return all
}

func decode(line []byte) (map[string]any, error) {
	var row map[string]any
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	err := dec.Decode(&row)
	return row, err
}
