package jsontext

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// AppendUnescaped appends the text of a JSON string without its quotes, whose escapes are known to be valid. Half a
// surrogate pair becomes U+FFFD, so the text is UTF-8. It is never longer than raw: dst may be raw[:0].
func AppendUnescaped(dst, raw []byte) []byte {
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
