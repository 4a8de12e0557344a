package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"standpipe/config"
	"standpipe/internal/faults"
)

// TestEveryExitCodeIsReached walks the table that --help prints.
func TestEveryExitCodeIsReached(t *testing.T) {
	ways := map[int]func(t *testing.T) int{
		exitOK:      func(t *testing.T) int { return execute(t, nil, "version").code },
		exitRuntime: func(t *testing.T) int { return execute(t, nil, "health", "--url", "http://127.0.0.1:1/").code },
		exitUsage:   func(t *testing.T) int { return execute(t, nil, "check", "--no-such-flag").code },
		exitPartial: func(*testing.T) int {
			return exitCode(fmt.Errorf("verify: %w", &codedError{exitPartial, errors.New("2 of 3 done")}), false)
		},
		exitInterrupted: func(t *testing.T) int {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return run(ctx, []string{"health", "--url", "http://127.0.0.1:1/"}, nil, &bytes.Buffer{}, &bytes.Buffer{})
		},
	}
	help := execute(t, nil, "--help").stdout
	for _, e := range exitCodes {
		way := ways[e.code]
		if way == nil {
			t.Errorf("no way to code %d", e.code)
			continue
		}
		if got := way(t); got != e.code {
			t.Errorf("code %d, want %d (%s)", got, e.code, e.meaning)
		}
		if line := fmt.Sprintf("%3d  %s\n", e.code, e.meaning); !strings.Contains(help, line) {
			t.Errorf("help lacks %q", line)
		}
	}
	if len(ways) != len(exitCodes) {
		t.Errorf("%d codes in the table, %d here", len(exitCodes), len(ways))
	}
}

func TestConfigurationProblemsAreUsageErrors(t *testing.T) {
	var ps config.Problems
	ps.Add("buffer.size", "too small", "1")
	if got := exitCode(fmt.Errorf("start: %w", ps.Err()), false); got != exitUsage {
		t.Errorf("got %d", got)
	}
}

func TestErrorsAreALineAProblem(t *testing.T) {
	var b bytes.Buffer
	complain(&b, errors.Join(errors.New("bucket a is missing"), errors.New("bucket b is missing\n")))
	if want := "standpipe: bucket a is missing\nstandpipe: bucket b is missing\n"; b.String() != want {
		t.Errorf("got %q", b.String())
	}
}

func TestFirstSignalEndsInOrder(t *testing.T) {
	signals := make(chan os.Signal, 2)
	signals <- syscall.SIGTERM
	code := supervise(signals, func(ctx context.Context) int {
		<-ctx.Done()
		return exitOK
	})
	if code != exitOK {
		t.Errorf("got %d", code)
	}
}

func TestSecondSignalExitsAtOnce(t *testing.T) {
	signals := make(chan os.Signal, 2)
	signals <- os.Interrupt
	release, left := make(chan struct{}), make(chan struct{})
	code := supervise(signals, func(ctx context.Context) int {
		defer close(left)
		<-ctx.Done()
		signals <- os.Interrupt
		<-release // a commit that hangs
		return exitOK
	})
	if code != exitInterrupted {
		t.Errorf("got %d", code)
	}
	close(release)
	<-left
}

func TestProgramThatEndsByItselfKeepsItsCode(t *testing.T) {
	if code := supervise(nil, func(context.Context) int { return exitRuntime }); code != exitRuntime {
		t.Errorf("got %d", code)
	}
}

// TestSignalWhileStarting ends a daemon while it creates its table: nothing was begun, nothing is wrong.
func TestSignalWhileStarting(t *testing.T) {
	for _, op := range []string{"DescribeTable", "CreateTable"} {
		c := newCloud(t)
		ctx, signal := context.WithCancel(t.Context())
		release := make(chan struct{})
		c.dynamo.Control(op, func(faults.Call, func()) error {
			signal()
			<-release
			return nil
		})
		var stderr bytes.Buffer
		code := run(ctx, []string{"run"}, c.env(), io.Discard, &stderr)
		close(release)
		if code != exitOK || !strings.Contains(stderr.String(), `"message":"stopped`) {
			t.Errorf("during %s: code %d, %s", op, code, &stderr)
		}
	}
}
