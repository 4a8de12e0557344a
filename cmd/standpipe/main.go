package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // outputs[].time_zone works in images without a zone database
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	os.Exit(supervise(signals, func(ctx context.Context) int {
		return run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	}))
}
