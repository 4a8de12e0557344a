package eventtime

import (
	"bytes"
	"encoding/json"

	"standpipe/internal/jsontext"
)

// scan checks the value that starts at data[i] and finds the one that the steps lead to, data[from:to], empty if there is none.
// Of a key that an object has twice, the last counts, as it does for jq. It returns the index after the whole value; fault is
// empty or says what is wrong at data[end].
func scan(data []byte, i int, steps []step) (from, to, end int, fault string) {
	into := byte(0)
	if len(steps) > 0 && i < len(data) {
		into = data[i]
	}
	switch {
	case into == '{' && steps[0].index < 0:
		return scanObject(data, i, steps)
	case into == '[' && steps[0].index >= 0:
		return scanArray(data, i, steps)
	}
	end, _, fault = jsontext.ScanValue(data, i)
	if len(steps) == 0 {
		return i, end, end, fault
	}
	return 0, 0, end, fault
}

func scanObject(data []byte, i int, steps []step) (from, to, end int, fault string) {
	i = skip(data, i+1)
	if i < len(data) && data[i] == '}' {
		return 0, 0, i + 1, ""
	}
	for {
		if i >= len(data) || data[i] != '"' {
			return 0, 0, i, "no key in an object"
		}
		key := i
		if i, fault = jsontext.ScanString(data, i); fault != "" {
			return 0, 0, i, fault
		}
		match := sameKey(data[key:i], steps[0].key)
		if i = skip(data, i); i >= len(data) || data[i] != ':' {
			return 0, 0, i, "no : after a key"
		}
		i = skip(data, i+1)
		if match {
			from, to, i, fault = scan(data, i, steps[1:])
		} else {
			i, _, fault = jsontext.ScanValue(data, i)
		}
		if fault != "" {
			return 0, 0, i, fault
		}
		i = skip(data, i)
		switch {
		case i < len(data) && data[i] == '}':
			return from, to, i + 1, ""
		case i >= len(data) || data[i] != ',':
			return 0, 0, i, "no , or } in an object"
		}
		i = skip(data, i+1)
	}
}

func scanArray(data []byte, i int, steps []step) (from, to, end int, fault string) {
	i = skip(data, i+1)
	if i < len(data) && data[i] == ']' {
		return 0, 0, i + 1, ""
	}
	for n := 0; ; n++ {
		if n == steps[0].index {
			from, to, i, fault = scan(data, i, steps[1:])
		} else {
			i, _, fault = jsontext.ScanValue(data, i)
		}
		if fault != "" {
			return 0, 0, i, fault
		}
		i = skip(data, i)
		switch {
		case i < len(data) && data[i] == ']':
			return from, to, i + 1, ""
		case i >= len(data) || data[i] != ',':
			return 0, 0, i, "no , or ] in an array"
		}
		i = skip(data, i+1)
	}
}

func skip(data []byte, i int) int {
	if i < len(data) && data[i] <= ' ' {
		i, _ = jsontext.SkipSpace(data, i)
	}
	return i
}

// sameKey compares a key as it stands in a record, quotes included, with one of a path.
func sameKey(text []byte, key string) bool {
	inside := text[1 : len(text)-1]
	if bytes.IndexByte(inside, '\\') < 0 {
		return string(inside) == key
	}
	var unescaped string
	return json.Unmarshal(text, &unescaped) == nil && unescaped == key
}
