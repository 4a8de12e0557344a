package jsontext

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

var seeds = []string{
	`{}`, `[]`, ` { "a" : 1 , "b":[ {} , 2 ]}`, `[1,[2], "x" ]`, `{"a":1,}`, `[1,]`, `{"a" 1}`, `{"a":`, `{"a"`, `{`, `[`, `[1`, `[1 2]`, `{"a":1 "b"}`, `{'a':1}`,
	"{\"a\\u00e9\":\"\\ud83d\\ude00\"}", "[\"\xff\"]", `{"a":{"b":[}}`, "[1\n,2]x", `{"a":01}`, `["\ud800\u0041","\n\/\b\f\r\t\\\""]`,
}

// FuzzWalk: a walk finds the end, or the fault, that a scan of the whole finds, and passes each key and value.
func FuzzWalk(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		i, _ := SkipSpace(data, 0)
		if i == len(data) || data[i] != '{' && data[i] != '[' || bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) > 10_000 {
			t.Skip("no container, or deeper than encoding/json reads")
		}
		var keys, values []string
		scan := func(at int) (int, string) {
			end, _, fault := ScanValue(data, at)
			if fault == "" {
				values = append(values, string(data[at:end]))
			}
			return end, fault
		}
		var end int
		var fault string
		if data[i] == '{' {
			end, fault = Members(data, i, func(key []byte, at int) (int, string) {
				keys = append(keys, string(AppendUnescaped(nil, key)))
				return scan(at)
			})
		} else {
			end, fault = Elements(data, i, scan)
		}
		wantEnd, _, wantFault := ScanValue(data, i)
		if end != wantEnd || fault != wantFault {
			t.Fatalf("walked to %d %q, scanned to %d %q", end, fault, wantEnd, wantFault)
		}
		if fault != "" {
			return
		}
		d := json.NewDecoder(bytes.NewReader(data[i:end]))
		_, _ = d.Token()
		for n := 0; d.More(); n++ {
			if data[i] == '{' {
				key, err := d.Token()
				if err != nil || n >= len(keys) || key != keys[n] {
					t.Fatalf("key %d is %v, in %q (%v)", n, key, keys, err)
				}
			}
			var value json.RawMessage
			if err := d.Decode(&value); err != nil || n >= len(values) || string(value) != values[n] {
				t.Fatalf("value %d is %s, in %q (%v)", n, value, values, err)
			}
		}
	})
}

// FuzzUnescape compares with encoding/json, in a place of its own and in that of the string.
func FuzzUnescape(f *testing.F) {
	for _, s := range append(seeds, "\"\\u00e9 \\ud800\\ud83d\\ude00 \\udc00x \u20ac\"") {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		i := bytes.IndexByte(data, '"')
		if i < 0 {
			t.Skip("no string")
		}
		end, fault := ScanString(data, i)
		if fault != "" {
			return
		}
		var want string
		if err := json.Unmarshal(data[i:end], &want); err != nil {
			t.Fatal(err)
		}
		raw := data[i+1 : end-1]
		if got := AppendUnescaped([]byte("before"), raw); string(got) != "before"+want {
			t.Fatalf("got %q, want %q", got, want)
		}
		before, behind := string(data[:i+1]), string(data[end-1:])
		if got := AppendUnescaped(raw[:0], raw); string(got) != want || len(got) > len(raw) {
			t.Fatalf("in place: got %q, want %q", got, want)
		}
		if !strings.HasPrefix(string(data), before) || !strings.HasSuffix(string(data), behind) {
			t.Fatal("wrote beside the string")
		}
	})
}
