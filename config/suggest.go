package config

import (
	"reflect"
	"strings"
)

// suggest says which key of the struct t was meant by an unknown one, or else
// which keys there are.
func suggest(t reflect.Type, key string) string {
	var here []string
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("mapstructure"); name != "" {
			here = append(here, name)
		}
	}
	if near := nearest(key, here); near != "" {
		return "did you mean " + near + "?"
	}
	var elsewhere []string
	for _, o := range Options() {
		if strings.HasSuffix(o.Key, "."+key) {
			elsewhere = append(elsewhere, o.Key)
		}
	}
	if len(elsewhere) == 1 {
		return "did you mean " + elsewhere[0] + "?"
	}
	return "the keys here are " + strings.Join(here, ", ")
}

// nearest returns the candidate with the least edit distance to text, "" if
// even that is more than a third of the letters away.
func nearest(text string, candidates []string) string {
	if len(text) > 100 {
		return ""
	}
	best, least := "", max(1, len(text)/3)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(text), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is how many bytes are put in, left out, replaced or swapped with
// their neighbour between a and b (Damerau and Levenshtein's optimal string
// alignment).
func distance(a, b string) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			replaced := row[j]
			if a[i] != b[j] {
				replaced++
			}
			next[j+1] = min(replaced, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
