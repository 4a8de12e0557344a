package eventtime

import (
	"fmt"
	"testing"
)

func TestPlainPaths(t *testing.T) {
	for text, want := range map[string]string{
		".": "[]", ".time": "[time]", " .time\n": "[time]", ".a.b[0]": "[a b 0]", `."a b"`: "[a b]", `.["x"]`: "[x]", `.a["x y"].z`: "[a x y z]",
		`."a"."b"`: "[a b]", ".[0]": "[0]", ".[0][12].a": "[0 12 a]", ".a.[0]": "[a 0]", `.a."b"`: "[a b]", `.a.["b"]`: "[a b]", "._a1": "[_a1]",
		`."\u0041\n"`: "[A\n]", ".and": "[and]", `.""`: "[]",
		"": "no", "time": "no", ".a b": "no", ".a.": "no", "..": "no", "..a": "no", ".a[]": "no", ".a[-1]": "no", ".a[0:2]": "no", ".a?": "no", ".[a]": "no", ".a[1234567]": "no",
		`.a"b"`: "no", `."a\(1)"`: "no", `."a`: "no", `.["a"`: "no", ".a | .b": "no", ".1": "no", ".a-b": "no", ".é": "no", `.["a"]"b"`: "no", ".a[0]b": "no",
	} {
		got := "no"
		if steps, plain := parseSteps(text); plain {
			names := []any{}
			for _, s := range steps {
				if s.index >= 0 {
					names = append(names, s.index)
				} else {
					names = append(names, s.key)
				}
			}
			got = fmt.Sprint(names)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
