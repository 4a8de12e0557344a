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

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
