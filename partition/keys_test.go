package partition

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

const keyed = "c=!{partitionKeyFromQuery:customer}/!{timestamp:yyyy/MM/dd/HH}/d=!{partitionKeyFromLambda:device}/!{partitionKeyFromQuery:customer}/"

func TestKeyedPath(t *testing.T) {
	p := mustParse(t, keyed, Data, WithKeys())
	if want := []Key{{Query, "customer"}, {Lambda, "device"}}; !reflect.DeepEqual(p.Keys(), want) {
		t.Fatalf("keys %v, want %v", p.Keys(), want)
	}
	at := time.Date(2026, 7, 13, 14, 5, 6, 0, time.UTC)
	e := p.Evaluator()
	for _, c := range []struct {
		at               time.Time
		customer, device string
		want             string
	}{
		{at, "acme", "a/b", "c=acme/2026/07/13/14/d=a/b/acme/"},
		{at.Add(time.Minute), "acme", "a/b", "c=acme/2026/07/13/14/d=a/b/acme/"},
		{at.Add(time.Minute), "日本", "!{firehose:random-string}", "c=日本/2026/07/13/14/d=!{firehose:random-string}/日本/"},
		{at.Add(time.Hour), "日本", "x", "c=日本/2026/07/13/15/d=x/日本/"},
		{at, "日本", "x", "c=日本/2026/07/13/14/d=x/日本/"},
		{at, "x", "日本", "c=x/2026/07/13/14/d=日本/x/"},
	} {
		got, err := p.KeyedPath(c.at, []string{c.customer, c.device})
		again, againErr := e.KeyedPath(c.at, []string{c.customer, c.device})
		if got != c.want || again != c.want || err != nil || againErr != nil {
			t.Errorf("%s, %s at %v: %q, %v and by the evaluator %q, %v; want %q", c.customer, c.device, c.at, got, err, again, againErr, c.want)
		}
	}
	if got, want := p.Path(at, ""), "c=!{partitionKeyFromQuery:customer}/2026/07/13/14/d=!{partitionKeyFromLambda:device}/!{partitionKeyFromQuery:customer}/"; got != want || e.Path(at, "") != want {
		t.Errorf("without values %q, want %q", got, want)
	}
	if got, err := e.KeyedPath(at, []string{"x", "日本"}); err != nil || got != "c=x/2026/07/13/14/d=日本/x/" {
		t.Errorf("after a path without values %q, %v", got, err)
	}
}

func TestKeyedPathOfAPrefixWithoutKeys(t *testing.T) {
	p := mustParse(t, "", Data, WithKeys())
	at := time.Date(2026, 7, 13, 14, 5, 6, 0, time.UTC)
	e := p.Evaluator()
	for range 2 {
		if got, err := e.KeyedPath(at, nil); got != "2026/07/13/14/" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if w := p.Warnings(); w != nil {
		t.Errorf("warnings %q", w)
	}
}

func TestBadKeyValues(t *testing.T) {
	p := mustParse(t, "c/!{partitionKeyFromQuery:k}/!{firehose:random-string}/", Data, WithKeys())
	room := MaxLength - len("c///") - randomLength
	for _, c := range []struct{ value, want string }{
		{"", "evaluate !{partitionKeyFromQuery:k}: the value is missing or empty, and a path needs one"},
		{"a\x00", `evaluate !{partitionKeyFromQuery:k}: the value "a\x00" has at byte 1 what is a control character: printable characters are allowed`},
		{"é\xff", `evaluate !{partitionKeyFromQuery:k}: the value "é\xff" has at byte 2 what is not UTF-8: keys in S3 are UTF-8 text`},
		{strings.Repeat("é", room+1), "evaluate prefix: the path is 513 characters long with its partition keys, 512 are allowed"},
		{strings.Repeat("é", room), ""},
	} {
		e := p.Evaluator()
		if _, err := e.KeyedPath(time.Time{}, []string{"good"}); err != nil {
			t.Fatal(err)
		}
		_, err := e.KeyedPath(time.Time{}, []string{c.value})
		var bad *KeyError
		if errors.As(err, &bad) != (c.want != "") || err != nil && err.Error() != c.want {
			t.Errorf("%.20q: %v, want %q", c.value, err, c.want)
		}
		if got := p.Evaluator(); c.want != "" {
			_, _ = got.KeyedPath(time.Time{}, []string{c.value})
			if path := got.Path(time.Time{}, ""); path != p.Path(time.Time{}, "") {
				t.Errorf("after %.20q: path %q", c.value, path)
			}
		}
		if got, err := e.KeyedPath(time.Time{}, []string{"good"}); err != nil || !strings.HasPrefix(got, "c/good/") {
			t.Errorf("after %.20q: %q, %v", c.value, got, err)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("too few values pass")
		}
	}()
	_, _ = p.KeyedPath(time.Time{}, nil)
}

// A path that was refused in the next hour must not bring back that of the hour before.
func TestPathAfterABadValueIsOfItsOwnHour(t *testing.T) {
	e := mustParse(t, keyed, Data, WithKeys()).Evaluator()
	at := time.Date(2026, 7, 13, 14, 5, 6, 0, time.UTC)
	for _, c := range []struct {
		at             time.Time
		customer, want string
	}{
		{at, "acme", "c=acme/2026/07/13/14/d=x/acme/"},
		{at.Add(time.Hour), strings.Repeat("x", MaxLength), ""},
		{at.Add(time.Hour), "acme", "c=acme/2026/07/13/15/d=x/acme/"},
	} {
		if got, err := e.KeyedPath(c.at, []string{c.customer, "x"}); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%.20s at %v: %q, %v", c.customer, c.at, got, err)
		}
	}
}

func TestRefusedKeys(t *testing.T) {
	for _, c := range []struct {
		expr string
		kind Kind
		want string
	}{
		{"!{partitionKeyFromQuery:k}/!{firehose:error-output-type}/", Errors, "may not stand in an error prefix, since a record may have failed"},
		{"!{partitionKeyFromLambda:}/", Data, "names no partition key: its name stands between : and }"},
		{"!{partitionKeyFromlambda:k}/", Data, "is no known expression: !{timestamp:…}, !{firehose:random-string}, !{partitionKeyFromQuery:…} or !{partitionKeyFromLambda:…} may be used"},
	} {
		if _, err := Parse(c.expr, c.kind, WithKeys()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.expr, err, c.want)
		}
	}
}

func TestRepeatedKeysDoNotAllocate(t *testing.T) {
	e := mustParse(t, keyed, Data, WithKeys()).Evaluator()
	at, values := time.Date(2026, 7, 13, 14, 5, 6, 0, time.UTC), []string{"acme", "d-1"}
	if n := testing.AllocsPerRun(900, func() {
		if _, err := e.KeyedPath(at, values); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}

func BenchmarkKeyedPathRemembered(b *testing.B) {
	e := mustParse(b, keyed, Data, WithKeys()).Evaluator()
	at, values := time.Date(2026, 7, 13, 14, 5, 6, 0, time.UTC), []string{"acme", "d-1"}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = e.KeyedPath(at, values)
	}
}

func BenchmarkKeyedPathOfAnotherKey(b *testing.B) {
	e := mustParse(b, keyed, Data, WithKeys()).Evaluator()
	at, values := time.Date(2026, 7, 13, 14, 5, 6, 0, time.UTC), [][]string{{"acme", "d-1"}, {"other", "d-2"}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, _ = e.KeyedPath(at, values[i%2])
	}
}
