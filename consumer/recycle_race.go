//go:build race

package consumer

// spoil makes whoever reads a record after its time read nonsense. Tests with the race detector find that.
func spoil(body []byte) {
	for i := range body {
		body[i] = 0xa5
	}
}
