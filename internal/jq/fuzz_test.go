package jq

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"standpipe/internal/jsontext"
)

// FuzzReader checks that the reader takes what the scanners take, reads what encoding/json reads, and that what it read is
// written as JSON of the same meaning.
func FuzzReader(f *testing.F) {
	for _, s := range []string{`{"a":[1,-0,1.50,1e400,123456789012345678901,"\u00e9\ud83d\ude00\ud800x",true,false,null,{}]}`, "[]", `{"a":1,"a":2}`, "01", `{"a"}`, "[1,]", "\"\xff\"", "{", `"\`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		doc, err := NewReader([]byte(s), 1<<30).Next()
		var limit *LimitError
		if errors.As(err, &limit) {
			return
		}
		start, _ := jsontext.SkipSpace([]byte(s), len(s)-len(strings.TrimPrefix(s, jsontext.ByteOrderMark)))
		end, _, fault := jsontext.ScanValue([]byte(s), start)
		if (err == nil) != (fault == "") {
			t.Fatalf("%q: got %v, the scanner says %q", s, err, fault)
		}
		if err != nil {
			return
		}
		if doc.end != end {
			t.Fatalf("%q ends at %d, want %d", s, doc.end, end)
		}
		want, _ := decode(s[start:end])
		e := encoder{limit: 1 << 30, most: 1 << 30}
		if err := e.value(doc.Value); err != nil {
			t.Fatal(err)
		}
		got, err := decode(string(e.out))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q became %s", s, e.out)
		}
		e = encoder{doc: doc, limit: 1 << 30, most: 1 << 30}
		if err := e.value([]any{doc.Value}); err != nil {
			t.Fatal(err)
		}
		if got, err := decode(string(e.out)); err != nil || !reflect.DeepEqual(got, []any{want}) {
			t.Fatalf("%q became %s", s, e.out)
		}
	})
}

func decode(s string) (v any, err error) {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}
