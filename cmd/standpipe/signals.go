package main

import (
	"context"
	"os"
)

// supervise runs the program. The first signal ends its context, so that it can finish in order; at the
// second it is left where it is, which loses no record.
func supervise(signals <-chan os.Signal, program func(context.Context) int) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan int, 1)
	go func() { done <- program(ctx) }()
	for {
		select {
		case code := <-done:
			return code
		case <-signals:
			if ctx.Err() != nil {
				return exitInterrupted
			}
			cancel()
		}
	}
}
