package realservers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"standpipe/internal/process"
)

const (
	startLimit = 90 * time.Second // a JVM on a busy machine
	startTries = 3                // a port that was free may be another's by the time the server takes it
	pollEvery  = 50 * time.Millisecond
)

// kind is what is particular to a server.
type kind struct {
	name     string
	variable string // of the environment, with the endpoint of a server that runs already
	// absent says why it can not be started on this machine, in words for people; "" when it can.
	absent func() string
	// command makes the process for a server that listens on the first port and may use the second. dir is
	// its own; it holds what a durable one left there.
	command func(s *Server, dir string, ports [2]int) (*exec.Cmd, error)
	// ready asks the server something that only it can answer.
	ready func(ctx context.Context, s *Server) error
}

// start returns when a server of its own folder answers.
func (k *kind) start(ctx context.Context) (*Server, *process.Process, error) {
	dir, err := process.Folder()
	if err != nil {
		return nil, nil, err
	}
	s := &Server{AccessKey: "standpipe", SecretKey: anySecret}
	p, err := k.serve(ctx, s, dir)
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, p, nil
}

// anySecret is accepted by servers that look at no signature.
const anySecret = "standpipe"

// serve starts a server with what is in dir, on a free port, and returns when it answers.
func (k *kind) serve(ctx context.Context, s *Server, dir string) (*process.Process, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	var failed error
	for range startTries {
		p, err := k.try(ctx, s, dir)
		if err == nil {
			return p, nil
		}
		failed = errors.Join(failed, fmt.Errorf("start %s: %w", k.name, err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

func (k *kind) try(ctx context.Context, s *Server, dir string) (*process.Process, error) {
	ports, err := freePorts()
	if err != nil {
		return nil, err
	}
	s.Endpoint = fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	cmd, err := k.command(s, dir, ports)
	if err != nil {
		return nil, err
	}
	p, err := process.Launch(cmd, dir)
	if err != nil {
		return nil, err
	}
	if err := k.wait(ctx, s, p); err != nil {
		err = fmt.Errorf("%w; it logged:\n%s", err, p.Logged())
		p.Halt()
		return nil, err
	}
	return p, nil
}

// wait returns nil once the process is there and answers.
func (k *kind) wait(ctx context.Context, s *Server, p *process.Process) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var answer error
	for {
		select {
		case <-p.Done:
			return fmt.Errorf("it ended by itself (%w)", p.Err)
		case <-ctx.Done():
			return fmt.Errorf("wait for its answer: %w, the last was: %w", ctx.Err(), answer)
		case <-tick.C:
		}
		if answer = k.ready(ctx, s); answer == nil {
			// Had the port been another's, the process would be ending now.
			select {
			case <-p.Done:
				return fmt.Errorf("it ended by itself (%w)", p.Err)
			default:
				return nil
			}
		}
	}
}

// freePorts finds two ports of the loopback interface that nobody listens on.
func freePorts() (ports [2]int, err error) {
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return ports, fmt.Errorf("look for a free port: %w", err)
		}
		defer func() { _ = l.Close() }()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
