package eventtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"standpipe/internal/jsontext"
	"standpipe/partition"
)

// unit is a power of a thousand by which a second is divided.
type unit int

const (
	bySize  unit = -1 // of a number that tells by itself
	seconds unit = iota - 1
	millis
	micros
	nanos
)

// format is how times are written.
type format struct {
	numbers bool // are read, also in strings, in this unit
	unit    unit
	strings bool // are read as RFC 3339
	pattern *partition.Reader
	loc     *time.Location
	expects string // what is read, for messages
}

func parseFormat(name string, loc *time.Location) (format, error) {
	f := format{loc: loc}
	switch name {
	case "", "auto":
		f.numbers, f.unit, f.strings = true, bySize, true
		f.expects = "seconds, milliseconds, microseconds or nanoseconds since 1970, or RFC 3339"
	case "epoch_s":
		f.numbers, f.unit, f.expects = true, seconds, "seconds since 1970"
	case "epoch_ms":
		f.numbers, f.unit, f.expects = true, millis, "milliseconds since 1970"
	case "epoch_us":
		f.numbers, f.unit, f.expects = true, micros, "microseconds since 1970"
	case "epoch_ns":
		f.numbers, f.unit, f.expects = true, nanos, "nanoseconds since 1970"
	case "rfc3339":
		f.strings, f.expects = true, "RFC 3339"
	default:
		var err error
		if f.pattern, err = partition.ParsePattern(name, loc); err != nil {
			return format{}, fmt.Errorf("is neither a format nor a pattern: %w", err)
		}
		f.expects = name
	}
	return f, nil
}

// read reads a valid JSON value.
func (f *format) read(value []byte) (t time.Time, ok bool) {
	text := value
	switch {
	case value[0] == '"':
		if text, ok = unquote(value); !ok {
			return t, false
		}
		text = bytes.TrimSpace(text)
	case f.pattern == nil && !f.numbers, value[0] != '-' && !jsontext.IsDigit(value[0]):
		return t, false
	}
	switch {
	case f.pattern != nil:
		return f.pattern.Read(text)
	case f.numbers && isNumber(text):
		return epoch(text, f.unit)
	case f.strings && value[0] == '"':
		return rfc3339(text, f.loc)
	}
	return t, false
}

// unquote gives what a JSON string says.
func unquote(value []byte) ([]byte, bool) {
	inside := value[1 : len(value)-1]
	if bytes.IndexByte(inside, '\\') < 0 {
		return inside, true
	}
	var text string
	err := json.Unmarshal(value, &text)
	return []byte(text), err == nil
}

// isNumber says whether text is a number of JSON, a plus sign before it allowed.
func isNumber(text []byte) bool {
	if len(text) > 1 && text[0] == '+' {
		text = text[1:]
	}
	if len(text) == 0 || text[0] != '-' && !jsontext.IsDigit(text[0]) {
		return false
	}
	end, fault := jsontext.ScanNumber(text, 0)
	return fault == "" && end == len(text)
}
