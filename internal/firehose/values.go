package firehose

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// values are what was set for references. Each that is asked for is remembered, so that a mistyped name can be told.
type values struct {
	of   map[string]string
	used map[string]bool
}

func newValues(set map[string]string) *values {
	return &values{of: set, used: make(map[string]bool)}
}

// get is what was set for the first of the names that has something.
func (v *values) get(names ...string) (string, bool) {
	for _, name := range names {
		if text, ok := v.of[name]; ok {
			v.used[name] = true
			return clean(text), true
		}
	}
	return "", false
}

// unused is an error about what nothing asked for.
func (v *values) unused() error {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(v.of)) {
		if !v.used[name] {
			names = append(names, shown(clean(name)))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("no delivery stream in it depends on %s: the names of references are in the report that comes without these values", strings.Join(names, ", "))
}
