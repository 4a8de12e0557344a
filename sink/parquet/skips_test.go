package parquet

import "testing"

// unlessRaced leaves out what works on much data in one goroutine, where the race detector finds nothing and takes ten
// times as long. `make measured` runs this package without it.
func unlessRaced(t *testing.T) {
	t.Helper()
	if raced || testing.Short() {
		t.Skip("one goroutine and much data: go test without -race runs it")
	}
}
