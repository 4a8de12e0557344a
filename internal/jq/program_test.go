package jq

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/itchyny/gojq"
)

var usual = Limits{Bytes: 1 << 20, Memory: 64 << 20, Time: 10 * time.Second}

// results runs a program on one JSON value and gives its results as lines, the error as the last one.
func results(t testing.TB, program, input string, limits Limits) string {
	t.Helper()
	p, err := Compile(program, limits)
	if err != nil {
		return "compile: " + err.Error()
	}
	doc, err := NewReader([]byte(input), limits.Memory).Next()
	if err != nil {
		return "read: " + err.Error()
	}
	var out []string
	e := p.NewEncoder()
	err = p.Run(doc.Value, func(v any) error {
		data, err := e.JSON(doc, v)
		out = append(out, string(data))
		return err
	})
	if err != nil {
		out = append(out, "error: "+err.Error())
	}
	return strings.Join(out, "\n")
}

// plain does the same with gojq alone.
func plain(t testing.TB, program, input string) string {
	query, err := gojq.Parse(program)
	if err != nil {
		return "compile"
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return "compile"
	}
	d := json.NewDecoder(strings.NewReader(input))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	var out []string
	for iter := code.Run(v); ; {
		v, ok := iter.Next()
		if !ok {
			break
		}
		if err, ok := v.(error); ok {
			out = append(out, "error: "+err.Error())
			break
		}
		data, _ := gojq.Marshal(v)
		out = append(out, string(data))
	}
	return strings.Join(out, "\n")
}

// guardedPrograms use what is guarded in all places where queries stand.
var guardedPrograms = strings.Split(strings.TrimSpace(`
.
.a, .b, .c?
[.[] | tojson]
map_values(tostring)
.a * 3
.s * 2
.o * {"y": {"z": 1}}
.a - 1, (.l - [1]), (.l - .l)
.a -= 1 | .a *= 2
.a *= .b
.l -= [2]
.l[.a] = 7
.l[.a - 1 | . * 1] |= . + 1
.l[0] = 5
.l[-1] = 5
.l[1:] = [9]
.["a"], ."b", ."\("a" + "")"
.l | .[1:], .[:1], .[0:.[0]]
.l | join("-"), join("")
.s / "e", (.s | split("e")), (.s | split("e"; null))
.l | sort, unique, min, max, add, reverse, length
[.[] | numbers] | sort_by(-.), group_by(. > 2), unique_by(. % 2), min_by(.), max_by(-.)
.l | index(2), rindex(2), indices(2), index([2, 3])
.s | index("e"), rindex("e"), indices("e")
.s | test("e"), test("E"; "i"), test(["E", "i"])
.s | [match("(?<x>e)(l)?"; "g")]
.s | match("zz"), "none"
.s | [match("ö"; "g") | .offset, .length]
.s | capture("(?<first>.)(?<rest>.*)")
.s | [scan("[a-z]")], [scan("(.)(.)")]
.s | sub("l"; "L"), gsub("l"; "L"), gsub("(?<c>[a-z])"; "<\(.c)>")
.s | [splits("l+")]
.s | gsub("[aeiou]"; ""), gsub("^"; ">"), gsub("L"; "_"; "i")
.s | ascii_downcase, ascii_upcase, explode, (explode | implode)
.s | @text, @json, @html, @uri, @base64, (@base64 | @base64d)
.l | @csv, @tsv, @sh
@json "x\(.o)y\(.s)", "a\(.l)b", @html "<\(.s)>"
[.[] | type] | @csv "\(.)"
{"\(.s)": 1, (.s): 2, s, "t": .a, $__loc__: 1}
. as {a: $x, l: [$y, $z]} | [$x, $y, $z]
. as {("s"): $v} | $v
. as {"\("s")": $v} | $v
.l as [$h] | $h
reduce .l[] as $x (0; . + $x * 2)
reduce .m[] as [$x, $y] (0; . + $x - $y)
[foreach .l[] as $x (0; . + $x; [$x, . * 2])]
[foreach .l[] as $x (0; . + $x)]
if .a == .b then "same" elif .a < .b then "less" else "more" end
[.a == 1, .l == .l, .o != .m, .o <= .l, (.a | . > 0), .s >= "h"]
try (.s | tonumber) catch "no", (try error("x") catch .)
(.s | tonumber)?
[.l[] | select(. == (2, 3))]
label $out | .l[] | if . > 1 then ., break $out else . end
def f(x): x * x; f(.a), (.l | map(f(.)))
def join(x): "mine"; join(1)
def fac: if . <= 1 then 1 else . * (. - 1 | fac) end; 20 | fac
def tojson: 5; tojson, @json
[limit(3; repeat(1))], first(range(10)), [range(0; 10; 3)]
[paths], [paths(type == "number")]
[tostream], fromstream(tostream)
getpath(["o", "x"]), (getpath(["o", "y"]) = 3), setpath(["o", "z"]; .a)
del(.a), del(.l[0, 1]), delpaths([["a"], ["s"]]), to_entries, with_entries(.value |= tostring)
(.l[] | select(. > 1)) |= . * 10
.l |= map(select(. > 1))
.l[] |= empty
walk(if type == "number" then . + 1 else . end)
[.. | numbers], [recurse | strings]
.m | transpose, flatten, flatten(1), add, (map(add) | add)
.l | contains([2]), inside([1, 2, 3, 4]), any(. > 2), all(. > 0)
[.l | combinations(2)]
INDEX(.m[]; .[0]), ([.l[] | IN(2, 3)]), IN(.l[]; 3)
"1,2,3" | split(",") | map(tonumber) | add(.[]), add
"[1,{\"a\":2.50}]" | fromjson, (fromjson | tojson)
1700000000 | todate, strftime("%Y/%m/%d"), gmtime
"2023-11-14T22:13:20Z" | fromdate, (strptime("%Y-%m-%dT%H:%M:%SZ") | mktime)
[1, [2]] | getpath([1, 0]), (.[1][0] |= . - 1), ltrimstr("x")
ltrimstr("x"), (.s | ltrimstr("h"), rtrimstr("o"), startswith("h"), endswith("o"))
.n, .big, (.big + 1), {n, big}
[.l[] as $x | .l[] as $y | $x * $y]
(.l | length) as $n | .l | .[$n - 1], bsearch(2)
input_line_number
halt
1, halt, 2
"x" | halt_error
error, error("a\u0000b"), error({a: 1})
.s | error
.l | .[3, 4], .[-1], .["a"]?
pick(.o.x), pick(.l[1])
{} | .a.b.c = 1 | .d[2] = 1
[splits("a")]?
-.a, -(.a), +1, -1 - 1
.o.x // "none", (.zz // .a), (empty // 3)
.a and .b, (.zz or .a), (.a | not)
[.l[] | . % 2 == 0] | @text
"\(1;2)"?
ascii, @base32, ltrimstr
$ENV, env
`), "\n")

func TestGuardedProgramsGiveWhatGojqGives(t *testing.T) {
	const input = `{"a":1,"b":2,"big":12345678901234567890,"l":[1,2,3],"m":[[1,2],[3,4]],"n":1.10,"o":{"x":{"y":null}},"s":"hello wörld"}`
	ran := 0
	for _, program := range guardedPrograms {
		want := plain(t, program, input)
		got := results(t, program, input, usual)
		if strings.HasPrefix(got, "compile: ") {
			got = "compile"
		}
		if program == "$ENV, env" && got == "compile" {
			continue
		}
		wantLines, gotLines := strings.Split(want, "\n"), strings.Split(got, "\n")
		// Errors are worded differently where they show a user's data.
		for _, lines := range [][]string{wantLines, gotLines} {
			if last := len(lines) - 1; strings.HasPrefix(lines[last], "error: ") {
				lines[last] = "error"
			}
		}
		if strings.HasPrefix(want, "error: halt") || strings.Contains(want, "\nerror: halt") {
			wantLines = wantLines[:len(wantLines)-1]
			if strings.Contains(program, "halt_error") {
				wantLines = append(wantLines, "error")
			}
		}
		if g, w := strings.Join(gotLines, "\n"), strings.Join(wantLines, "\n"); g != w {
			t.Errorf("%s\ngives %s\ngojq's %s", program, got, want)
		}
		if want != "compile" {
			ran++
		}
	}
	t.Logf("%d programs ran", ran)
	if ran < 70 {
		t.Errorf("only %d programs ran", ran)
	}
}

func TestProgramsThatAreRefused(t *testing.T) {
	for program, want := range map[string]string{
		"":                          "missing query",
		".a |\n  .b..c":             `unexpected token`,
		"select(.a == )":            `at line 1, character 14`,
		"{\n  a: .a,\n  b: (}":      `at line 3, character 7`,
		"foo(1)":                    "function not defined: foo/1",
		"$x":                        "variable not defined: $x",
		"$ENV.HOME":                 "$ENV is not offered: the environment is not for records",
		"env":                       "env is not offered",
		"input":                     "input is not offered: each record is a program's only input",
		"[inputs]":                  "inputs is not offered",
		"debug":                     "debug is not offered",
		"input_filename":            "records come from no file",
		`import "a" as a; .`:        "import and include are not offered",
		`include "a"; .`:            "import and include are not offered",
		`"a" | modulemeta`:          "modulemeta is not offered",
		".a[2000000] = 1":           "the index 2000000 is greater than 1048576",
		"_multiply(1; 2)":           "there is no function _multiply",
		"_standpipe_small":          "there is no function _standpipe_small",
		". as [$a] | jn(1e9; 1e9)":  "jn is not offered",
		"def f: env; f":             "env is not offered",
		".[env]":                    "env is not offered",
		`"\(env)"`:                  "env is not offered",
		"{(env | tojson): 1}":       "env is not offered",
		"reduce env as $x (0; .)":   "env is not offered",
		". as {(env|tojson): $x}|1": "env is not offered",
	} {
		if _, err := Compile(program, usual); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", program, err, want)
		}
	}
}

func TestErrorsOfProgramsAreShort(t *testing.T) {
	long := strings.Repeat("secret\u0007", 1000)
	input, _ := json.Marshal(map[string]any{"s": long, "l": []string{long}})
	for _, program := range []string{".s | error", ".l | error", "{a: .l} | error", ".s | tonumber", ".s + .l", `error("x" + .s)`, ".[0]", ".s | halt_error", ".s | fromjson", ".s | strptime(.)", `.s|test("a"; .)`, `.s|test("(" + .)`} {
		got := results(t, program, string(input), usual)
		if !strings.HasPrefix(got, "error: ") || len(got) > 250 || strings.Contains(got, "\u0007") {
			t.Errorf("%s: got %q", program, got)
		}
	}
}

func TestRunEndsWithTheErrorOfItsYield(t *testing.T) {
	p, err := Compile("1, 2", usual)
	if err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	n := 0
	if err := p.Run(nil, func(any) error { n++; return enough }); err != enough || n != 1 {
		t.Errorf("got %v after %d", err, n)
	}
}
