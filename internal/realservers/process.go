package realservers

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// process is a program with a folder of its own, both of which end at the latest with the test binary.
type process struct {
	dir   string
	cmd   *exec.Cmd
	guard *guard
	done  chan struct{} // closed once it has ended
	err   error         // how, never nil; to be read after done
}

// launch starts cmd with its output in dir, which is the process's from then on.
func launch(cmd *exec.Cmd, dir string) (*process, error) {
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = ownGroup()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	p := &process{dir: dir, cmd: cmd, done: make(chan struct{})}
	if p.guard, err = watchOver(cmd.Process.Pid, dir); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, err
	}
	go func() {
		defer close(p.done)
		if p.err = cmd.Wait(); p.err == nil {
			p.err = errors.New("exit status 0")
		}
	}()
	return p, nil
}

// kill returns when the process is dead, as it may have been before.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // refuses by itself once the process has been waited for
	<-p.done
}

// end kills the process and removes its folder. It may be called again.
func (p *process) end() {
	p.kill()
	p.guard.dismiss()
	_ = os.RemoveAll(p.dir)
}

// logged is the end of what the process has written.
func (p *process) logged() string {
	const most = 16 << 10
	text, err := os.ReadFile(filepath.Join(p.dir, "log"))
	if err != nil {
		return err.Error()
	}
	if len(text) > most {
		return "…" + string(text[len(text)-most:])
	}
	return string(text)
}
