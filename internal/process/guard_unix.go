//go:build unix

package process

import (
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"syscall"
)

// ownGroup keeps the terminal's signals from a process, which this one ends itself.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// guard is a shell that outlives this process just long enough to tidy up after it.
type guard struct {
	cmd  *exec.Cmd
	held io.WriteCloser // nil once dismissed
}

// watchOver lets a shell wait at a pipe that only this process holds open. When this process dies, however that
// happens, the shell kills the process group pid and removes the folder.
func watchOver(pid int, dir string) (*guard, error) {
	cmd := exec.Command("/bin/sh", "-c", `read _ && exit; kill -KILL "-$1"; rm -rf "$2"`, "sh", strconv.Itoa(pid), dir)
	cmd.SysProcAttr = ownGroup()
	held, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a shell that ends processes after their tests: %w", err)
	}
	return &guard{cmd: cmd, held: held}, nil
}

// dismiss sends the shell home, for the process's number may be another's by now.
func (g *guard) dismiss() {
	if g.held == nil {
		return
	}
	_, _ = g.held.Write([]byte("\n"))
	_ = g.held.Close()
	_ = g.cmd.Wait()
	g.held = nil
}
