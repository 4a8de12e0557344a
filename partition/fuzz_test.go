package partition

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzParse checks that what parses evaluates to a key head that S3 takes, and that the evaluator agrees.
func FuzzParse(f *testing.F) {
	for _, r := range readCases(f) {
		f.Add(r.expr, r.kind == Errors, r.at.Unix())
	}
	for i, r := range readJavaRows(f) {
		if i%10 == 0 {
			f.Add("!{timestamp:"+r.pattern+"}", false, int64(1e9))
		}
	}
	draw := func() string { return "046b6c7f-0b8a-4d5e-9f00-0123456789ab" }
	f.Fuzz(func(t *testing.T, expr string, isErrors bool, unix int64) {
		kind := Data
		if isErrors {
			kind = Errors
		}
		p, err := Parse(expr, kind)
		if err != nil {
			if p != nil || err.Error() == "" {
				t.Fatalf("prefix %v with error %q", p, err)
			}
			return
		}
		const years = 9998 * 365 * 86400
		at := time.Unix(unix%years-62135596800/2, 0)
		if y := at.UTC().Year(); y < 0 || y > 9998 {
			at = time.Unix(0, 0)
		}
		const failure = "AmazonOpenSearchService-failed"
		path := p.Path(at, failure)
		if other := p.Evaluator().Path(at, failure); other != path {
			t.Fatalf("%q: evaluator %q, prefix %q", expr, other, path)
		}
		key := ObjectKey(path, draw, "")
		limit := MaxLength
		if !strings.Contains(expr, "!{") {
			limit += longestErrorType + len("/2026/07/13/14/")
		}
		switch {
		case !utf8.ValidString(key):
			t.Fatalf("%q becomes %q, which is not UTF-8", expr, key)
		case utf8.RuneCountInString(key) > limit || len(key) > p.MaxBytes():
			t.Fatalf("%q becomes %d characters, %d bytes of %d", expr, utf8.RuneCountInString(key), len(key), p.MaxBytes())
		case strings.Contains(key, "!{"):
			t.Fatalf("%q leaves an expression in %q", expr, key)
		case strings.ContainsRune(key, randomMark):
			t.Fatalf("%q leaves a mark in %q", expr, key)
		case !strings.HasPrefix(key, p.Literal()):
			t.Fatalf("%q becomes %q, without its literal head %q", expr, key, p.Literal())
		}
	})
}

// FuzzLiteral checks that a prefix without expressions becomes itself and the default.
func FuzzLiteral(f *testing.F) {
	for _, s := range []string{"", "a", "a/", "/", "日本/", "!", "!!", "{}", "}!{", "a\x00", "'yyyy'"} {
		f.Add(s)
	}
	at := time.Date(2026, 7, 13, 14, 5, 6, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		plain := !strings.Contains(text, "!{") && utf8.ValidString(text) && utf8.RuneCountInString(text) <= MaxLength &&
			!strings.ContainsFunc(text, func(r rune) bool {
				return r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff
			})
		if !plain {
			return
		}
		for kind, appended := range map[Kind]string{Data: "2026/07/13/14/", Errors: "x/2026/07/13/14/"} {
			if got := mustParse(t, text, kind).Path(at, "x"); got != text+appended {
				t.Fatalf("%q becomes %q", text, got)
			}
		}
	})
}

// FuzzKeys checks that partition keys give a key head that S3 takes or an error, and that the evaluator agrees.
func FuzzKeys(f *testing.F) {
	f.Add("c/!{partitionKeyFromQuery:k}/!{timestamp:HH}/", "acme", "b")
	f.Add("!{partitionKeyFromQuery:k}!{partitionKeyFromLambda:k}/!{firehose:random-string}/", "a/b", "\x00")
	f.Add("!{partitionKeyFromQuery:k}", "!{firehose:random-string}", "")
	f.Add("!{partitionKeyFromQuery:}", strings.Repeat("x", 513), "\xff")
	at := time.Date(2026, 7, 13, 14, 5, 6, 0, time.UTC)
	f.Fuzz(func(t *testing.T, expr, first, second string) {
		p, err := Parse(expr, Data, WithKeys())
		if err != nil {
			return
		}
		e := p.Evaluator()
		for _, value := range []string{first, second, first} {
			values := make([]string, len(p.Keys()))
			for i := range values {
				values[i] = value
			}
			path, err := p.KeyedPath(at, values)
			other, otherErr := e.KeyedPath(at, values)
			if other != path || (err == nil) != (otherErr == nil) || err != nil && err.Error() != otherErr.Error() {
				t.Fatalf("%q with %q: evaluator %q, %v, prefix %q, %v", expr, value, other, otherErr, path, err)
			}
			if err != nil {
				continue
			}
			key := ObjectKey(path, func() string { return "046b6c7f-0b8a" }, "")
			limit := MaxLength
			if !strings.Contains(expr, "!{") {
				limit += len("2026/07/13/14/")
			}
			if !utf8.ValidString(key) || strings.ContainsRune(key, randomMark) || utf8.RuneCountInString(key) > limit {
				t.Fatalf("%q with %q becomes %q", expr, value, key)
			}
		}
	})
}
