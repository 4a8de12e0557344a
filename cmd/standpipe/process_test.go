package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"standpipe/config"
	"standpipe/internal/faults"
)

// process is the program as a process of its own.
type process struct {
	*exec.Cmd
	log *bufio.Scanner
}

func launch(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	return launchTo(t, nil, env, args...)
}

// launchTo does the same, with an open file as stdout.
func launchTo(t *testing.T, stdout *os.File, env []string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"run"}, args...)[min(len(args), 1):]...)
	if stdout != nil {
		cmd.Stdout = stdout
	}
	cmd.Env = append(os.Environ(), env...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // where the test did not come to the end
	return &process{cmd, bufio.NewScanner(stderr)}
}

// until reads the log up to a line with each of the words, in this order.
func (p *process) until(t *testing.T, words ...string) {
	t.Helper()
	for _, word := range words {
		found := false
		for !found && p.log.Scan() {
			found = strings.Contains(p.log.Text(), word)
		}
		if !found {
			t.Fatalf("the log ended without %q", word)
		}
	}
}

// code waits for the end.
func (p *process) code(t *testing.T) int {
	t.Helper()
	for p.log.Scan() {
		if strings.HasPrefix(p.log.Text(), "standpipe: ") || strings.HasPrefix(p.log.Text(), "panic") {
			t.Log(p.log.Text())
		}
	}
	_ = p.Wait() // the code says it all
	return p.ProcessState.ExitCode()
}

// TestProcessStopsOnSIGTERM is what ECS does to a task.
func TestProcessStopsOnSIGTERM(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	for i := range 10 {
		if _, _, err := c.kinesis.Put("clicks", fmt.Sprint(i), fmt.Appendf(nil, "%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	p := launch(t, c.env("STANDPIPE_LOG_FORMAT=console"))
	p.until(t, "starting", "started; ", "lease acquired", "lease acquired")
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.until(t, "stopping", "stopped; everything that was read is in S3")
	if code := p.code(t); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	d := start(t, c.env()) // reads what the first had not come to
	d.leased(t)
	eventually(t, "read the rest", func() bool { return int(d.read(t))+len(c.lines(t, "clicks/")) == 10 })
	d.signal()
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
	lines := c.lines(t, "clicks/")
	for i := range 10 {
		if lines[fmt.Sprint(i)] != 1 {
			t.Errorf("record %d is there %d times", i, lines[fmt.Sprint(i)])
		}
	}
}

// TestProcessExitsOnSecondSignal has a commit that can not be carried out.
func TestProcessExitsOnSecondSignal(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.s3.Control("CreateMultipartUpload", func(faults.Call, func()) error {
		return &faults.Error{Status: http.StatusServiceUnavailable, Code: "SlowDown", Message: "Please reduce your request rate."}
	})
	if _, _, err := c.kinesis.Put("clicks", "k", []byte("1")); err != nil {
		t.Fatal(err)
	}
	p := launch(t, c.env("STANDPIPE_BUFFER_INTERVAL=1s"))
	for _, words := range [][]string{{"CreateMultipartUpload"}, {"stopping"}} {
		p.until(t, words...)
		if err := p.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	p.until(t, `"message":"second signal: exiting at once`)
	if code := p.code(t); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
}

// TestMemoryLimitFollowsTheBudget looks at the collector's limit after run, which fails for want of a stream.
func TestMemoryLimitFollowsTheBudget(t *testing.T) {
	c := newCloud(t)
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	debug.SetMemoryLimit(1 << 40)
	run(t.Context(), []string{"run"}, c.env("STANDPIPE_STREAM_NAME=none", "GOMEMLIMIT=1TiB"), io.Discard, io.Discard)
	if got := debug.SetMemoryLimit(-1); got != 1<<40 {
		t.Errorf("GOMEMLIMIT is not respected: %d", got)
	}
	run(t.Context(), []string{"run"}, c.env("STANDPIPE_STREAM_NAME=none", "STANDPIPE_BUFFER_MEMORY=64MiB"), io.Discard, io.Discard)
	if got := debug.SetMemoryLimit(-1); got != int64(96*config.MiB) {
		t.Errorf("got %d", got)
	}
}
