package demo

import (
	"os"
	"syscall"
)

// attributes keep the terminal's signals from a worker, and let the kernel kill it when this process dies.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func tether(*os.Process) (untie func()) { return func() {} }
