package partition

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Problem is one reason for which an expression is refused.
type Problem struct {
	Offset int    // byte of the expression, from 0, where Text starts
	Text   string // the offending part of the expression, as written
	Reason string // what is wrong with it and what is allowed, to be read after the text
}

// String gives the problem as a sentence for users.
func (p Problem) String() string {
	return fmt.Sprintf("offset %d: %s %s", p.Offset, quote(p.Text), p.Reason)
}

// ParseError is what Parse returns: all the problems of an expression, in the order of their offsets. There is
// at least one.
type ParseError struct {
	Problems []Problem
}

// Error joins the sentences of all problems with semicolons.
func (e *ParseError) Error() string {
	all := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		all[i] = p.String()
	}
	return strings.Join(all, "; ")
}

// quote shortens text to what a message can carry and makes its control characters visible.
func quote(text string) string {
	const most = 60
	if utf8.RuneCountInString(text) <= most {
		return strconv.Quote(text)
	}
	n := 0
	for i := range text {
		if n == most {
			return strconv.Quote(text[:i] + "…")
		}
		n++
	}
	return strconv.Quote(text)
}
