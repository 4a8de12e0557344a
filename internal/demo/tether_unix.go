//go:build unix && !linux

package demo

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// attributes keep the terminal's signals from a worker.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// tether lets a shell wait for the end of a pipe that only this process holds open: when this process dies, however
// that happens, the shell kills the worker.
func tether(worker *os.Process) (untie func()) {
	guard := exec.Command("/bin/sh", "-c", `read _; kill -KILL "$1"`, "sh", strconv.Itoa(worker.Pid))
	guard.SysProcAttr = attributes()
	held, err := guard.StdinPipe()
	if err != nil || guard.Start() != nil {
		return func() {} // the worker outlives this process then, and finds its servers gone
	}
	return func() {
		_ = guard.Process.Kill() // before the pipe is closed, for the worker's number may be another's by now
		_ = guard.Wait()
		_ = held.Close()
	}
}
