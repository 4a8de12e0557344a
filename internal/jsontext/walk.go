package jsontext

// Members checks the object whose opening brace is data[i], calling value for each member with its key as it is written,
// without quotes, and the index of its value. value returns the index after the value, or a fault, as ScanValue does.
// Members returns the index after the object, or that of what is wrong.
func Members(data []byte, i int, value func(key []byte, i int) (end int, fault string)) (end int, fault string) {
	i, _ = SkipSpace(data, i+1)
	if i < len(data) && data[i] == '}' {
		return i + 1, ""
	}
	for {
		if i >= len(data) {
			return i, "unexpected end of an object"
		}
		if data[i] != '"' {
			return i, "unexpected character instead of a key"
		}
		start := i + 1
		if i, fault = ScanString(data, i); fault != "" {
			return i, fault
		}
		key := data[start : i-1]
		if i, _ = SkipSpace(data, i); i >= len(data) {
			return i, "unexpected end of an object"
		}
		if data[i] != ':' {
			return i, "unexpected character instead of : after a key"
		}
		i, _ = SkipSpace(data, i+1)
		if i, fault = value(key, i); fault != "" {
			return i, fault
		}
		if i, _ = SkipSpace(data, i); i >= len(data) {
			return i, "unexpected end inside an object or array"
		}
		switch data[i] {
		case '}':
			return i + 1, ""
		case ',':
			i, _ = SkipSpace(data, i+1)
		default:
			return i, "unexpected character instead of , or } in an object"
		}
	}
}

// Elements checks the array whose opening bracket is data[i], calling value for each element with its index in data.
// value returns the index after the element, or a fault, as ScanValue does. Elements returns the index after the array, or
// that of what is wrong.
func Elements(data []byte, i int, value func(i int) (end int, fault string)) (end int, fault string) {
	i, _ = SkipSpace(data, i+1)
	if i < len(data) && data[i] == ']' {
		return i + 1, ""
	}
	for {
		if i, fault = value(i); fault != "" {
			return i, fault
		}
		if i, _ = SkipSpace(data, i); i >= len(data) {
			return i, "unexpected end inside an object or array"
		}
		switch data[i] {
		case ']':
			return i + 1, ""
		case ',':
			i, _ = SkipSpace(data, i+1)
		default:
			return i, "unexpected character instead of , or ] in an array"
		}
	}
}
