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
	only := flag.String("case", "", "only the cases whose name contains this text")
	size := flag.Int64("mb", 200, "megabytes of records in each case")
	role := flag.String("as", "", "for the processes that the bench starts itself: server or sdk")
	arg := flag.String("arg", "", "what such a process is told")
	flag.Parse()
	switch *role {
	case "server":
		var c benchCase
		if err := json.Unmarshal([]byte(*arg), &c); err != nil {
			return err
		}
		return serve(c, *size*1e6, flag.Arg(0))
	case "sdk":
		return sdkLoop(*arg, *size)
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
	program := filepath.Join(dir, "standpipe")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "standpipe/cmd/standpipe").CombinedOutput(); err != nil {
		return fmt.Errorf("build standpipe: %w\n%s", err, out)
	}
	fmt.Printf("%d MB of records a case, %d cores. MB per second of processor time; ratio to the SDK's loop on the same stream.\n\n", *size, runtime.NumCPU())
	fmt.Printf("| %-28s | MB/CPU s | SDK loop | ratio | peak MiB | allocations a record |\n|%s|---:|---:|---:|---:|---:|\n", "case", strings.Repeat("-", 30))
	for _, c := range cases() {
		if c.Extra && !*all && *only == "" || !strings.Contains(c.Name, *only) {
			continue
		}
		r, err := measure(ctx, c, *size, program, dir)
		if err != nil {
			return fmt.Errorf("case %q: %w", c.Name, err)
		}
		fmt.Printf("| %-28s | %8.0f | %8.0f | %5.2f | %8.0f | %20.2f |\n", c.Name, r.ours, r.sdk, r.ours/r.sdk, r.peak, r.allocations)
	}
	return nil
}
