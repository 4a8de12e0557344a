//go:build race

package spoil

// On says whether Bytes does anything.
const On = true

// Bytes overwrites b in builds with the race detector.
func Bytes(b []byte) {
	for i := range b {
		b[i] = 0xa5
	}
}
