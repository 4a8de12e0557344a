package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// worker is the program, running.
type worker struct {
	cmd     *exec.Cmd
	address string // of its HTTP port
	logs    *bytes.Buffer
	ended   chan error
}

func (b *bench) start(ctx context.Context, env []string) (*worker, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &worker{address: l.Addr().String(), logs: &bytes.Buffer{}, ended: make(chan error, 1)}
	_ = l.Close()
	w.cmd = exec.CommandContext(ctx, b.standpipe, "run")
	w.cmd.Env = append(env, "STANDPIPE_SERVER_LISTEN="+w.address)
	w.cmd.Stderr = w.logs
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start standpipe: %w", err)
	}
	go func() { w.ended <- w.cmd.Wait() }()
	return w, nil
}

// until waits until its metrics show something, and gives them.
func (w *worker) until(ctx context.Context, shows func(page []byte) bool) ([]byte, error) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-w.ended:
			w.ended <- err
			return nil, fmt.Errorf("standpipe ended by itself: %w\n%s", err, w.logs)
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
		if page, err := metrics(ctx, w.address); err == nil && shows(page) {
			return page, nil
		}
	}
}

// stop ends it as ECS does, and waits.
func (w *worker) stop() error {
	if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := <-w.ended; err != nil {
		return fmt.Errorf("stop standpipe: %w\n%s", err, w.logs)
	}
	return nil
}

// kill ends it at once, unless it has ended.
func (w *worker) kill() {
	_ = w.cmd.Process.Kill()
}

func metrics(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	page, err := io.ReadAll(resp.Body)
	return page, errors.Join(err, resp.Body.Close())
}

// value is that of a metric, named with its labels, 0 while there is none.
func value(page []byte, name string) float64 {
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindSubmatch(page)
	if m == nil {
		return 0
	}
	v, _ := strconv.ParseFloat(string(m[1]), 64)
	return v
}

func cpu(s *os.ProcessState) float64 { return (s.UserTime() + s.SystemTime()).Seconds() }

// peak is the most memory that was resident, in MiB.
func peak(s *os.ProcessState) float64 {
	usage, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return float64(usage.Maxrss) / 1024
}

// beside runs the program on the servers of a case while do goes on, and ends all of it.
func (b *bench) beside(ctx context.Context, c benchCase, do func(s served, w *worker) (string, error)) (string, error) {
	s, stop, err := b.startServer(ctx, c)
	if err != nil {
		return "", err
	}
	defer stop()
	w, err := b.start(ctx, environment(c, s))
	if err != nil {
		return "", err
	}
	defer w.kill()
	return do(s, w)
}
