package steps

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"standpipe/sink"
)

// referencePieces splits with encoding/json and strings, and leaves out what is blank.
func referencePieces(by string, data, delimiter []byte) (want []string, ok bool) {
	if by == "delimiter" {
		for _, p := range strings.Split(string(data), string(delimiter)) {
			if strings.Trim(p, " \t\r\n") != "" {
				want = append(want, p)
			}
		}
		return want, true
	}
	text := bytes.TrimPrefix(data, []byte("\ufeff"))
	trimmed := strings.Trim(string(text), " \t\r\n")
	if by == "array" {
		switch {
		case trimmed == "":
			return nil, false
		case trimmed[0] != '[':
			return []string{string(data)}, true
		}
		var list []json.RawMessage
		if !utf8.ValidString(trimmed) || json.Unmarshal([]byte(trimmed), &list) != nil {
			return nil, false
		}
		for _, p := range list {
			want = append(want, string(p))
		}
		return want, true
	}
	if !utf8.Valid(text) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	bareEnd := int64(-1)
	for {
		var value json.RawMessage
		err := d.Decode(&value)
		if err == io.EOF {
			return want, len(want) > 0
		}
		if err != nil {
			return nil, false
		}
		bare := !strings.ContainsRune(`{["`, rune(value[0]))
		if bare && d.InputOffset()-int64(len(value)) == bareEnd {
			return nil, false
		}
		if bareEnd = -1; bare {
			bareEnd = d.InputOffset()
		}
		want = append(want, string(value))
	}
}

func BenchmarkSplit(b *testing.B) {
	const value = `{"requestId": "f0a72781-3a69-4bd8-bef0-b4c2a95cbf3a", "ip": "15.165.43.146", "requestTime": 1675146135164, "httpMethod": "GET", "resourcePath": "/random/strings", "status": 200}`
	for _, n := range []int{1, 20, 1000} {
		for _, c := range []struct{ by, before, between, after string }{{"json", "", "", ""}, {"json", "", "\n", "\n"}, {"array", "[", ",", "]"}, {"delimiter", "", "####", ""}} {
			data := []byte(c.before + strings.Repeat(c.between+value, n)[len(c.between):] + c.after)
			name := map[string]string{"": "", "\n": "-lines"}[c.between]
			b.Run(fmt.Sprintf("%s%s/%d-values", c.by, name, n), func(b *testing.B) {
				s := newSplit(b, c.by, "####", 64*mebibyte)
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					got := 0
					s.Do(sink.Record{Data: data}, func(r sink.Record) bool {
						if got++; r.Failure != nil {
							b.Fatal(r.Failure.Message)
						}
						return true
					})
					if got != n {
						b.Fatal(got)
					}
				}
			})
		}
	}
}
