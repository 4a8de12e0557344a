package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	all := flags.Bool("all", false, "all cases of speed, not only the five of a plain run")
	levels := flags.Bool("levels", false, "what a terabyte costs by codec and level, in place of speed")
	curves := flags.Bool("curves", false, "cost against shards, paths and record size, in place of speed; some 5 minutes")
	latency := flags.Bool("latency", false, "how soon records can be seen, in place of speed; some 5 minutes")
	only := flags.String("case", "", "only the cases whose name contains this text")
	size := flags.Int64("mb", 200, "megabytes of records in each case of speed")
	seconds := flags.Int("seconds", 45, "how long records are counted in each case of latency")
	doc := flags.String("doc", "", "a Markdown file in which tables replace those between <!-- speed --> (levels, curves, resting, latency) and its end")
	role := flags.String("as", "", "for the processes that the bench starts itself: server")
	arg := flags.String("arg", "", "what such a process is told")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch *role {
	case "server":
		var c benchCase
		if err := json.Unmarshal([]byte(*arg), &c); err != nil {
			return err
		}
		return serve(c, *size*1e6, flags.Arg(0), os.Stdin, stdout)
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
	b, err := newBench(ctx, dir)
	if err != nil {
		return err
	}
	b.mb, b.seconds = *size, *seconds
	tables := []table{b.speed(*all || *only != "")}
	if *levels || *curves || *latency {
		tables = nil
	}
	if *levels {
		tables = append(tables, b.levels())
	}
	if *curves {
		tables = append(tables, b.curves(), b.resting())
	}
	if *latency {
		tables = append(tables, b.latency())
	}
	for _, t := range tables {
		if err := t.print(ctx, stdout, *only, *doc); err != nil {
			return err
		}
	}
	return nil
}
