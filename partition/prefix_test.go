package partition

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func mustParse(t testing.TB, expr string, kind Kind, opts ...Option) *Prefix {
	t.Helper()
	p, err := Parse(expr, kind, opts...)
	if err != nil {
		t.Fatalf("Parse(%q): %v", expr, err)
	}
	return p
}

// The rows of Java's results that RFC 3339 has no times for.
func TestYearsOutsideFourDigits(t *testing.T) {
	for _, c := range []struct {
		pattern string
		year    int
		want    string
	}{
		{"y", 12345, "12345"}, {"yy", 12345, "45"}, {"yyy", 12345, "12345"}, {"yyyy", 12345, "+12345"},
		{"uuuu", 12345, "+12345"}, {"yyyy", -7, "0008"}, {"y", -7, "8"}, {"yy", -7, "08"},
		{"u", -7, "-7"}, {"uu", -7, "07"}, {"uuu", -7, "-007"}, {"uuuu", -7, "-0007"},
		{"yyyyy", 12345, "12345"}, {"yyyyy", 123456, "+123456"}, {"uuuuu", -7, "-00007"},
		{"uuuuuuuuuu", -7, "-0000000007"},
	} {
		p := mustParse(t, "!{timestamp:"+c.pattern+"}", Data)
		if got := p.Path(time.Date(c.year, 1, 2, 3, 4, 5, 0, time.UTC), ""); got != c.want {
			t.Errorf("%s of the year %d = %q, want %q", c.pattern, c.year, got, c.want)
		}
	}
}

// Every problem is in the one error, in the order of the expression, with nothing after them lost.
func TestAllProblemsAtOnce(t *testing.T) {
	_, err := Parse("a\x01/!{firehose:error-output-type}/!{timestamp:bb/dddd}/!{x}\xff", Data)
	if err == nil {
		t.Fatal("accepted")
	}
	const want = `offset 1: "\x01" is a control character: printable characters are allowed; ` +
		`offset 3: "!{firehose:error-output-type}" may only stand in an error prefix: a data prefix may contain !{timestamp:…} or !{firehose:random-string}; ` +
		`offset 45: "bb" is not a known letter: if it is text, write 'bb' (` + usualLetters + `); ` +
		`offset 48: "dddd" has 4 letters: write d or dd; ` +
		`offset 54: "!{x}" is no known expression: !{timestamp:…} or !{firehose:random-string} may be used; ` +
		`offset 58: "\xff" is not UTF-8: keys in S3 are UTF-8 text`
	if err.Error() != want {
		t.Errorf("got  %v\nwant %v", err, want)
	}
}

// An expression that was not understood may be the missing one, so it alone is reported.
func TestMisspeltErrorTypeIsNotAlsoMissing(t *testing.T) {
	_, err := Parse("e/!{firehose:error-type}/", Errors)
	if err == nil || len(err.(*ParseError).Problems) != 1 {
		t.Errorf("got %v, want one problem", err)
	}
}

func TestLengthAfterEvaluation(t *testing.T) {
	for _, c := range []struct {
		name, expr string
		kind       Kind
		problem    string
	}{
		{"a plain prefix at the limit", strings.Repeat("a", 512), Data, ""},
		{"a plain error prefix at the limit", strings.Repeat("a", 512), Errors, ""},
		{"a plain prefix past it", strings.Repeat("a", 513), Data, "can become 513 characters long when it is evaluated: 512 are allowed"},
		{"characters, not bytes", strings.Repeat("日", 512), Data, ""},
		{"a random string takes 11", strings.Repeat("a", 501) + randomExpr, Data, ""},
		{"and not 10", strings.Repeat("a", 502) + randomExpr, Data, "can become 513 characters"},
		{"an error type takes up to 30", strings.Repeat("a", 482) + errorTypeExpr, Errors, ""},
		{"and not 29", strings.Repeat("a", 483) + errorTypeExpr, Errors, "can become 513 characters"},
		{"a longer expression may become shorter", strings.Repeat("a", 510) + "!{timestamp:yy}", Data, ""},
		{"a single letter can become two digits", strings.Repeat("a", 511) + "!{timestamp:d}", Data, "can become 513 characters"},
		{"y is a whole year", strings.Repeat("a", 509) + "!{timestamp:y}", Data, "can become 513 characters"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(c.expr, c.kind)
			if (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
				t.Errorf("got %v, want %q", err, c.problem)
			}
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("the message quotes the whole expression: %v", err)
			}
		})
	}
}

func TestLiteralStringAndMaxBytes(t *testing.T) {
	for _, c := range []struct {
		expr    string
		kind    Kind
		literal string
		bytes   int
	}{
		{"", Data, "", len("2026/07/13/14/")},
		{"", Errors, "", 30 + len("/2026/07/13/14/")},
		{"clicks", Data, "clicks", len("clicks2026/07/13/14/")},
		{"日/", Data, "日/", 4 + len("2026/07/13/14/")},
		{"a/!{timestamp:'x='yyyy}/b/!{timestamp:M}", Data, "a/", len("a/x=2026/b/12")},
		{"!{timestamp:yyyy}", Data, "", 4},
		{"!{timestamp:A}", Data, "", 8},
		{"!{timestamp:NNNNNNNNNNNNNNN}", Data, "", 15},
		{"!{timestamp:MMMM}", Data, "", len("September")},
		{"!{timestamp:EEEE}", Data, "", len("Wednesday")},
		{"!{timestamp:zzzz}", Data, "", len("Coordinated Universal Time")},
		{"!{timestamp:pppppH}", Data, "", 5},
		{"e/!{firehose:random-string}/!{firehose:error-output-type}", Errors, "e/", 2 + 11 + 1 + 30},
	} {
		p := mustParse(t, c.expr, c.kind)
		if p.Literal() != c.literal || p.String() != c.expr || p.MaxBytes() != c.bytes {
			t.Errorf("%q: literal %q, string %q, %d bytes; want %q and %d", c.expr, p.Literal(), p, p.MaxBytes(), c.literal, c.bytes)
		}
	}
}

func TestNoZoneIsUTC(t *testing.T) {
	at := time.Date(2026, 1, 1, 8, 0, 0, 0, time.FixedZone("", 9*3600))
	for _, opts := range [][]Option{nil, {InZone(nil)}} {
		if got := mustParse(t, "", Data, opts...).Path(at, ""); got != "2025/12/31/23/" {
			t.Errorf("got %q", got)
		}
	}
}

func TestWarningsAreACopy(t *testing.T) {
	p := mustParse(t, "/!{timestamp:yyyy/mm}", Data)
	first := p.Warnings()
	if len(first) != 2 {
		t.Fatalf("warnings: %q", first)
	}
	want := slices.Clone(first)
	first[0] = ""
	if got := p.Warnings(); !slices.Equal(got, want) {
		t.Errorf("a caller changed the warnings to %q", got)
	}
}
