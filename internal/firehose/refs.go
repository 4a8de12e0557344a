package firehose

import (
	"strings"
	"unicode"
)

// Texts hold references whose values are not in the files between two characters of private use, which no other text
// can hold: see clean. So they pass through whatever is done to texts, and come out where they are used.
const (
	refOpen  = '\uE000'
	refClose = '\uE001'
)

// longestText is what a text may grow to when references are put into it.
const longestText = 64 << 10

// unresolved is the text of a reference.
func unresolved(ref string) string {
	ref = strings.Join(strings.Fields(clean(ref)), " ")
	if r := []rune(ref); len(r) > 80 {
		ref = string(r[:79]) + "…"
	}
	return string(refOpen) + ref + string(refClose)
}

// clean takes from a text of a file what could be taken for a reference, and bytes that are no UTF-8.
func clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if !strings.ContainsAny(text, string(refOpen)+string(refClose)) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r == refOpen || r == refClose {
			return -1
		}
		return r
	}, text)
}

// bounded is text, or a reference in its place if it grew too long.
func bounded(text, ref string) string {
	if len(text) > longestText {
		return unresolved(ref)
	}
	return text
}

// refs lists the references in a text.
func refs(text string) (all []string) {
	for {
		i := strings.IndexRune(text, refOpen)
		if i < 0 {
			return all
		}
		text = text[i+len(string(refOpen)):]
		ref, rest, _ := strings.Cut(text, string(refClose)) // without an end where a function cut it off
		all, text = append(all, ref), rest
	}
}

// replaceRefs puts what with makes of them in the places of references.
func replaceRefs(text string, with func(ref string) string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(text, string(refOpen))
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		ref, rest, _ := strings.Cut(after, string(refClose))
		b.WriteString(with(ref))
		text = rest
	}
}

// shown is a text as people read it, with ${…} around references.
func shown(text string) string {
	text = replaceRefs(text, func(ref string) string { return "${" + ref + "}" })
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

// arnParts cuts a text at its colons, but not inside of references, into at most n parts.
func arnParts(text string, n int) []string {
	var parts []string
	begin, inside := 0, false
	for i, r := range text {
		switch {
		case r == refOpen:
			inside = true
		case r == refClose:
			inside = false
		case r == ':' && !inside && len(parts) < n-1:
			parts = append(parts, text[begin:i])
			begin = i + 1
		}
	}
	return append(parts, text[begin:])
}
