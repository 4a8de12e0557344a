package parquet

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
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
	s.scratch = appendUnescaped(s.scratch[:0], key)
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

// appendUnescaped appends the text of a JSON string without its quotes, whose escapes are known to be valid. Half a
// surrogate pair becomes U+FFFD, since text in Parquet is UTF-8.
func appendUnescaped(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i]...)
		c := raw[i+1]
		raw = raw[i+2:]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r := hex4(raw)
			raw = raw[4:]
			if r >= 0xd800 && r < 0xe000 {
				pair := unicode.ReplacementChar
				if r < 0xdc00 && len(raw) >= 6 && raw[0] == '\\' && raw[1] == 'u' {
					if second := hex4(raw[2:]); second >= 0xdc00 && second < 0xe000 {
						pair = (r-0xd800)<<10 | (second - 0xdc00) + 0x10000
						raw = raw[6:]
					}
				}
				r = pair
			}
			dst = utf8.AppendRune(dst, r)
			continue
		}
		dst = append(dst, c)
	}
}

func hex4(b []byte) (r rune) {
	for _, c := range b[:4] {
		if c > '9' {
			c = c&^0x20 - 'A' + 10 + '0'
		}
		r = r<<4 | rune(c-'0')
	}
	return r
}
