package steps

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"standpipe/sink"
)

// jqOn runs a jq step on a record and gives what becomes of it, a failure as its code and message.
func jqOn(t testing.TB, do JQ, data string) (out []string, recs []sink.Record) {
	t.Helper()
	if do.MaxBytes == 0 {
		do.MaxBytes = 1 << 20
	}
	if do.Timeout == 0 {
		do.Timeout = 10 * time.Second
	}
	s, err := NewJQ("shape", do)
	if err != nil {
		t.Fatal(err)
	}
	rec := sink.Record{Data: []byte(data), Sequence: "49", SubSequence: 3}
	before := bytes.Clone(rec.Data)
	if !s.Do(rec, func(r sink.Record) bool {
		recs = append(recs, r)
		if r.Failure != nil {
			out = append(out, r.Failure.Code+": "+r.Failure.Message)
		} else {
			out = append(out, string(r.Data))
		}
		return true
	}) {
		t.Error("Do ended early")
	}
	if !bytes.Equal(rec.Data, before) {
		t.Error("the record's bytes were changed")
	}
	return out, recs
}

func TestJQ(t *testing.T) {
	const odd = " {\"b\" : 1.10, \"a\":\"\\u00e9\\/<\", \"n\":12345678901234567890 , \"b\":1e400,\"o\":{ \"z\":-0,\"y\":[ ] } }\r\n"
	for _, c := range []struct {
		name, program, data string
		want                []string
		do                  JQ
	}{
		{name: "identity keeps bytes", program: `.`, data: odd, want: []string{odd}},
		{name: "select keeps bytes", program: `select(.n > 5)`, data: odd, want: []string{odd}},
		{name: "drops", program: `select(.n < 5)`, data: odd},
		{name: "if keeps bytes", program: `if .zz then {x: 1} else . end`, data: odd, want: []string{odd}},
		{name: "try and bind keep bytes", program: `. as $x | [1] | $x`, data: odd, want: []string{odd}},
		{name: "parts keep bytes", program: `.o, {o, a, n}`, data: odd, want: []string{`{ "z":-0,"y":[ ] }`, `{"a":"\u00e9\/<","n":12345678901234567890,"o":{ "z":-0,"y":[ ] }}`}},
		{name: "of equal keys the last wins", program: `{b}`, data: odd, want: []string{`{"b":1e400}`}},
		{name: "numbers that are calculated with", program: `{i: (.n + 1), f: (.x + 0), e: (.y + 0), m: (.n * 2)}`, data: `{"n":12345678901234567890,"x":1.10,"y":1e400}`,
			want: []string{`{"e":1.7976931348623157e+308,"f":1.1,"i":12345678901234567891,"m":24691357802469135780}`}},
		{name: "numbers beyond 2^53 in a changed object", program: `.a = 1`, data: `{"id":9007199254740993,"f":1.10,"e":1E+2}`, want: []string{`{"a":1,"e":1E+2,"f":1.10,"id":9007199254740993}`}},
		{name: "keys are sorted in changed objects", program: `. + {c: 1}`, data: `{"b":1,"a":{"d":1,"c":2}}`, want: []string{`{"a":{"d":1,"c":2},"b":1,"c":1}`}},
		{name: "HTML is not escaped", program: `{x: (.x + "<&>\u2028\u0000\"")}`, data: `{"x":"\u003c"}`, want: []string{"{\"x\":\"<<&>\u2028\\u0000\\\"\"}"}},
		{name: "several results", program: `.l[]`, data: `{"l":[{"a": 1},2,"x\ty",null]}`, want: []string{`{"a": 1}`, `2`, `"x\ty"`, `null`}},
		{name: "fails whole", program: `.l[] | 10 / .`, data: `{"l":[1,0]}`, want: []string{"Standpipe.JQ: cannot divide number (10) by: number (0)"}},
		{name: "ends itself", program: `1, halt, 2`, data: `{}`, want: []string{"1"}},
		{name: "values that follow each other", program: `select(.a != 2)`, data: "{\"a\": 1}\n{\"a\": 2}{\"a\": 3}\n", want: []string{`{"a": 1}`, `{"a": 3}`}},
		{name: "values that all stay", program: `.`, data: "{\"a\": 1}\n{\"a\": 2} ", want: []string{"{\"a\": 1}\n{\"a\": 2} "}},
		{name: "values of which one remains", program: `select(.a == 2)`, data: "{\"a\": 1}{\"a\": 2}", want: []string{`{"a": 2}`}},
		{name: "broken after a good value", program: `.`, data: `{"a":1}{`, want: []string{"Standpipe.NotJSON: unexpected end of an object at byte 8"}},
		{name: "scalars", program: `.`, data: " 1.0\n\"a\"", want: []string{" 1.0\n\"a\""}},
		{name: "byte order mark", program: `.`, data: "\uFEFF{}", want: []string{"\uFEFF{}"}},
		{name: "no JSON", program: `.`, data: `GET / HTTP/1.1`, want: []string{"Standpipe.NotJSON: unexpected character instead of a value at byte 0"}},
		{name: "empty", program: `.`, data: "", want: []string{"Standpipe.NotJSON: no JSON value, only white space, at byte 0"}},
		{name: "invalid UTF-8", program: `.`, data: "\"\xff\"", want: []string{"Standpipe.NotJSON: invalid UTF-8 in a string at byte 1"}},
		{name: "message shows little", program: `.a + 1`, data: `{"a":"` + strings.Repeat("x", 500) + `"}`, want: []string{`Standpipe.JQ: cannot add: string ("` + strings.Repeat("x", 24) + ` ...") and number (1)`}},
		{name: "too many bytes", program: `., .`, data: `{"a":"` + strings.Repeat("x", 600) + `"}`, do: JQ{MaxBytes: 1024}, want: []string{"Standpipe.JQLimit: the program made more than 1024 bytes of the record"}},
		{name: "too long", program: `def f: f; f`, data: `1`, do: JQ{Timeout: time.Millisecond}, want: []string{"Standpipe.JQTimeout: the program took more than 1ms for the record"}},
		{name: "deep", program: `.`, data: strings.Repeat("[", 10001), want: []string{"Standpipe.JQLimit: values are nested more than 10000 deep"}},
		{name: "long number", program: `.`, data: strings.Repeat("1", 1001), want: []string{"Standpipe.JQLimit: a number has more than 1000 characters"}},
		{name: "many values", program: `.`, data: "[" + strings.Repeat("[],", 4e6) + "1]", want: []string{"Standpipe.JQLimit: the record has more values than there is memory for"}},

		{name: "text in", program: `{line: .}`, data: "a \"b\"\r\n", do: JQ{Input: Text}, want: []string{`{"line":"a \"b\""}`}},
		{name: "one line end", program: `length`, data: "a\n\n", do: JQ{Input: Text}, want: []string{`2`}},
		{name: "empty text", program: `.`, data: "", do: JQ{Input: Text}, want: []string{`""`}},
		{name: "text that is no UTF-8", program: `.`, data: "a\xffb", do: JQ{Input: Text}, want: []string{`"a` + "\uFFFD" + `b"`}},
		{name: "text in and out keeps bytes", program: `select(test("b"))`, data: "a\xffb\r\n", do: JQ{Input: Text, Output: Text}, want: []string{"a\xffb\r\n"}},
		{name: "text out", program: `([.a, .b] | @csv), .c`, data: `{"a":"x\"y","b":2,"c":{"d": 1}}`, do: JQ{Output: Text}, want: []string{`"x""y",2`, `{"d": 1}`}},
		{name: "a string to text", program: `.`, data: `"a\tb"`, do: JQ{Output: Text}, want: []string{"a\tb"}},
		{name: "bytes out", program: `@base64d`, data: `"/wA="`, do: JQ{Output: Text}, want: []string{"\xff\x00"}},
		{name: "common log format", do: JQ{Input: Text}, data: `15.165.43.146 - ana [31/Jan/2023:06:22:15 +0000] "GET /random HTTP/1.1" 200 11` + "\n",
			program: `capture("^(?<ip>\\S+) \\S+ (?<user>\\S+) \\[(?<time>[^\\]]+)\\] \"(?<method>\\S+) (?<path>\\S+) (?<protocol>[^\"]+)\" (?<status>\\d{3}) (?<bytes>\\d+|-)") | .status |= tonumber | .time |= (strptime("%d/%b/%Y:%H:%M:%S %z") | mktime)`,
			want:    []string{`{"bytes":"11","ip":"15.165.43.146","method":"GET","path":"/random","protocol":"HTTP/1.1","status":200,"time":1675146135,"user":"ana"}`}},
	} {
		c.do.Program = c.program
		got, recs := jqOn(t, c.do, c.data)
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", c.name, got, c.want)
			continue
		}
		for _, r := range recs {
			raw, after := string(r.Raw), ""
			switch {
			case len(recs) > 1:
				after = "shape"
				if raw != string(r.Data) {
					t.Errorf("%s: the raw bytes of a piece are %q", c.name, raw)
				}
			case r.Failure != nil:
				if string(r.Data) != c.data || r.Raw != nil {
					t.Errorf("%s: a record that failed is not as it came", c.name)
				}
			default:
				if raw != c.data {
					t.Errorf("%s: the raw bytes are %q", c.name, raw)
				}
			}
			if r.RawAfter != after || r.Sequence != "49" || r.SubSequence != 3 {
				t.Errorf("%s: got %+v", c.name, r)
			}
			if f := r.Failure; f != nil && (f.Type != "processing-failed" || f.Step != "shape") {
				t.Errorf("%s: got %+v", c.name, f)
			}
		}
	}
}

func TestJQEndsEarly(t *testing.T) {
	s, err := NewJQ("jq", JQ{Program: ".[]", MaxBytes: 1024, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if s.Do(sink.Record{Data: []byte("[1,2]")}, func(sink.Record) bool { n++; return false }) || n != 1 {
		t.Errorf("Do went on after %d", n)
	}
}

func TestJQKeepsTheRawBytesOfStepsBefore(t *testing.T) {
	s, err := NewJQ("jq", JQ{Program: ".a", MaxBytes: 1024, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	s.Do(sink.Record{Data: []byte(`{"a":1}`), Raw: []byte("zipped"), RawAfter: "split"}, func(r sink.Record) bool {
		if string(r.Raw) != "zipped" || r.RawAfter != "split" || string(r.Data) != "1" {
			t.Errorf("got %+v", r)
		}
		return true
	})
}

// An error record of an empty record must not show what a step made of it: a redrive would run the step on that.
func TestEmptyRecordStaysItsRawBytes(t *testing.T) {
	s, err := NewJQ("jq", JQ{Program: `"made" + .`, Input: Text, Output: Text, MaxBytes: 1024, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	s.Do(sink.Record{}, func(r sink.Record) bool {
		if r.Failure != nil || string(r.Data) != "made" || r.Raw == nil || len(r.Raw) > 0 {
			t.Errorf("got %+v", r)
		}
		return true
	})
}

// FuzzJQ proves that no record breaks a program, and that programs that leave a record alone keep its bytes.
func FuzzJQ(f *testing.F) {
	for _, s := range []string{`{"a":1.10,"b":["\ud800",{}]}`, "1 2", `"x"`, "[[]]{}", "\xff", `{"a":{"a":[1e999,-0]}} `} {
		f.Add([]byte(s))
	}
	limits := func(program string) JQ { return JQ{Program: program, MaxBytes: 1 << 20, Timeout: 10 * time.Second} }
	var made []Each
	for _, do := range []JQ{limits("."), limits("if 1 == 1 then . else 1 end"), limits(`[.] | .[0]`), limits(".. | tojson, tostring"), limits("{a: .} | .a[0]?, (.a | keys?), (.a | [.[]?])")} {
		s, err := NewJQ("jq", do)
		if err != nil {
			f.Fatal(err)
		}
		made = append(made, s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for i, s := range made {
			s.Do(sink.Record{Data: data}, func(r sink.Record) bool {
				if i < 3 && !bytes.Equal(r.Data, data) {
					t.Fatalf("%q became %q", data, r.Data)
				}
				return true
			})
		}
	})
}
