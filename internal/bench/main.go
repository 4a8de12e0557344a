package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	all := flag.Bool("all", false, "all cases, not only the five of a plain run")
	levels := flag.Bool("levels", false, "what a terabyte costs by codec and level, in place of the cases")
	only := flag.String("case", "", "only the cases whose name contains this text")
	size := flag.Int64("mb", 200, "megabytes of records in each case")
	role := flag.String("as", "", "for the processes that the bench starts itself: server")
	arg := flag.String("arg", "", "what such a process is told")
	flag.Parse()
	switch *role {
	case "server":
		var c benchCase
		if err := json.Unmarshal([]byte(*arg), &c); err != nil {
			return err
		}
		return serve(c, *size*1e6, flag.Arg(0))
	}
	if runtime.GOOS != "linux" {
		return fmt.Errorf("it reads processor time and memory as Linux gives them, and this is %s", runtime.GOOS)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "standpipe-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	p, err := build(ctx, dir)
	if err != nil {
		return err
	}
	if *levels {
		return printLevels(ctx, os.Stdout, *size, *only, p, dir)
	}
	fmt.Printf("%d MB of records a case, %d cores. MB of records a second of processor time, and the ratios to loops of the AWS SDK on the same stream:\n"+
		"that of go.mod, and that of internal/bench/former.mod, from before its decoding was rewritten.\n\n", *size, runtime.NumCPU())
	fmt.Printf("| %-28s | MB/CPU s | SDK | ratio | SDK before | ratio | peak MiB | allocations a record |\n|%s|---:|---:|---:|---:|---:|---:|---:|\n", "case", strings.Repeat("-", 30))
	for _, c := range cases() {
		if c.Extra && !*all && *only == "" || !strings.Contains(c.Name, *only) {
			continue
		}
		r, err := measure(ctx, c, *size, p, dir)
		if err != nil {
			return fmt.Errorf("case %q: %w", c.Name, err)
		}
		fmt.Printf("| %-28s | %8.0f | %3.0f | %5.2f | %10.0f | %5.2f | %8.0f | %20.2f |\n", c.Name, r.ours, r.sdk, r.ours/r.sdk, r.former, r.ours/r.former, r.peak, r.allocations)
	}
	return nil
}

// programs are the files of what is measured.
type programs struct{ standpipe, loop, former string }

func build(ctx context.Context, dir string) (programs, error) {
	p := programs{filepath.Join(dir, "standpipe"), filepath.Join(dir, "loop"), filepath.Join(dir, "former")}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return p, fmt.Errorf("find the module: %w", err)
	}
	former := filepath.Join(strings.TrimSpace(string(root)), "internal", "bench", "former.mod")
	for _, args := range [][]string{
		{p.standpipe, "standpipe/cmd/standpipe"}, {p.loop, "standpipe/internal/bench/sdkloop"}, {p.former, "-modfile", former, "standpipe/internal/bench/sdkloop"},
	} {
		if out, err := exec.CommandContext(ctx, "go", append([]string{"build", "-o"}, args...)...).CombinedOutput(); err != nil {
			return p, fmt.Errorf("build %s: %w\n%s", filepath.Base(args[0]), err, out)
		}
	}
	return p, nil
}
