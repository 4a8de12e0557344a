//go:build !unix

package demo

import (
	"os"
	"syscall"
)

func attributes() *syscall.SysProcAttr { return nil }

// tether does nothing: where neither signals nor shells can be relied on, a worker outlives a demo that was killed.
func tether(*os.Process) (untie func()) { return func() {} }
