package steps

import (
	"bytes"

	"standpipe/internal/jsontext"
)

// values gives the JSON values that follow each other in data.
func values(data []byte, each func(piece []byte) bool) (at int, what string) {
	v := jsontext.NewValues(data)
	if !v.More() {
		return v.At(), "no JSON value"
	}
	for v.More() {
		value, _, fault := v.Next()
		if fault != "" {
			return v.At(), fault
		}
		if !each(value) {
			break
		}
	}
	return 0, ""
}

// elements gives the elements of the array that data is, and data itself where it begins as something else.
func elements(data []byte, each func(piece []byte) bool) (at int, what string) {
	v := jsontext.NewValues(data)
	if !v.More() {
		return v.At(), "no JSON value"
	}
	if data[v.At()] != '[' {
		each(data)
		return 0, ""
	}
	const enough = "enough"
	at, what = jsontext.Elements(data, v.At(), func(i int) (int, string) {
		end, _, fault := jsontext.ScanValue(data, i)
		if fault == "" && !each(data[i:end:end]) {
			fault = enough
		}
		return end, fault
	})
	switch what {
	case enough:
		return 0, ""
	case "":
		if at, _ = jsontext.SkipSpace(data, at); at < len(data) {
			what = "unexpected character after the array"
		}
	}
	return at, what
}

// between gives what is between delimiters, in front of the first and behind the last one, but nothing behind one that
// ends the data.
func between(delimiter []byte) pieces {
	return func(data []byte, each func(piece []byte) bool) (at int, what string) {
		for len(data) > 0 {
			piece, rest, _ := bytes.Cut(data, delimiter)
			if !each(piece[:len(piece):len(piece)]) {
				break
			}
			data = rest
		}
		return 0, ""
	}
}
