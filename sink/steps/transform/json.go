package transform

import (
	"encoding/json"
	"iter"

	"standpipe/internal/jsontext"
)

// jsonValue is a checked JSON value, empty where there is none. Names of members are told apart by case, as Firehose does.
type jsonValue []byte

// parseJSON checks that data is one JSON value. It builds nothing, whatever the data.
func parseJSON(data []byte) (jsonValue, bool) {
	start, _ := jsontext.SkipSpace(data, 0)
	end, _, fault := jsontext.ScanValue(data, start)
	if fault != "" {
		return nil, false
	}
	rest, _ := jsontext.SkipSpace(data, end)
	return data[start:end], rest == len(data)
}

func (v jsonValue) isNull() bool   { return len(v) == 0 || v[0] == 'n' }
func (v jsonValue) isObject() bool { return len(v) > 0 && v[0] == '{' }

// text is the value of a string.
func (v jsonValue) text() (string, bool) {
	if len(v) == 0 || v[0] != '"' {
		return "", false
	}
	for _, c := range v {
		if c == '\\' {
			var s string
			err := json.Unmarshal(v, &s)
			return s, err == nil
		}
	}
	return string(v[1 : len(v)-1]), true
}

// members gives those of an object in order; of anything else there are none.
func (v jsonValue) members() iter.Seq2[string, jsonValue] {
	return func(yield func(string, jsonValue) bool) {
		if !v.isObject() {
			return
		}
		for i := v.skip(1); v[i] != '}'; {
			name := v.next(i)
			i = v.skip(v.skip(i+len(name)) + len(":"))
			value := v.next(i)
			text, _ := name.text()
			if !yield(text, value) {
				return
			}
			if i = v.skip(i + len(value)); v[i] == ',' {
				i = v.skip(i + 1)
			}
		}
	}
}

// member is the last one of that name.
func (v jsonValue) member(name string) (found jsonValue) {
	for n, value := range v.members() {
		if n == name {
			found = value
		}
	}
	return found
}

// elements gives those of an array with their indexes; of anything else there are none.
func (v jsonValue) elements() iter.Seq2[int, jsonValue] {
	return func(yield func(int, jsonValue) bool) {
		if len(v) == 0 || v[0] != '[' {
			return
		}
		n := 0
		for i := v.skip(1); v[i] != ']'; n++ {
			value := v.next(i)
			if !yield(n, value) {
				return
			}
			if i = v.skip(i + len(value)); v[i] == ',' {
				i = v.skip(i + 1)
			}
		}
	}
}

// next is the value that begins at an index.
func (v jsonValue) next(i int) jsonValue {
	end, _, _ := jsontext.ScanValue(v, i)
	return v[i:end]
}

func (v jsonValue) skip(i int) int {
	next, _ := jsontext.SkipSpace(v, i)
	return next
}
