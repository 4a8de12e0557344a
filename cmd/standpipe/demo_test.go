package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// runDemo runs `standpipe demo` and returns its exit code and output.
func runDemo(t *testing.T, ctx context.Context, args ...string) (code int, out string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := &program{env: os.Environ(), stdout: &stdout, stderr: &stderr}
	cmd := p.demoCommand()
	cmd.SetArgs(args)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.ExecuteContext(ctx)
	if err != nil {
		complain(&stderr, err)
	}
	return exitCode(err, ctx.Err() != nil), stdout.String() + stderr.String()
}

var (
	nothingLost = regexp.MustCompile(`(?m)^ +lost +0 *$`)
	noneDoubled = regexp.MustCompile(`(?m)^ +duplicated +0 *$`)
)

func TestDemoDeliversEveryRecordOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	code, out := runDemo(t, t.Context(), "--dir", dir, "--records", "1500")
	if code != exitOK || !nothingLost.MatchString(out) || !noneDoubled.MatchString(out) || !strings.Contains(out, "\nOK in ") {
		t.Fatalf("exit code %d\n%s%s", code, out, demoLogs(t, dir))
	}
	for _, want := range []string{" is split into ", " are merged into ", "records put  1,500", "clicks/year="} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// TestDemoMetersEveryCall carries an access log into Parquet, and counts calls by user and hour.
func TestDemoMetersEveryCall(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	code, out := runDemo(t, t.Context(), "--dir", dir, "--records", "1500", "--format", "parquet")
	metered := regexp.MustCompile(`(?m)^ +calls metered +[12],\d\d\d +in \d\d\d counts per user and hour, equal to the truth$`)
	if code != exitOK || !nothingLost.MatchString(out) || !noneDoubled.MatchString(out) || !metered.MatchString(out) {
		t.Fatalf("exit code %d\n%s%s", code, out, demoLogs(t, dir))
	}
	for name, want := range map[string]string{"metering.sql": "read_parquet(\n  'lake/access/**/*.parquet'", "truth.csv": "user,hour,calls\n"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}

func TestDemoSurvivesKilledWorkers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	dir := filepath.Join(t.TempDir(), "demo")
	code, out := runDemo(t, t.Context(), "--dir", dir, "--records", "3000", "--crash")
	if code != exitOK || !nothingLost.MatchString(out) || !noneDoubled.MatchString(out) || strings.Count(out, ": SIGKILL to ") < 5 {
		t.Fatalf("exit code %d\n%s%s", code, out, demoLogs(t, dir))
	}
}

// TestDemoInterruptedStopsItsWorkers ends a demo at a moment when its processes work.
func TestDemoInterruptedStopsItsWorkers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		defer cancel()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for t.Context().Err() == nil {
			if found, err := filepath.Glob(filepath.Join(dir, "lake", "clicks", "*")); err == nil && len(found) > 0 {
				return
			}
			<-tick.C
		}
	}()
	code, out := runDemo(t, ctx, "--dir", dir, "--records", "20000", "--crash")
	if code != exitInterrupted || !strings.Contains(out, "Interrupted: stopping the workers.\nStopped.") {
		t.Fatalf("exit code %d\n%s%s", code, out, demoLogs(t, dir))
	}
}

func TestDemoRefusesWhatCanNotBe(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "thesis.txt"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--records", "0"}, exitUsage, "standpipe: --records: must be at least 1 (got 0)\n"},
		{[]string{"--records=-1"}, exitUsage, "standpipe: --records: must be at least 1 (got -1)\n"},
		{[]string{"--workers", "17"}, exitUsage, "standpipe: --workers: must be 1 to 16 (got 17)\n"},
		{[]string{"--dir", full}, exitRuntime, "standpipe: use folder " + full + ": it is not empty, and no former demo made it; name another one with --dir, or empty it yourself\n"},
	} {
		if code, out := runDemo(t, t.Context(), c.args...); code != c.code || out != c.want {
			t.Errorf("%v: exit code %d and %q, want %d and %q", c.args, code, out, c.code, c.want)
		}
	}
}

// demoLogs are the ends of the workers' logs.
func demoLogs(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "logs", "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString("\n" + f + "\n" + string(data[max(0, len(data)-2000):]))
	}
	return all.String()
}
