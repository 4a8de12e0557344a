package demo

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"standpipe/internal/embedded"
)

// processes are workers as processes of their own, which can be killed. They die with this one.
type processes struct {
	command []string
	logs    string
	failed  chan error

	mu       sync.Mutex
	running  []*process
	started  int
	stopping bool
}

var _ fleet = (*processes)(nil)

type process struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed once it has ended
	err  error         // how; to be read after done
	told bool          // to end, or killed; guarded by processes.mu
}

func startProcesses(n int, command []string, logs string) (*processes, error) {
	p := &processes{command: command, logs: logs, failed: make(chan error, 1)}
	for range n {
		if _, err := p.start(); err != nil {
			return nil, errors.Join(err, p.stop(abandonFor))
		}
	}
	return p, nil
}

// start starts one more worker. It holds on to an operating system thread until the worker has ended, since that is
// what Linux takes for the worker's parent.
func (p *processes) start() (*process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopping {
		return nil, errors.New("start a worker: all are being stopped")
	}
	p.started++
	w := &process{name: workerName(p.started), done: make(chan struct{})}
	log, err := openLog(p.logs, w.name)
	if err != nil {
		return nil, err
	}
	w.log = log.Name()
	w.cmd = exec.Command(p.command[0], p.command[1:]...)
	w.cmd.Env = embedded.Environment(w.name)
	w.cmd.Stdout, w.cmd.Stderr = log, log
	w.cmd.SysProcAttr = attributes()
	begun := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := w.cmd.Start()
		_ = log.Close()
		if err != nil {
			begun <- err
			return
		}
		untie := tether(w.cmd.Process)
		begun <- nil
		w.err = w.cmd.Wait()
		untie()
		p.ended(w)
	}()
	if err := <-begun; err != nil {
		return nil, fmt.Errorf("start %s: %w", w.name, err)
	}
	p.running = append(p.running, w)
	return w, nil
}

func (p *processes) ended(w *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = slices.DeleteFunc(p.running, func(o *process) bool { return o == w })
	if !w.told {
		select {
		case p.failed <- fmt.Errorf("%s ended by itself (%s); its log is %s", w.name, w.cmd.ProcessState, w.log):
		default:
		}
	}
	close(w.done)
}

// kill sends SIGKILL to the running worker of that name, or to any if there is none, waits until it is dead and starts
// another in its place.
func (p *processes) kill(name string, rng *rand.Rand) (killed, next *process, err error) {
	p.mu.Lock()
	if len(p.running) == 0 {
		p.mu.Unlock()
		return nil, nil, errors.New("kill a worker: none is running")
	}
	killed = p.running[rng.IntN(len(p.running))]
	for _, w := range p.running {
		if w.name == name {
			killed = w
		}
	}
	killed.told = true
	err = killed.cmd.Process.Kill()
	p.mu.Unlock()
	if err != nil {
		return nil, nil, fmt.Errorf("kill %s: %w; its log is %s", killed.name, err, killed.log)
	}
	<-killed.done
	next, err = p.start()
	return killed, next, err
}

func (p *processes) alive() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.running)
}

func (p *processes) failures() <-chan error { return p.failed }

func (p *processes) stop(limit time.Duration) error {
	p.mu.Lock()
	p.stopping = true
	last := slices.Clone(p.running)
	for _, w := range last {
		w.told = true
		_ = w.cmd.Process.Signal(syscall.SIGTERM) // what has ended already is found out below
	}
	p.mu.Unlock()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	var err error
	late := false
	for _, w := range last {
		if !late {
			select {
			case <-w.done:
			case <-timer.C:
				late = true
			}
		}
		select {
		case <-w.done:
			if w.err != nil {
				err = errors.Join(err, fmt.Errorf("stop %s with SIGTERM: it ended with %s; its log is %s", w.name, w.cmd.ProcessState, w.log))
			}
		default:
			_ = w.cmd.Process.Kill()
			<-w.done
			err = errors.Join(err, fmt.Errorf("stop %s with SIGTERM: it was still running after %v; its log is %s", w.name, limit, w.log))
		}
	}
	return err
}
