package partition

import "time"

// appendOffset writes the distance from UTC as the letters X, x and Z do.
func appendOffset(b []byte, field byte, width int, t time.Time) []byte {
	_, seconds := t.Zone()
	none := "+0000"
	if field == 'Z' && width < 4 {
		width = 2
	} else if field != 'x' {
		none = "Z"
	} else if width == 1 {
		none = "+00"
	} else if width == 3 || width == 5 {
		none = "+00:00"
	}
	h, m, s := clock(seconds)
	if width < 4 {
		s = 0
	}
	if h == 0 && m == 0 && s == 0 {
		return append(b, none...)
	}
	colon := width == 3 || width == 5
	b = appendPadded(append(b, sign(seconds)), int64(h), 2)
	if m != 0 || s != 0 || width > 1 {
		b = appendSixtieth(b, colon, m)
	}
	if s != 0 {
		b = appendSixtieth(b, colon, s)
	}
	return b
}

// appendNamedOffset writes it as the letter O and ZZZZ do.
func appendNamedOffset(b []byte, st style, t time.Time) []byte {
	_, seconds := t.Zone()
	b = append(b, "GMT"...)
	if seconds == 0 {
		return b
	}
	h, m, s := clock(seconds)
	b = append(b, sign(seconds))
	if st == full {
		b = appendSixtieth(appendPadded(b, int64(h), 2), true, m)
	} else if b = appendPadded(b, int64(h), 1); m != 0 || s != 0 {
		b = appendSixtieth(b, true, m)
	}
	if s != 0 {
		b = appendSixtieth(b, true, s)
	}
	return b
}

func clock(seconds int) (h, m, s int) {
	if seconds < 0 {
		seconds = -seconds
	}
	return seconds / 3600, seconds / 60 % 60, seconds % 60
}

func sign(seconds int) byte {
	if seconds < 0 {
		return '-'
	}
	return '+'
}

func appendSixtieth(b []byte, colon bool, v int) []byte {
	if colon {
		b = append(b, ':')
	}
	return appendPadded(b, int64(v), 2)
}

// longestOffset is how many characters the offset takes at most; seconds were in those of the 19th century.
func longestOffset(field byte, s style, width int) int {
	switch {
	case field == 'O' || s == full:
		return len("GMT+05:30:00")
	case width == 1 && field != 'Z', width == 2, field == 'Z' && width < 4:
		return len("+0530")
	case width == 3:
		return len("+05:30")
	case width == 4:
		return len("+053000")
	}
	return len("+05:30:00")
}
