//go:build unix && !solaris && !aix

package demo

import (
	"os"
	"syscall"
)

// lock holds the file until it is closed or this process dies.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
