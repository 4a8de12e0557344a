package partition

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestValuesAsTheyStandInPaths(t *testing.T) {
	for _, c := range []struct{ value, plain, hive string }{
		{"acme", "k=acme/", "k=acme/"},
		{"a b+c&d,e;f@g!h~i`j|k<l>$m(n)", "k=a b+c&d,e;f@g!h~i`j|k<l>$m(n)/", "k=a b+c&d,e;f@g!h~i`j|k<l>$m(n)/"},
		{"a/b", "k=a/b/", "k=a%2Fb/"},
		{"/items/5", "k=/items/5/", "k=%2Fitems%2F5/"},
		{"a=b:c%d", "k=a=b:c%d/", "k=a%3Db%3Ac%25d/"},
		{`"#'*?\{[]^`, `k="#'*?\{[]^/`, "k=%22%23%27%2A%3F%5C%7B%5B%5D%5E/"},
		{"日本 é", "k=日本 é/", "k=日本 é/"},
		{"a\tb\x7f\x00", "", "k=a%09b%7F%00/"},
		{".", "k=./", "k=%2E/"},
		{"..", "k=../", "k=%2E%2E/"},
		{"...", "k=.../", "k=.../"},
		{"../x", "k=../x/", "k=..%2Fx/"},
		{"x/..", "", "k=x%2F../"},
		{"x/./y", "", "k=x%2F.%2Fy/"},
		{"é\xff", "", ""},
		{"a\u0085", "", ""},
		{"\ufffe", "", ""},
		{"", "", ""},
	} {
		for _, hive := range []bool{false, true} {
			opts, want := []Option{WithKeys()}, c.plain
			if hive {
				opts, want = append(opts, HiveValues()), c.hive
			}
			p := mustParse(t, "k=!{partitionKeyFromQuery:k}/", Data, opts...)
			got, err := p.KeyedPath(time.Time{}, []string{c.value})
			if got != want || (err == nil) != (want != "") || p.Hive() != hive {
				t.Errorf("%q, hive %v: %q, %v; want %q", c.value, hive, got, err, want)
			}
			if hive && want != "" && Unescape(got) != "k="+c.value+"/" {
				t.Errorf("%q is read back as %q", c.value, Unescape(got))
			}
		}
	}
}

func TestUnescapeLeavesOtherPercentSigns(t *testing.T) {
	for text, want := range map[string]string{"": "", "a": "a", "%": "%", "%4": "%4", "%41": "A", "%zz%4g": "%zz%4g", "%2f%2F": "//", "%%41": "%A", "%0@": "%0@", "%\x104": "%\x104"} {
		if got := Unescape(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestPathsThatAreRefused(t *testing.T) {
	const bare = "!{partitionKeyFromQuery:k}/"
	for _, c := range []struct {
		expr, value string
		opts        []Option
		want        string
	}{
		{bare, ".", nil, `evaluate prefix: the path has a folder "." or ".." with its partition keys`},
		{bare, "..", nil, `the path has a folder "." or ".."`},
		{bare, "../..", nil, `the path has a folder "." or ".."`},
		{bare, "a/../../b", nil, `the path has a folder "." or ".."`},
		{".!{partitionKeyFromQuery:k}/", ".", []Option{HiveValues()}, ""},
		{".!{partitionKeyFromQuery:k}/", ".", nil, `the path has a folder "." or ".."`},
		{"!{partitionKeyFromQuery:k}", "..", nil, ""}, // the name follows
		{"../" + bare, "..", nil, ""},                 // the prefix does it itself
		{bare, "..", []Option{HiveValues()}, ""},
		{bare, strings.Repeat("é", 400), []Option{NamesOf(224)}, "evaluate prefix: the path makes keys of 1025 bytes with its partition keys, S3 takes 1024"},
		{bare, strings.Repeat("é", 400), []Option{NamesOf(223)}, ""},
		{bare + "!{firehose:random-string}/", strings.Repeat("é", 400), []Option{NamesOf(212)}, "makes keys of 1025 bytes"},
		{bare, strings.Repeat("/", 200), []Option{HiveValues()}, "the path is 601 characters long"},
		{bare, "_standpipe/app", []Option{OutOf("_standpipe/app/", "errors/")}, `evaluate prefix: the path begins with "_standpipe/app/" with its partition keys, where other objects lie`},
		{bare, "errors/x", []Option{OutOf("_standpipe/app/", "errors/")}, `the path begins with "errors/"`},
		{bare, "errors", []Option{OutOf("_standpipe/app/", "errors/")}, `the path begins with "errors/"`},
		{bare, "errors-2", []Option{OutOf("_standpipe/app/", "errors/", "")}, ""},
		{"a/b/" + bare, "x", []Option{OutOf("a/", "a/b/")}, ""}, // where the whole prefix lies
	} {
		p := mustParse(t, c.expr, Data, append(c.opts, WithKeys())...)
		_, err := p.KeyedPath(time.Time{}, []string{c.value})
		var bad *KeyError
		if errors.As(err, &bad) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %.20q: %v, want %q", c.expr, c.value, err, c.want)
		}
	}
}

func TestLongExpressionsAreRefused(t *testing.T) {
	expr := "!{timestamp:yyyy}" + strings.Repeat("!{timestamp:''}", 67) // 1022 characters, but 71 after evaluation
	mustParse(t, expr+"éé", Data)
	if _, err := Parse(expr+"ééé", Data); err == nil || !strings.Contains(err.Error(), "is 1025 characters long: 1024 are allowed") {
		t.Error(err)
	}
}

// What a record holds never makes a key that S3 does not take; values that differ differ in their paths, with HiveValues
// also when there are several; and what it has written can be read back.
func TestAnyValueMakesAKeyOrAnError(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	runes := []rune("aZ09._-/=%:+ '\"\\?#{}[]*^!|\x00\n\t\x7f\u0080é日\ufffe\U0001F600")
	draw := func() string {
		var b strings.Builder
		for range r.IntN(9) {
			if r.IntN(40) == 0 {
				b.WriteByte(byte(r.Uint32()))
			}
			b.WriteString(strings.Repeat(string(runes[r.IntN(len(runes))]), 1+r.IntN(2)*r.IntN(150)*r.IntN(2)))
		}
		return b.String()
	}
	const name = 300
	at := time.Date(2026, 7, 13, 14, 5, 6, 0, time.UTC)
	for _, opts := range [][]Option{nil, {HiveValues()}} {
		p := mustParse(t, "x/a=!{partitionKeyFromQuery:a}/!{timestamp:HH}/b=!{partitionKeyFromQuery:b}/!{firehose:random-string}", Data, append(opts, WithKeys(), NamesOf(name))...)
		e := p.Evaluator()
		seen := map[string][2]string{}
		good := 0
		for range 20_000 {
			values := [2]string{draw(), draw()}
			path, err := p.KeyedPath(at, values[:])
			if again, againErr := e.KeyedPath(at, values[:]); again != path || (err == nil) != (againErr == nil) {
				t.Fatalf("%q: %q and %q", values, path, again)
			}
			if err != nil {
				continue
			}
			good++
			key := ObjectKey(path, func() string { return "046b6c7f-0b8a" }, strings.Repeat("n", name))
			if len(key) > maxKeyBytes || !utf8.ValidString(key) || strings.ContainsAny(key, "\x00\n\t\x7f\u0080\ufffe") || dottedFolder(key) {
				t.Fatalf("%q makes %q", values, key)
			}
			before, known := seen[path]
			if known && before != values && (p.Hive() || before[0] == values[0] && before[1] != values[1]) {
				t.Fatalf("%q and %q share %q", before, values, path)
			}
			seen[path] = values
			if p.Hive() {
				folders := strings.Split(path, "/")
				if len(folders) != 5 || Unescape(folders[1]) != "a="+values[0] || Unescape(folders[3]) != "b="+values[1] {
					t.Fatalf("%q is read back from %q", values, path)
				}
			}
		}
		if good < 2000 {
			t.Errorf("only %d of 20,000 make a path", good)
		}
	}
}
