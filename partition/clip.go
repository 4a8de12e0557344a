package partition

import (
	"strings"
	"unicode/utf8"
)

// longestClipped is the bytes of more characters than a path may have, of the longest in UTF-8: what was cut to it is
// refused as it was before.
const longestClipped = (MaxLength + 1) * utf8.UTFMax

// Clip cuts a value of a partition key that is too long for any path to some 2,000 bytes, which are too long too. Records
// that steps make of one share its values, and each would carry megabytes into its error record.
func Clip(value string) string {
	if len(value) <= longestClipped {
		return value
	}
	end := longestClipped
	for end > longestClipped-utf8.UTFMax && !utf8.RuneStart(value[end]) {
		end--
	}
	return strings.Clone(value[:end])
}
