package demo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"standpipe/config"
)

func TestImpossibleOptionsAreUsageErrors(t *testing.T) {
	good := Options{Dir: t.TempDir(), Records: 1, Workers: 1}
	for want, change := range map[string]func(*Options){
		"--records: must be at least 1 (got 0)":             func(o *Options) { o.Records = 0 },
		"--records: must be at least 1 (got -5)":            func(o *Options) { o.Records = -5 },
		"--workers: must be 1 to 16 (got 0)":                func(o *Options) { o.Workers = 0 },
		"--workers: must be 1 to 16 (got 17)":               func(o *Options) { o.Workers = 17 },
		"--format: must be ndjson or parquet (got \"orc\")": func(o *Options) { o.Format = "orc" },
		"--dir: must name a folder (got an empty text)":     func(o *Options) { o.Dir = "" },
	} {
		o := good
		change(&o)
		if err := Run(t.Context(), o); !errors.Is(err, ErrUsage) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestIdleWorkersAreFoundOut has a worker that does nothing at all: the wait has an end, and nothing is claimed.
func TestIdleWorkersAreFoundOut(t *testing.T) {
	defer goleak.VerifyNone(t)
	var out bytes.Buffer
	err := Run(t.Context(), Options{
		Dir: filepath.Join(t.TempDir(), "demo"), Records: 50, Workers: 2, Seed: 1, Out: &out, stall: 300 * time.Millisecond,
		Worker: func(ctx context.Context, _ config.Config, _ zerolog.Logger) error {
			<-ctx.Done()
			return nil
		},
	})
	if !errors.Is(err, ErrInexact) {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{
		"Trouble: wait for delivery: 6 of 7 shards are not committed to their end, and nothing has moved for 300ms\n",
		": 50 records lost. The workers' logs are in ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

func TestWorkerThatEndsIsNamed(t *testing.T) {
	defer goleak.VerifyNone(t)
	var out bytes.Buffer
	dir := filepath.Join(t.TempDir(), "demo")
	err := Run(t.Context(), Options{Dir: dir, Records: 50, Workers: 1, Seed: 1, Out: &out,
		Worker: func(context.Context, config.Config, zerolog.Logger) error { return errors.New("no hands") }})
	want := "worker-1 ended by itself: no hands; its log is " + filepath.Join(dir, "logs", "worker-1.log")
	if err == nil || err.Error() != want || !strings.Contains(out.String(), ": only 0 of 50 records were put before the trouble above.") {
		t.Errorf("got %v and\n%s", err, out.String())
	}
}

// TestInterruptEndsEverything cancels a demo in the middle and starts another one in its folder.
func TestInterruptEndsEverything(t *testing.T) {
	defer goleak.VerifyNone(t)
	t.Setenv("AWS_PROFILE", "mine")
	dir := filepath.Join(t.TempDir(), "demo")
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		var out bytes.Buffer
		err := Run(ctx, Options{Dir: dir, Records: 1000, Workers: 1, Out: &out,
			Worker: func(worker context.Context, cfg config.Config, _ zerolog.Logger) error {
				if os.Getenv("AWS_PROFILE") != "" || os.Getenv("AWS_ACCESS_KEY_ID") != "demo" {
					t.Error("the worker sees the user's account")
				}
				cancel()
				<-worker.Done()
				return nil
			}})
		if !errors.Is(err, context.Canceled) || !strings.Contains(out.String(), "can be read in "+filepath.Join(dir, "lake")) {
			t.Errorf("got %v and\n%s", err, out.String())
		}
	}
	if os.Getenv("AWS_PROFILE") != "mine" || os.Getenv("AWS_ACCESS_KEY_ID") == "demo" {
		t.Error("the process did not get its environment back")
	}
}

func TestProgressOfATerminalIsOneLine(t *testing.T) {
	var out bytes.Buffer
	p := &progress{terminal: true, out: &out}
	p.show("one")
	p.show("two")
	p.say("%d kills", 3)
	p.show("four")
	if want := "\r\x1b[K\x1b[?7lone\x1b[?7h\r\x1b[K\x1b[?7ltwo\x1b[?7h\r\x1b[K3 kills\n\r\x1b[K\x1b[?7lfour\x1b[?7h"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
