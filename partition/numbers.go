package partition

import "time"

// value is a field of t in digits.
func value(field byte, t time.Time) int64 {
	switch field {
	case 'u':
		return int64(t.Year())
	case 'y':
		if y := t.Year(); y <= 0 {
			return int64(1 - y)
		}
		return int64(t.Year())
	case 'Y':
		return int64(weekYear(t))
	case 'Q', 'q':
		return int64(t.Month()+2) / 3
	case 'M', 'L':
		return int64(t.Month())
	case 'w':
		if weekYear(t) != t.Year() {
			return 1
		}
		return int64(week(t.YearDay(), t))
	case 'W':
		return int64(week(t.Day(), t))
	case 'D':
		return int64(t.YearDay())
	case 'd':
		return int64(t.Day())
	case 'F':
		return int64(t.Day()-1)%7 + 1
	case 'e', 'c':
		return int64(t.Weekday()) + 1
	case 'g':
		return julianDay(t)
	case 'H':
		return int64(t.Hour())
	case 'k':
		return int64(t.Hour()+23)%24 + 1
	case 'K':
		return int64(t.Hour()) % 12
	case 'h':
		return int64(t.Hour()+11)%12 + 1
	case 'm':
		return int64(t.Minute())
	case 's':
		return int64(t.Second())
	case 'A':
		return secondOfDay(t) * 1000
	case 'N':
		return secondOfDay(t) * 1e9
	}
	return 0 // S and n: paths have whole seconds
}

// most is how many characters the digits of a field take at most, in the years 0 to 9998.
func most(field byte, width int) int {
	switch field {
	case 'y', 'u', 'Y':
		if width == 2 {
			return 2
		}
		return max(4, width)
	case 'D':
		return 3
	case 'g':
		return max(6, width) + 1 // there are negative ones
	case 'A':
		return max(8, width)
	case 'N':
		return max(14, width)
	case 'S', 'n', 'Q', 'q', 'W', 'F', 'e', 'c':
		return width
	}
	return 2
}

// weekYear is the year of the week t lies in. As in Java's locale en_US, weeks begin on Sunday and that of 1 January is
// the new year's first, which is what Firehose's own keys show.
// https://github.com/aws-samples/aws-blog-firehose-custom-prefixes-for-s3-objects/issues/1
func weekYear(t time.Time) int {
	if saturday := t.AddDate(0, 0, int(time.Saturday-t.Weekday())); saturday.Year() > t.Year() {
		return saturday.Year()
	}
	return t.Year()
}

// week counts the Sundays among so many days, of which t's is the last, and the days before the first as one week more.
func week(days int, t time.Time) int {
	return (days+5-int(t.Weekday()))/7 + 1
}

// julianDay counts the days since 17 November 1858.
func julianDay(t time.Time) int64 {
	const unixEpoch = 40587
	_, zone := t.Zone()
	seconds := t.Unix() + int64(zone)
	days := seconds / 86400
	if seconds%86400 < 0 {
		days--
	}
	return days + unixEpoch
}

func secondOfDay(t time.Time) int64 {
	return int64(t.Hour()*3600 + t.Minute()*60 + t.Second())
}

// appendYear writes two letters as two digits, and a plus sign before a year that outgrows four letters or more.
func appendYear(b []byte, y int64, width int) []byte {
	if width == 2 {
		return appendPadded(b, max(y, -y)%100, 2)
	}
	if y >= 0 && width >= 4 && digits(y) > width {
		b = append(b, '+')
	}
	return appendPadded(b, y, width)
}

func digits(v int64) int {
	n := 1
	for v >= 10 {
		v /= 10
		n++
	}
	return n
}

// appendPadded writes a number with at least so many digits.
func appendPadded(b []byte, v int64, width int) []byte {
	if v < 0 {
		b = append(b, '-')
		v = -v
	}
	var buffer [20]byte
	i := len(buffer)
	for v > 0 || i == len(buffer) {
		i--
		buffer[i] = byte('0' + v%10)
		v /= 10
	}
	for len(buffer)-i < width {
		i--
		buffer[i] = '0'
	}
	return append(b, buffer[i:]...)
}
