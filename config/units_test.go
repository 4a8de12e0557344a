package config

import (
	"math"
	"testing"
	"time"
)

func TestSizes(t *testing.T) {
	for text, want := range map[string]Size{
		"0": 0, "1": 1, "5MB": 5e6, "128MiB": 128 << 20, "64KiB": 65536, "64 kb": 64000, "5gib": 5 << 30, "7B": 7,
		"2GB": 2e9, "9223372036854775807": math.MaxInt64,
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", text, int64(got), err, int64(want))
		}
	}
	for _, text := range []string{"", "MiB", "-1", "+1", "1.5MB", "5M", "5  MB", "5MB ", " 5", "0x10", "1e6", "1_000", "8589934592GiB", "9223372036854775808", "5MiBB", "５MB"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("ParseSize(%q) = %d, want an error", text, int64(got))
		}
	}
}

func TestSizesPrintAsPeopleWrite(t *testing.T) {
	for size, want := range map[Size]string{0: "0", 1: "1", 999: "999", 1000: "1kB", 1024: "1KiB", 5e6: "5MB", 128 << 20: "128MiB", 5 << 30: "5GiB", 1 << 40: "1024GiB"} {
		if got := size.String(); got != want {
			t.Errorf("%d prints as %s, want %s", int64(size), got, want)
		}
	}
}

func TestDurationsPrintAsPeopleWrite(t *testing.T) {
	for text, want := range map[string]string{"300s": "5m", "90s": "1m30s", "1h": "1h", "1h30m": "1h30m", "1h0m5s": "1h0m5s", "200ms": "200ms", "0s": "0s", "10m": "10m", "10h": "10h"} {
		d, err := ParseDuration(text)
		if err != nil || d.String() != want {
			t.Errorf("%s prints as %s (%v), want %s", text, d, err, want)
		}
	}
	for _, text := range []string{"", "0", "300", "1.5", "1e3", "5 m", "m", "1d", "Inf", "300S"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("ParseDuration(%q) = %s, want an error", text, d)
		}
	}
}

func FuzzUnits(f *testing.F) {
	for _, text := range []string{"128MiB", "5 MB", "300s", "1h30m", "9223372036854775807", "-2562047h47m16.854775808s", ""} {
		f.Add(text, int64(len(text)))
	}
	f.Fuzz(func(t *testing.T, text string, n int64) {
		if s, err := ParseSize(text); err == nil {
			if back, err := ParseSize(s.String()); err != nil || back != s || s < 0 {
				t.Errorf("%q is %d, printed %s, read back %d, %v", text, int64(s), s, int64(back), err)
			}
		}
		for _, d := range []Duration{Duration(n), Duration(time.Duration(n) * time.Second)} {
			if back, err := ParseDuration(d.String()); err != nil || back != d {
				t.Errorf("%d prints as %s, read back %d, %v", int64(d), d, int64(back), err)
			}
		}
		if d, err := ParseDuration(text); err == nil {
			if back, err := ParseDuration(d.String()); err != nil || back != d {
				t.Errorf("%q is %d, printed %s, read back %d, %v", text, int64(d), d, int64(back), err)
			}
		}
	})
}
