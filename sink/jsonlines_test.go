package sink

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"standpipe/internal/jsontext"
)

// The records of the pipelines that Standpipe must carry: A a click stream through API Gateway, B raw browser bodies,
// C API Gateway access logs.
const (
	pipelineA = `{"params": {"param1": "value1","param2": "value2","path": "\/items\/323"},"body": {"text":"hihi","dodo":"dada"},` +
		`"stage": "dev","http_method": "POST","request_id": "acb1a6cb-c274-4500-8e63-d2ae7b287588","resource_path": "/",` +
		`"resource_id": "qycjw0slz9","request_time": "28/Jul/2020:05:51:04 +0000","source_ip": "54.239.119.16","user_agent": "HTTPie/2.1.0"}`
	pipelineB = `ewogICAgIkRhdGEiOiAiVGVzdCIKfQ==` // base64, as the producer put it
	pipelineC = `{"requestId": "f0a72781-3a69-4bd8-bef0-b4c2a95cbf3a", "ip": "15.165.43.146", "user": "-", "requestTime": 1675146135164, ` +
		`"httpMethod": "GET", "resourcePath": "/random/strings", "status": 200, "protocol": "HTTP/1.1", "responseLength": 11}`
)

func TestJSONLinesOfGoodRecords(t *testing.T) {
	prettyBody, err := base64.StdEncoding.DecodeString(pipelineB)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, data, want string }{
		{"pipeline A keeps its spaces and escaped slashes", pipelineA, pipelineA + "\n"},
		{"pipeline A with the newline a Lambda added", pipelineA + "\n", pipelineA + "\n"},
		{"pipeline B pretty-printed", string(prettyBody), `{"Data":"Test"}` + "\n"},
		{"pipeline B empty object", `{}`, "{}\n"},
		{"pipeline C", pipelineC, pipelineC + "\n"},
		{"two records of pipeline C in one", pipelineC + "\r\n" + pipelineC, pipelineC + "\n" + pipelineC + "\n"},
		{"byte order mark", "\xef\xbb\xbf{\"a\": 1}\r\n", "{\"a\": 1}\n"},
		{"byte order mark inside a string", "\"\xef\xbb\xbf\"", "\"\xef\xbb\xbf\"\n"},
		{"values with nothing between them", `{"a":1}{"b":2}[3]"x"4"y"true{}`, "{\"a\":1}\n{\"b\":2}\n[3]\n\"x\"\n4\n\"y\"\ntrue\n{}\n"},
		{"values with white space between them", " 1 2\t3\n4 null  false\n\n", "1\n2\n3\n4\nnull\nfalse\n"},
		{"only the value that spans lines is compacted", "{ \"a\" : 1 } {\n\"b\" : [ 1 , 2 ] }", "{ \"a\" : 1 }\n{\"b\":[1,2]}\n"},
		{"a lone carriage return is a line end", "[1,\r 2]", "[1,2]\n"},
		{"strings keep what looks like space", "{\n\"a b\" : \"c \\n \\\" d\"\n}", `{"a b":"c \n \" d"}` + "\n"},
		{"numbers keep their spelling", "[\n1.0, 1e2, 1E+02, -0, 12345678901234567890.10\n]", "[1.0,1e2,1E+02,-0,12345678901234567890.10]\n"},
		{"key order and double keys", "{\n\"b\":1,\"a\":2,\"b\":3}", `{"b":1,"a":2,"b":3}` + "\n"},
		{"escapes of lone surrogates", `"\ud800 \uDC00"`, `"\ud800 \uDC00"` + "\n"},
		{"UTF-8 of every width", "\"\u00e9\u20ac\U0001f600\"", "\"\u00e9\u20ac\U0001f600\"\n"},
		{"empty containers over lines", "{\n}[\n]", "{}\n[]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			const before = "before\n"
			out, lines, err := appendLines([]byte(before), []byte(test.data), "\n")
			if err != nil {
				t.Fatal(err)
			}
			if got := string(out); got != before+test.want {
				t.Errorf("got  %q\nwant %q", got, before+test.want)
			}
			if want := strings.Count(test.want, "\n"); lines != want {
				t.Errorf("counted %d lines, want %d", lines, want)
			}
		})
	}
}

func TestJSONLinesOfBadRecords(t *testing.T) {
	for _, test := range []struct{ data, want string }{
		{"", "empty record at byte 0"},
		{" \r\n\t", "no JSON value, only white space, at byte 4"},
		{"\xef\xbb\xbf", "no JSON value, only white space, at byte 3"},
		{"hello", "unexpected character instead of a value at byte 0"},
		{"\xef\xbb\xbf\xef\xbb\xbf{}", "unexpected character instead of a value at byte 3"},
		{`{} x`, "unexpected character instead of a value at byte 3"},
		{`{},{}`, "unexpected character instead of a value at byte 2"},
		{"{}\x00", "unexpected character instead of a value at byte 2"},
		{"{}\u00a0", "unexpected character instead of a value at byte 2"},
		{`1-1`, "unexpected character after a number or literal at byte 1"},
		{`truefalse`, "unexpected character after a number or literal at byte 4"},
		{`nullx`, "unexpected character after a number or literal at byte 4"},
		{`nul`, "unexpected character instead of a value at byte 0"},
		{`NaN`, "unexpected character instead of a value at byte 0"},
		{`[1,]`, "unexpected character instead of a value at byte 3"},
		{`{"a":1,}`, "unexpected character instead of a key at byte 7"},
		{`{'a':1}`, "unexpected character instead of a key at byte 1"},
		{`{"a" 1}`, "unexpected character instead of : after a key at byte 5"},
		{`{"a":}`, "unexpected character instead of a value at byte 5"},
		{`{"a":1]`, "unexpected character instead of , or } in an object at byte 6"},
		{`[1}`, "unexpected character instead of , or ] in an array at byte 2"},
		{`[1 2]`, "unexpected character instead of , or ] in an array at byte 3"},
		{`{`, "unexpected end of an object at byte 1"},
		{`{"a"`, "unexpected end of an object at byte 4"},
		{`{"a":`, "unexpected end of a value at byte 5"},
		{`[1`, "unexpected end inside an object or array at byte 2"},
		{`"abc`, "unexpected end of a string at byte 4"},
		{`"abc\`, "invalid escape in a string at byte 4"},
		{`"\x41"`, "invalid escape in a string at byte 1"},
		{`"\u12"`, "invalid escape in a string at byte 1"},
		{`"\u12g4"`, "invalid escape in a string at byte 1"},
		{"\"0123456789\tx\"", "control character in a string at byte 11"},
		{"\"0123456789\xffx\"", "invalid UTF-8 in a string at byte 11"},
		{"\"\xed\xa0\x80\"", "invalid UTF-8 in a string at byte 1"},
		{"\"\xc0\xaf\"", "invalid UTF-8 in a string at byte 1"},
		{`01`, "leading zero in a number at byte 0"},
		{`-01`, "leading zero in a number at byte 1"},
		{`-`, "number without digits at byte 1"},
		{`1.`, "number without digits after its point at byte 2"},
		{`1e+`, "number without digits in its exponent at byte 3"},
		{`+1`, "unexpected character instead of a value at byte 0"},
		{`.5`, "unexpected character instead of a value at byte 0"},
		{`{} {"a":01}`, "leading zero in a number at byte 8"},
	} {
		dst := []byte("before")
		out, lines, err := appendLines(dst, []byte(test.data), "\n")
		var fault *jsonError
		if !errors.As(err, &fault) || fault.Error() != test.want {
			t.Errorf("%q: got error %v, want %s", test.data, err, test.want)
		}
		if lines != 0 || string(out) != "before" {
			t.Errorf("%q: got %d lines and dst %q, want dst as it was", test.data, lines, out)
		}
	}
}

func TestJSONLinesNestAMillionDeep(t *testing.T) {
	const depth = 1_000_000
	for name, data := range map[string]string{
		"arrays":  strings.Repeat("[", depth) + strings.Repeat("]", depth),
		"objects": strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth),
		"mixed":   strings.Repeat(`[{"a":`, depth/2) + "1" + strings.Repeat("}]", depth/2),
	} {
		out, lines, err := appendLines(nil, []byte(data), "\n")
		if err != nil || lines != 1 || string(out) != data+"\n" {
			t.Errorf("%s: got %d lines, %d bytes and error %v, want one line of %d bytes", name, lines, len(out), err, len(data)+1)
		}
		if _, _, err := appendLines(nil, []byte(data[:len(data)-1]), "\n"); err == nil {
			t.Errorf("%s: accepted without the last closing bracket", name)
		}
	}
}

func TestJSONLinesClosedByTheWrongBracket(t *testing.T) {
	const depth = 300
	wrong := []byte(strings.Repeat("[", depth) + strings.Repeat("]", depth))
	for level := range depth {
		at := len(wrong) - 1 - level // the bracket that closes this level
		wrong[at] = '}'
		var fault *jsonError
		if _, _, err := appendLines(nil, wrong, "\n"); !errors.As(err, &fault) || fault.offset != at {
			t.Errorf("level %d closed by the wrong bracket: got %v, want an error at byte %d", level, err, at)
		}
		wrong[at] = ']'
	}
}

func TestJSONLinesAllocateNothing(t *testing.T) {
	records := [][]byte{[]byte(pipelineA), []byte(pipelineC), []byte("{\n \"a\": [1, 2]\n}"), []byte(strings.Repeat("[", 64) + strings.Repeat("]", 64))}
	dst := make([]byte, 0, 4096)
	if allocs := testing.AllocsPerRun(100, func() {
		dst = dst[:0]
		for _, data := range records {
			dst, _, _ = appendLines(dst, data, "\n")
		}
	}); allocs != 0 {
		t.Errorf("got %v allocations a run, want none", allocs)
	}
}

// referenceLines is appendLines written with encoding/json, for records it accepts: no more than 10,000 levels.
func referenceLines(data []byte) (lines []string, ok bool) {
	data = bytes.TrimPrefix(data, []byte(jsontext.ByteOrderMark))
	if !utf8.Valid(data) {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	bareEnd := int64(-1)
	for {
		var value json.RawMessage
		err := decoder.Decode(&value)
		if err == io.EOF {
			return lines, len(lines) > 0
		}
		if err != nil || !json.Valid(value) {
			return nil, false
		}
		end := decoder.InputOffset()
		bare := !strings.ContainsRune(`{["`, rune(value[0]))
		if bare && end-int64(len(value)) == bareEnd {
			return nil, false
		}
		bareEnd = -1
		if bare {
			bareEnd = end
		}
		if bytes.ContainsAny(value, "\r\n") {
			var compact bytes.Buffer
			if json.Compact(&compact, value) != nil {
				return nil, false
			}
			value = compact.Bytes()
		}
		lines = append(lines, string(value))
	}
}

func FuzzJSONLines(f *testing.F) {
	for _, seed := range []string{
		pipelineA, pipelineC, "{\n    \"Data\": \"Test\"\n}", "\xef\xbb\xbf1 2", `{"a":1}{"b":2}`, `"\ud800"`, "[\r1.5e-7,\t-0]", `01`, `1"a"2`,
		"\"\u20ac\U0001f600\"", "\"\xff\"", `[{"a":[{}]},null,true,false]`, "\"0123456\x1f\"", `"\u00e9\\\""`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) > 10_000 {
			t.Skip("deeper than encoding/json reads")
		}
		input := bytes.Clone(data)
		out, lines, err := appendLines([]byte("before"), data, "\n")
		if !bytes.Equal(input, data) {
			t.Fatal("changed its input")
		}
		want, ok := referenceLines(data)
		if ok != (err == nil) {
			t.Fatalf("got error %v, encoding/json accepts: %v", err, ok)
		}
		if err != nil {
			var fault *jsonError
			if string(out) != "before" || lines != 0 || !errors.As(err, &fault) || fault.offset < 0 || fault.offset > len(data) {
				t.Fatalf("got %q, %d lines, error %v", out, lines, err)
			}
			return
		}
		if got := "before" + strings.Join(want, "\n") + "\n"; string(out) != got || lines != len(want) {
			t.Fatalf("got  %q in %d lines\nwant %q in %d", out, lines, got, len(want))
		}
	})
}

func BenchmarkJSONLines(b *testing.B) {
	pretty, err := json.MarshalIndent(json.RawMessage(pipelineA), "", "    ")
	if err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct {
		name string
		data []byte
	}{{"click", []byte(pipelineA)}, {"access-log", []byte(pipelineC)}, {"pretty", pretty}} {
		b.Run(bench.name, func(b *testing.B) {
			dst := make([]byte, 0, 4096)
			b.SetBytes(int64(len(bench.data)))
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if dst, _, err = appendLines(dst[:0], bench.data, "\n"); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(bench.name+"/json.Valid", func(b *testing.B) {
			b.SetBytes(int64(len(bench.data)))
			for b.Loop() {
				if !json.Valid(bench.data) {
					b.Fatal("not valid")
				}
			}
		})
	}
}
