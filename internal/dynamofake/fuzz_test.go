package dynamofake

import (
	"encoding/json"
	"errors"
	"testing"
)

// FuzzExpressions: no text makes a parser panic or answer anything but an API error, and what parses can be
// applied to an item without changing it.
func FuzzExpressions(f *testing.F) {
	for _, s := range []string{"a = :v AND NOT (size(b.c[0]) < :n OR #n IN (:v, a))", "a BETWEEN :n AND b", "attribute_type(a, :v)", "contains(a.b, :v)",
		"SET a = if_not_exists(b, :n) + :n, c = list_append(d, :l) REMOVE e[1] ADD f :n DELETE g :s", "a, b.c[2], #n", "((a = :v))", "a[01] = '", "\xff#:é", "SET l[9] = :v REMOVE l[0]"} {
		f.Add(s)
	}
	it := item{"a": number(1), "l": {kind: kindL, list: []value{number(1), number(2)}}, "m": {kind: kindM, m: item{"x": number(1)}}, "g": {kind: kindSS, set: []string{"a"}}}
	f.Fuzz(func(t *testing.T, src string) {
		sc := &scope{map[string]string{"#n": "m"}, valueMap{":v": {kind: kindS, s: "x"}, ":n": number(1), ":l": it["l"], ":s": it["g"]}, map[string]bool{}, map[string]bool{}}
		before := plain(t, it)
		c, err := parse("ConditionExpression", src, sc, parseCondition)
		check(t, err)
		if err == nil {
			c.holds(it)
		}
		u, err := parse("UpdateExpression", src, sc, parseUpdate)
		check(t, err)
		if err == nil {
			_, err = u.apply(it)
			check(t, err)
		}
		p, err := parse("ProjectionExpression", src, sc, parseProjection)
		check(t, err)
		if err == nil {
			projectItem(it, p)
		}
		same(t, src, plain(t, it), before)
	})
}

func plain(t *testing.T, it item) string {
	b, err := json.Marshal(it)
	ok(t, err)
	return string(b)
}

func check(t *testing.T, err error) {
	var e *apiError
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("got %v, want an API error", err)
	}
}
