package parquet

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxName is the longest name of a column in Glue, in bytes.
// https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html
const maxName = 255

// nameProblem says why no column or field can have the name, or nothing. Refused are the characters that parquet-mr and
// Spark do not take in the name of a field, and those that cut names in Hive's own lists and in paths of columns.
func nameProblem(name string) string {
	switch {
	case name == "":
		return "is empty; give it one"
	case len(name) > maxName:
		return fmt.Sprintf("%q has %d bytes; at most %d are allowed", clip(name, 40), len(name), maxName)
	case !utf8.ValidString(name):
		return "is not valid UTF-8; rename it"
	}
	for _, r := range name {
		if r < ' ' || r == 0x7f || strings.ContainsRune(" ,;{}()=.:<>`\"\\", r) {
			return fmt.Sprintf("%q has %q in it, which readers of Parquet refuse; rename it, and map its JSON key to the new name", clip(name, 40), r)
		}
	}
	return ""
}

// clip cuts s after n code points and marks that it did.
func clip(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i] + "…"
		}
	}
	return s
}
