package dynamofake

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// valueMap is ExpressionAttributeValues; a bad value in it is reported with its placeholder.
type valueMap map[string]value

func (m *valueMap) UnmarshalJSON(b []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	if raw == nil {
		return nil
	}
	*m = valueMap{}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		var v value
		if err := json.Unmarshal(raw[name], &v); err != nil {
			if e, ok := err.(*apiError); ok {
				return invalid("ExpressionAttributeValues contains invalid value: %s for key %s", e.message, name)
			}
			return err
		}
		(*m)[name] = v
	}
	return nil
}

// scope holds the placeholders that the expressions of one request share, and which of them were used.
type scope struct {
	names      map[string]string
	values     valueMap
	usedNames  map[string]bool
	usedValues map[string]bool
}

// newScope checks the placeholders. expressions says whether the request has any expression; kind is how the
// missing one is called in the error.
func newScope(names map[string]string, values valueMap, expressions bool, kind string) (*scope, error) {
	if names != nil && !expressions {
		return nil, invalid("ExpressionAttributeNames can only be specified when using expressions")
	}
	if values != nil && !expressions {
		return nil, invalid("ExpressionAttributeValues can only be specified when using expressions: %s is null", kind)
	}
	if names != nil && len(names) == 0 {
		return nil, invalid("ExpressionAttributeNames must not be empty")
	}
	if values != nil && len(values) == 0 {
		return nil, invalid("ExpressionAttributeValues must not be empty")
	}
	for _, n := range slices.Sorted(maps.Keys(names)) {
		if !isPlaceholder(n, '#') {
			return nil, invalid("ExpressionAttributeNames contains invalid key: Syntax error; key: %q", n)
		}
		if names[n] == "" {
			return nil, invalid("ExpressionAttributeNames contains invalid value: Empty attribute name for key %s", n)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(values)) {
		if !isPlaceholder(n, ':') {
			return nil, invalid("ExpressionAttributeValues contains invalid key: Syntax error; key: %q", n)
		}
	}
	return &scope{names, values, map[string]bool{}, map[string]bool{}}, nil
}

func isPlaceholder(s string, mark byte) bool {
	return len(s) > 1 && s[0] == mark && wordLen(s[1:]) == len(s)-1
}

// unused refuses placeholders that no expression used; it is called after all were parsed.
func (s *scope) unused() error {
	if left := missing(s.names, s.usedNames); left != "" {
		return invalid("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", left)
	}
	if left := missing(s.values, s.usedValues); left != "" {
		return invalid("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", left)
	}
	return nil
}

func missing[V any](all map[string]V, used map[string]bool) string {
	var left []string
	for n := range all {
		if !used[n] {
			left = append(left, n)
		}
	}
	slices.Sort(left)
	return strings.Join(left, ", ")
}
