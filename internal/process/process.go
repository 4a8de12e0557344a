package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Process is a program with a folder of its own, both of which end at the latest with the test binary. Its methods
// may be called from any goroutine, Halt and End from one at a time.
type Process struct {
	Dir  string
	Done <-chan struct{} // closed once it has ended
	Err  error           // how, never nil; to be read after Done

	cmd   *exec.Cmd
	guard *guard
}

// Launch starts cmd with its output appended to the file log in dir, which is the process's from then on.
func Launch(cmd *exec.Cmd, dir string) (*Process, error) {
	log, err := os.OpenFile(filepath.Join(dir, logName), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = ownGroup()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	done := make(chan struct{})
	p := &Process{Dir: dir, Done: done, cmd: cmd}
	if p.guard, err = watchOver(cmd.Process.Pid, dir); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, err
	}
	go func() {
		defer close(done)
		if p.Err = cmd.Wait(); p.Err == nil {
			p.Err = errors.New("exit status 0")
		}
	}()
	return p, nil
}

const logName = "log"

// ID is its number.
func (p *Process) ID() int { return p.cmd.Process.Pid }

// Signal sends one. That a process has ended already is no error here: Done says so.
func (p *Process) Signal(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %v to process %d: %w", s, p.ID(), err)
	}
	return nil
}

// ExitCode is what it ended with, -1 where a signal ended it. To be called after Done.
func (p *Process) ExitCode() int { return p.cmd.ProcessState.ExitCode() }

// Kill sends SIGKILL and returns when the process is dead, as it may have been before.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // refuses by itself once the process has been waited for
	<-p.Done
}

// Halt kills the process and leaves its folder, for a successor. It may be called again.
func (p *Process) Halt() {
	p.Kill()
	p.guard.dismiss()
}

// End kills the process and removes its folder. It may be called again.
func (p *Process) End() {
	p.Halt()
	_ = os.RemoveAll(p.Dir)
}

// Log is the name of the file that it writes to.
func (p *Process) Log() string { return filepath.Join(p.Dir, logName) }

// Logged is the end of what it has written.
func (p *Process) Logged() string {
	const most = 16 << 10
	text, err := os.ReadFile(p.Log())
	if err != nil {
		return err.Error()
	}
	if len(text) > most {
		return "…" + string(text[len(text)-most:])
	}
	return string(text)
}
