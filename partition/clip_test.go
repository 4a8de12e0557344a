package partition

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Values that a path may hold stay as they are; what is cut is refused in the same outputs as it was, and stays UTF-8.
func TestClip(t *testing.T) {
	var evaluators []*Evaluator
	for _, opts := range [][]Option{nil, {HiveValues()}} {
		evaluators = append(evaluators, mustParse(t, "!{partitionKeyFromQuery:k}/", Data, append(opts, WithKeys())...).Evaluator())
	}
	for _, unit := range []string{"k", "é", "語", "😀", "\x80"} {
		for n := 1; n < 3000; n++ {
			value := strings.Repeat(unit, n)
			got := Clip(value)
			if len(got) > longestClipped || !strings.HasPrefix(value, got) || utf8.ValidString(got) != utf8.ValidString(value) {
				t.Fatalf("%d of %q became %d bytes", n, unit, len(got))
			}
			if got == value {
				continue
			}
			for i, e := range evaluators {
				if _, err := e.KeyedPath(time.Unix(0, 0), []string{got}); err == nil {
					t.Fatalf("evaluator %d takes %d bytes of %d of %q", i, len(got), n, unit)
				}
			}
		}
	}
}
