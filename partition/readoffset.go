package partition

// offset reads the distance from UTC as the letters X, x and Z write it.
func (r *reading) offset(e *element, at int) int {
	f := offsetForms[e.width-1]
	none := "+0000"
	switch {
	case e.field == 'Z' && e.width < 4:
		f = offsetForms[1]
	case e.field != 'x':
		none = "Z"
	case e.width == 1:
		none = "+00"
	case e.width == 3 || e.width == 5:
		none = "+00:00"
	}
	seconds, n := f.read(r.text[at:], none)
	if n == 0 || !r.put(offsetField, int64(seconds)) {
		return -1
	}
	return at + n
}

// offsetForm is a form of an offset: hours, then minutes, which may be optional, then seconds, which always are.
type offsetForm struct{ colons, minutesOptional, seconds bool }

// offsetForms are those of one to five letters.
var offsetForms = [...]offsetForm{{minutesOptional: true}, {}, {colons: true}, {seconds: true}, {colons: true, seconds: true}}

// read reads an offset and says how long it is, 0 if there is none. none is how no offset is written.
func (f offsetForm) read(text []byte, none string) (seconds, n int) {
	switch {
	case hasPrefix(text, none):
		return 0, len(none)
	case len(text) < 3 || text[0] != '+' && text[0] != '-':
		return 0, 0
	}
	h, n := sixty(text, 1, false)
	if n == 0 || h > 23 {
		return 0, 0
	}
	m, after := sixty(text, n, f.colons)
	switch {
	case after > 0:
		n = after
	case !f.minutesOptional:
		return 0, 0
	}
	s := 0
	if f.seconds && after > 0 {
		if v, after := sixty(text, n, f.colons); after > 0 {
			s, n = v, after
		}
	}
	seconds = h*3600 + m*60 + s
	if text[0] == '-' {
		seconds = -seconds
	}
	return seconds, n
}

// sixty reads two digits, below 60, and returns where they end, 0 if they are not there.
func sixty(text []byte, at int, colon bool) (v, end int) {
	if colon {
		if at >= len(text) || text[at] != ':' {
			return 0, 0
		}
		at++
	}
	if at+2 > len(text) || countDigits(text[at:], 2) < 2 {
		return 0, 0
	}
	if v = int(text[at]-'0')*10 + int(text[at+1]-'0'); v > 59 {
		return 0, 0
	}
	return v, at + 2
}

// namedOffset reads the distance from UTC as the letter O and ZZZZ write it.
func (r *reading) namedOffset(e *element, at int) int {
	text := r.text[at:]
	if !hasPrefix(text, "GMT") {
		return -1
	}
	seconds, n := 0, 3
	if len(text) > 3 && (text[3] == '+' || text[3] == '-') {
		if seconds, n = gmtOffset(text, e.style == full); n == 0 {
			return -1
		}
	}
	if !r.put(offsetField, int64(seconds)) {
		return -1
	}
	return at + n
}

// gmtOffset reads GMT+9, GMT+09:30 and the like, where padded only with two digits of the hour and with minutes. n is 0 if it
// can not.
func gmtOffset(text []byte, padded bool) (seconds, n int) {
	n = 4
	digits := countDigits(text[n:], 2)
	if digits == 0 || padded && digits < 2 {
		return 0, 0
	}
	for range digits {
		seconds, n = seconds*10+int(text[n]-'0')*3600, n+1
	}
	for unit := 60; unit > 0; unit /= 60 {
		two := n+2 < len(text) && text[n] == ':' && countDigits(text[n+1:], 2) == 2
		if !two && padded && unit == 60 {
			return 0, 0
		}
		if !two {
			break
		}
		seconds += (int(text[n+1]-'0')*10 + int(text[n+2]-'0')) * unit
		n += 3
	}
	if text[3] == '-' {
		seconds = -seconds
	}
	return seconds, n
}
