package cost

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// grouped prints a number as 1,234,567; below 10 with two digits behind the point at most.
func grouped(f float64) string {
	if f < 10 {
		return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(f, 'f', 2, 64), "0"), ".")
	}
	digits := strconv.FormatFloat(math.Round(f), 'f', 0, 64)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// size prints bytes as AWS counts them: 5 KB are 5,120.
func size(bytes float64) string {
	if kb := bytes / 1024; kb == math.Trunc(kb) {
		return grouped(kb) + " KB"
	}
	return grouped(bytes) + " B"
}

func plural(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "s"):
		return fmt.Sprintf("%d %ses", n, what)
	}
	return fmt.Sprintf("%d %ss", n, what)
}
