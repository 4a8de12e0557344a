package sink

import (
	"fmt"

	"standpipe/internal/jsontext"
)

// jsonError says why a record is not JSON. Its message never repeats bytes of the record, so it can go into logs and
// error records as it is.
type jsonError struct {
	offset int    // of the first offending byte in the record, a byte order mark included
	what   string // a noun phrase, such as "control character in a string"
}

func (e *jsonError) Error() string {
	return fmt.Sprintf("%s at byte %d", e.what, e.offset)
}

// appendLines appends the JSON values in one record's data to dst, each as a line with end behind it, and returns how many
// lines that made. A UTF-8 byte order mark at the start and white space around values are dropped. A value that stands
// on one line is copied byte for byte; one that spans several loses its insignificant white space and nothing else, so
// numbers, escapes and the order of keys stay as they came.
//
// Values follow each other after white space, or directly where one of the two is an object, an array or a string:
// {"a":1}{"b":2} makes two lines, while 01 and truefalse are errors.
//
// The grammar is RFC 8259, with valid UTF-8 required; an escape of a lone surrogate is accepted, as the RFC leaves it to
// the reader. Nesting is not limited: it takes one bit a level, at most an eighth of the record, and no recursion.
//
// For data that holds no value, or is not JSON, appendLines returns dst with its old length and a *jsonError. It
// allocates only to grow dst, for an error, or beyond 64 levels of nesting. data is not changed or kept.
func appendLines(dst, data []byte, end string) (out []byte, lines int, err error) {
	out = dst
	values := jsontext.NewValues(data)
	switch {
	case len(data) == 0:
		return dst, 0, &jsonError{0, "empty record"}
	case !values.More():
		return dst, 0, &jsonError{values.At(), "no JSON value, only white space,"}
	}
	for values.More() {
		value, multiline, fault := values.Next()
		if fault != "" {
			return dst, 0, &jsonError{values.At(), fault}
		}
		if multiline {
			out = jsontext.AppendCompact(out, value)
		} else {
			out = append(out, value...)
		}
		out = append(out, end...)
		lines++
	}
	return out, lines, nil
}
