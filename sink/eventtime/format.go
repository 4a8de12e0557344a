package eventtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
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

// Format is how times are written.
type Format struct {
	numbers bool // are read, also in strings, in this unit
	unit    unit
	strings bool // are read as RFC 3339
	pattern *partition.Reader
	loc     *time.Location
	expects string // what is read, for messages
}

// named are the formats that have names.
var named = []struct {
	name   string
	format Format
}{
	{"auto", Format{numbers: true, unit: bySize, strings: true, expects: "seconds, milliseconds, microseconds or nanoseconds since 1970, or RFC 3339"}},
	{"epoch_s", Format{numbers: true, unit: seconds, expects: "seconds since 1970"}},
	{"epoch_ms", Format{numbers: true, unit: millis, expects: "milliseconds since 1970"}},
	{"epoch_us", Format{numbers: true, unit: micros, expects: "microseconds since 1970"}},
	{"epoch_ns", Format{numbers: true, unit: nanos, expects: "nanoseconds since 1970"}},
	{"rfc3339", Format{strings: true, expects: "RFC 3339"}},
}

// ParseFormat reads the name of a format or a pattern of java.time.format.DateTimeFormatter. auto is a number of seconds,
// milliseconds, microseconds or nanoseconds since 1970, told apart by its size, or RFC 3339; epoch_s, epoch_ms, epoch_us and
// epoch_ns are the numbers alone, which may stand in strings and have fractions; rfc3339 is RFC 3339 and what is close to it.
// loc is the zone of times that name none; nil is UTC.
func ParseFormat(text string, loc *time.Location) (Format, error) {
	if loc == nil {
		loc = time.UTC
	}
	var names []string
	for _, n := range named {
		if n.name == text {
			n.format.loc = loc
			return n.format, nil
		}
		names = append(names, n.name)
	}
	pattern, err := partition.ParsePattern(text, loc)
	if err != nil {
		return Format{}, fmt.Errorf("is neither %s nor a pattern: %w", strings.Join(names, ", "), err)
	}
	return Format{pattern: pattern, expects: text}, nil
}

// read reads a valid JSON value.
func (f *Format) read(value []byte) (t time.Time, ok bool) {
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
