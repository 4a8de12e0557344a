package partition

import "time"

// The words that are read, in the order of their fields' values. They are those that are written.
var (
	monthsShort, monthsFull, daysShort, daysFull = namesOfMonthsAndDays()

	halves     = []string{"AM", "PM"}
	erasShort  = []string{era(false, short), era(true, short)}
	erasFull   = []string{era(false, full), era(true, full)}
	firstMonth = int64(time.January)
)

func namesOfMonthsAndDays() (ms, mf, ds, df []string) {
	for m := time.January; m <= time.December; m++ {
		ms, mf = append(ms, shorten(m.String(), short)), append(mf, m.String())
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		ds, df = append(ds, shorten(d.String(), short)), append(df, d.String())
	}
	return ms, mf, ds, df
}

// name reads one of a field's words.
func (r *reading) name(e *element, at int) int {
	words, first := e.words()
	for i, word := range words {
		if hasPrefix(r.text[at:], word) {
			if !r.put(e.into, first+int64(i)) {
				return -1
			}
			return at + len(word)
		}
	}
	return -1
}

// words are what a field is read from, the first of them with its value.
func (e *element) words() (words []string, first int64) {
	whole := e.style == full
	switch {
	case e.into == eraField && whole:
		return erasFull, 0
	case e.into == eraField:
		return erasShort, 0
	case e.into == halfField:
		return halves, 0
	case e.into == dayOfWeekField && whole:
		return daysFull, 0
	case e.into == dayOfWeekField:
		return daysShort, 0
	case whole:
		return monthsFull, firstMonth
	}
	return monthsShort, firstMonth
}

func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}

// countDigits says how many digits text begins with, most at most.
func countDigits(text []byte, most int) int {
	n := 0
	for n < len(text) && n < most && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	return n
}
