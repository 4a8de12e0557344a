package eventtime

import (
	"encoding/json"
	"strconv"
	"strings"

	"standpipe/internal/jsontext"
)

// Path is where in a record its time stands: a plain path, or any other jq program.
type Path struct {
	text  string
	steps []step   // of a plain path
	jq    *program // of any other; nil for a plain path
}

// ParsePath reads a jq path such as .time, or any jq program, of which the first result is the time.
func ParsePath(text string) (Path, error) {
	p := Path{text: text}
	var plain bool
	if p.steps, plain = parseSteps(text); plain {
		return p, nil
	}
	var err error
	p.jq, err = compile(text)
	return p, err
}

func (p Path) plain() bool { return p.jq == nil }

// value finds what stands at the path in the value that starts at data[i], empty for nothing. fault says why the program failed,
// notJSON why there is no value.
func (p Path) value(data []byte, i int) (value []byte, fault, notJSON string) {
	if p.plain() {
		from, to, _, notJSON := scan(data, i, p.steps)
		return data[from:to], "", notJSON
	}
	return p.jq.run(data[i:])
}

// step is a step of a plain path: into an object by a key, or into an array.
type step struct {
	key   string
	index int // -1: by the key
}

// parseSteps reads a plain path of jq: a dot, then keys and places as in .a.b[0], ."a b" and .["a"][0]. plain is false for
// anything else, which may be a program.
func parseSteps(text string) (steps []step, plain bool) {
	rest := strings.Trim(text, " \t\r\n")
	if rest == "." {
		return nil, true
	}
	if !strings.HasPrefix(rest, ".") {
		return nil, false
	}
	for first := true; rest != ""; first = false {
		dot := rest[0] == '.'
		if dot {
			rest = rest[1:]
		}
		switch {
		case strings.HasPrefix(rest, "["):
			inside, after, ok := bracketed(rest)
			if !ok {
				return nil, false
			}
			steps, rest = append(steps, inside), after
		case !dot && !first:
			return nil, false
		case strings.HasPrefix(rest, `"`):
			key, after, ok := quoted(rest)
			if !ok {
				return nil, false
			}
			steps, rest = append(steps, step{key, -1}), after
		default:
			n := 0
			for n < len(rest) && (isNameByte(rest[n]) || n > 0 && jsontext.IsDigit(rest[n])) {
				n++
			}
			if n == 0 {
				return nil, false
			}
			steps, rest = append(steps, step{rest[:n], -1}), rest[n:]
		}
	}
	return steps, true
}

func isNameByte(c byte) bool { return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' }

// bracketed reads ["key"] or [0]. More than six digits are left to jq programs, which refuse such places.
func bracketed(text string) (s step, rest string, ok bool) {
	text = text[1:]
	if strings.HasPrefix(text, `"`) {
		key, rest, ok := quoted(text)
		if !ok || !strings.HasPrefix(rest, "]") {
			return s, "", false
		}
		return step{key, -1}, rest[1:], true
	}
	digits, rest, ok := strings.Cut(text, "]")
	if !ok || len(digits) == 0 || len(digits) > 6 || strings.Trim(digits, "0123456789") != "" {
		return s, "", false
	}
	n, err := strconv.Atoi(digits)
	return step{"", n}, rest, err == nil
}

// quoted reads a string of JSON. One with an interpolation, \(…), is none.
func quoted(text string) (key, rest string, ok bool) {
	end, fault := jsontext.ScanString([]byte(text), 0)
	if fault != "" || json.Unmarshal([]byte(text[:end]), &key) != nil {
		return "", "", false
	}
	return key, text[end:], true
}
