package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes, written 128MiB, 5MB, 64KiB or as a plain number.
type Size int64

// The units in which a Size is written.
const (
	KB  Size = 1e3
	MB  Size = 1e6
	GB  Size = 1e9
	KiB Size = 1 << 10
	MiB Size = 1 << 20
	GiB Size = 1 << 30
)

// sizeUnits goes from the unit that String prefers to the one it likes least.
var sizeUnits = []struct {
	name string
	size Size
}{{"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB}, {"GB", GB}, {"MB", MB}, {"kB", KB}, {"B", 1}}

var errSize = errors.New("must be a size such as 128MiB, 5MB, 64KiB or a number of bytes")

// ParseSize reads a whole number and a unit: B, kB, MB, GB (powers of 1000) or
// KiB, MiB, GiB (powers of 1024), in any case, with or without a space
// between. No unit means bytes.
func ParseSize(text string) (Size, error) {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	unit, name := Size(1), text[len(digits):]
	if name != "" {
		digits = strings.TrimSuffix(digits, " ")
		unit = 0
		for _, u := range sizeUnits {
			if strings.EqualFold(u.name, name) {
				unit = u.size
			}
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || unit == 0 || n > uint64(math.MaxInt64/unit) {
		return 0, errSize
	}
	return Size(n) * unit, nil
}

// String prints the size in the largest unit that divides it, powers of 1024
// first; ParseSize reads it back.
func (s Size) String() string {
	if s == 0 {
		return "0"
	}
	for _, u := range sizeUnits[:len(sizeUnits)-1] {
		if s%u.size == 0 {
			return strconv.FormatInt(int64(s/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// UnmarshalText reads what ParseSize reads.
func (s *Size) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSize(string(text))
	return err
}

// Duration is a time.Duration, written 300s, 5m or 1h30m, never as a plain
// number.
type Duration time.Duration

// ParseDuration reads what time.ParseDuration reads, except a number without
// a unit.
func ParseDuration(text string) (Duration, error) {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return 0, errors.New("needs a unit; write seconds like 300s, or 5m, or 1h30m")
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, errors.New("must be a duration such as 300s, 5m or 1h30m")
	}
	return Duration(d), nil
}

// String prints the duration without units that are zero: 5m, not 5m0s.
// ParseDuration reads it back.
func (d Duration) String() string {
	text := time.Duration(d).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// UnmarshalText reads what ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDuration(string(text))
	return err
}
