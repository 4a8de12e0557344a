package dynamofake

import (
	"strings"
	"unicode/utf8"
)

type tokenKind int

const (
	tokenEnd     tokenKind = iota
	tokenWord              // an attribute name, a function's name or a keyword
	tokenName              // #placeholder
	tokenValue             // :placeholder
	tokenNumber            // a list index
	tokenSymbol            // an operator or a bracket
	tokenUnknown           // a character that belongs to no token
)

type token struct {
	kind       tokenKind
	text       string
	start, end int // byte offsets in the source
}

// lex cuts an expression into tokens; the last one is tokenEnd. It accepts any input: what makes no token is
// left for the parser to refuse.
func lex(src string) []token {
	var out []token
	add := func(k tokenKind, from, to int) { out = append(out, token{k, src[from:to], from, to}) }
	for i := 0; i < len(src); {
		c, start := src[i], i
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
			continue
		case isLetter(c):
			i += wordLen(src[i:])
			add(tokenWord, start, i)
		case (c == '#' || c == ':') && wordLen(src[i+1:]) > 0:
			i += 1 + wordLen(src[i+1:])
			if c == '#' {
				add(tokenName, start, i)
			} else {
				add(tokenValue, start, i)
			}
		case c >= '0' && c <= '9':
			for i++; c != '0' && i < len(src) && src[i] >= '0' && src[i] <= '9'; i++ {
			}
			add(tokenNumber, start, i)
		default:
			n := symbolLen(src[i:])
			k := tokenSymbol
			if n == 0 {
				k = tokenUnknown
				_, n = utf8.DecodeRuneInString(src[i:])
			}
			i += n
			add(k, start, i)
		}
	}
	return append(out, token{tokenEnd, "<EOF>", len(src), len(src)})
}

func symbolLen(s string) int {
	for _, op := range []string{"<>", "<=", ">="} {
		if strings.HasPrefix(s, op) {
			return 2
		}
	}
	if strings.IndexByte("=<>+-()[].,", s[0]) >= 0 {
		return 1
	}
	return 0
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func wordLen(s string) int {
	n := 0
	for n < len(s) && (isLetter(s[n]) || s[n] >= '0' && s[n] <= '9' || s[n] == '_') {
		n++
	}
	return n
}
