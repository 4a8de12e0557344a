package jsontext

// ScanValue checks the value that starts at data[i] and returns the index after it and whether a line ends inside it,
// outside strings. fault is empty, or says what is wrong at data[end].
func ScanValue(data []byte, i int) (end int, multiline bool, fault string) {
	var levels nesting
	var newline bool

value:
	if i >= len(data) {
		return i, false, "unexpected end of a value"
	}
	switch c := data[i]; c {
	case '{':
		levels.push(1)
		if i++; i < len(data) && data[i] <= ' ' {
			i, newline = SkipSpace(data, i)
			multiline = multiline || newline
		}
		if i < len(data) && data[i] == '}' {
			i++
			levels.pop()
			goto after
		}
		goto key
	case '[':
		levels.push(0)
		if i++; i < len(data) && data[i] <= ' ' {
			i, newline = SkipSpace(data, i)
			multiline = multiline || newline
		}
		if i < len(data) && data[i] == ']' {
			i++
			levels.pop()
			goto after
		}
		goto value
	case '"':
		i, fault = ScanString(data, i)
	case 't':
		i, fault = ScanLiteral(data, i, "true")
	case 'f':
		i, fault = ScanLiteral(data, i, "false")
	case 'n':
		i, fault = ScanLiteral(data, i, "null")
	default:
		if c != '-' && (c < '0' || c > '9') {
			return i, false, "unexpected character instead of a value"
		}
		i, fault = ScanNumber(data, i)
	}
	if fault != "" {
		return i, false, fault
	}

after:
	if levels.depth == 0 {
		return i, multiline, ""
	}
	if i < len(data) && data[i] <= ' ' {
		i, newline = SkipSpace(data, i)
		multiline = multiline || newline
	}
	if i >= len(data) {
		return i, false, "unexpected end inside an object or array"
	}
	switch c := data[i]; {
	case c == ',':
		if i++; i < len(data) && data[i] <= ' ' {
			i, newline = SkipSpace(data, i)
			multiline = multiline || newline
		}
		if levels.inObject() {
			goto key
		}
		goto value
	case c == '}' && levels.inObject(), c == ']' && !levels.inObject():
		i++
		levels.pop()
		goto after
	case levels.inObject():
		return i, false, "unexpected character instead of , or } in an object"
	default:
		return i, false, "unexpected character instead of , or ] in an array"
	}

key:
	if i >= len(data) {
		return i, false, "unexpected end of an object"
	}
	if data[i] != '"' {
		return i, false, "unexpected character instead of a key"
	}
	if i, fault = ScanString(data, i); fault != "" {
		return i, false, fault
	}
	if i < len(data) && data[i] <= ' ' {
		i, newline = SkipSpace(data, i)
		multiline = multiline || newline
	}
	if i >= len(data) {
		return i, false, "unexpected end of an object"
	}
	if data[i] != ':' {
		return i, false, "unexpected character instead of : after a key"
	}
	if i++; i < len(data) && data[i] <= ' ' {
		i, newline = SkipSpace(data, i)
		multiline = multiline || newline
	}
	goto value
}
