package jsontext

// ScanLiteral checks that data[i] starts literal: true, false or null. It returns the index after it, or i and a fault.
func ScanLiteral(data []byte, i int, literal string) (end int, fault string) {
	if len(data)-i < len(literal) || string(data[i:i+len(literal)]) != literal {
		return i, "unexpected character instead of a value"
	}
	return i + len(literal), ""
}

// ScanNumber checks the number that starts at data[i], a minus sign or a digit.
func ScanNumber(data []byte, i int) (end int, fault string) {
	if data[i] == '-' {
		i++
	}
	start := i
	if i = skipDigits(data, i); i == start {
		return i, "number without digits"
	}
	if data[start] == '0' && i > start+1 {
		return start, "leading zero in a number"
	}
	if i < len(data) && data[i] == '.' {
		start = i + 1
		if i = skipDigits(data, start); i == start {
			return i, "number without digits after its point"
		}
	}
	if i < len(data) && data[i]|0x20 == 'e' {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		start = i
		if i = skipDigits(data, i); i == start {
			return i, "number without digits in its exponent"
		}
	}
	return i, ""
}

func skipDigits(data []byte, i int) int {
	for i < len(data) && IsDigit(data[i]) {
		i++
	}
	return i
}

// IsDigit says whether c is one of 0 to 9.
func IsDigit(c byte) bool { return '0' <= c && c <= '9' }
