package consumer

import (
	"errors"
	"math"
	"strconv"
)

// parseFixed reads a JSON number and returns it times 10^places, exact but for its fraction, which is cut off.
func parseFixed(text []byte, places int) (n int64, ok bool) {
	const room = math.MaxInt64 / 10 // what takes one more digit and then fits 64 bits unsigned
	var digits uint64
	power := places // the number is digits·10^(power-places)
	i := 0
	run := func(fraction int) (length int) {
		start := i
		for ; i < len(text) && isDigit(text[i]); i++ {
			if digits > room {
				power += 1 - fraction // beyond the nineteenth digit
				continue
			}
			digits = digits*10 + uint64(text[i]-'0')
			power -= fraction
		}
		return i - start
	}
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		i++
	}
	whole := i
	if length := run(0); length == 0 || length > 1 && text[whole] == '0' {
		return 0, false
	}
	if i < len(text) && text[i] == '.' {
		i++
		if run(1) == 0 {
			return 0, false
		}
	}
	if i < len(text) && text[i]|0x20 == 'e' {
		exponent, err := strconv.Atoi(string(text[i+1:]))
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return 0, false
		}
		power += min(max(exponent, math.MinInt32), math.MaxInt32)
		i = len(text)
	}
	if i < len(text) {
		return 0, false
	}
	for ; power < 0 && digits != 0; power++ {
		digits /= 10
	}
	for ; power > 0 && digits != 0; power-- {
		if digits > room {
			return 0, false
		}
		digits *= 10
	}
	if negative {
		return -int64(digits), digits <= 1<<63
	}
	return int64(digits), digits <= math.MaxInt64
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
