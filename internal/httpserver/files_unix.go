//go:build unix

package httpserver

import (
	"math"
	"syscall"
)

// openFiles is how many files this process may have open, connections included.
func openFiles() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return math.MaxInt
	}
	return int(min(uint64(limit.Cur), math.MaxInt))
}
