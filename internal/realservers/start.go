package realservers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"
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
	// its own, and empty.
	command func(s *Server, dir string, ports [2]int) (*exec.Cmd, error)
	// ready asks the server something that only it can answer.
	ready func(ctx context.Context, s *Server) error
}

// start returns when the server answers.
func (k *kind) start(ctx context.Context) (*Server, *process, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	var failed error
	for range startTries {
		s, p, err := k.try(ctx)
		if err == nil {
			return s, p, nil
		}
		failed = errors.Join(failed, fmt.Errorf("start %s: %w", k.name, err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, nil, failed
}

func (k *kind) try(ctx context.Context) (*Server, *process, error) {
	ports, err := freePorts()
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "realservers-")
	if err != nil {
		return nil, nil, err
	}
	s := &Server{Endpoint: fmt.Sprintf("http://127.0.0.1:%d", ports[0]), AccessKey: "standpipe", SecretKey: "standpipe"}
	cmd, err := k.command(s, dir, ports)
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	p, err := launch(cmd, dir)
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := k.wait(ctx, s, p); err != nil {
		err = fmt.Errorf("%w; it logged:\n%s", err, p.logged())
		p.end()
		return nil, nil, err
	}
	return s, p, nil
}

// wait returns nil once the process is there and answers.
func (k *kind) wait(ctx context.Context, s *Server, p *process) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var answer error
	for {
		select {
		case <-p.done:
			return fmt.Errorf("it ended by itself (%w)", p.err)
		case <-ctx.Done():
			return fmt.Errorf("wait for its answer: %w, the last was: %w", ctx.Err(), answer)
		case <-tick.C:
		}
		if answer = k.ready(ctx, s); answer == nil {
			// Had the port been another's, the process would be ending now.
			select {
			case <-p.done:
				return fmt.Errorf("it ended by itself (%w)", p.err)
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
