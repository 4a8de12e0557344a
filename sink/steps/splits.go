package steps

import (
	"bytes"

	"standpipe/internal/jsontext"
)

// values finds the JSON values that follow each other in data.
func values(data []byte, add func(start, end int) bool) (at int, what string) {
	v := jsontext.NewValues(data)
	if !v.More() {
		return v.At(), "no JSON value"
	}
	for v.More() {
		start := v.At()
		value, _, fault := v.Next()
		if fault != "" {
			return v.At(), fault
		}
		if !add(start, start+len(value)) {
			break
		}
	}
	return 0, ""
}

// elements finds the elements of the array that data is, and takes data as a whole where it begins as something else.
func elements(data []byte, add func(start, end int) bool) (at int, what string) {
	v := jsontext.NewValues(data)
	if !v.More() {
		return v.At(), "no JSON value"
	}
	if data[v.At()] != '[' {
		add(0, len(data))
		return 0, ""
	}
	const enough = "enough"
	at, what = jsontext.Elements(data, v.At(), func(i int) (int, string) {
		end, _, fault := jsontext.ScanValue(data, i)
		if fault == "" && !add(i, end) {
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

// between finds what is between delimiters, in front of the first and behind the last one, but nothing behind one that
// ends the data.
func between(delimiter []byte) pieces {
	return func(data []byte, add func(start, end int) bool) (at int, what string) {
		for start := 0; start < len(data); {
			length := bytes.Index(data[start:], delimiter)
			if length < 0 {
				length = len(data) - start
			}
			if !add(start, start+length) {
				break
			}
			start += length + len(delimiter)
		}
		return 0, ""
	}
}
