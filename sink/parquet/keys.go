package parquet

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"standpipe/internal/jsontext"
)

// lookup finds the first field of n that key fills, -1 if none does. key is what stands between the quotes, escapes
// included; before is the field found before it in the same object, or -1.
//
// Records of a stream tend to have the same keys in the same order and spelling, so it tries first what came last time.
func (s *Shredder) lookup(n *node, before int, key []byte) int {
	guess := int(s.guesses[n.slot+before+1])
	if guess < len(n.fields) && string(key) == s.spelling[n.slot+guess] && len(key) > 0 {
		return guess
	}
	options := &s.schema.options
	s.scratch = jsontext.AppendUnescaped(s.scratch[:0], key)
	if !options.CaseSensitive {
		s.scratch = lower(s.scratch)
	}
	if options.DotsToUnderscores {
		for i, c := range s.scratch {
			if c == '.' {
				s.scratch[i] = '_'
			}
		}
	}
	f, found := n.table[string(s.scratch)]
	if !found {
		return -1
	}
	s.guesses[n.slot+before+1] = int32(f)
	if s.spelling[n.slot+f] == "" {
		s.spelling[n.slot+f] = string(key)
	}
	return f
}

// lower changes valid UTF-8 to lower case, in place where it is ASCII, as strings.ToLower does.
func lower(b []byte) []byte {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c | 0x20
		} else if c >= utf8.RuneSelf {
			return append(b[:i], strings.Map(unicode.ToLower, string(b[i:]))...)
		}
	}
	return b
}
