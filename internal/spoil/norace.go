//go:build !race

package spoil

// On says whether Bytes does anything.
const On = false

// Bytes overwrites b in builds with the race detector.
func Bytes([]byte) {}
