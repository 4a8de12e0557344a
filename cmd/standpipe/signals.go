package main

import (
	"context"
	"os"
	"sync/atomic"
	"time"
)

// supervise runs the program. The first signal ends its context, so that it can finish in order; at the
// second it is left where it is, which loses no record.
func supervise(signals <-chan os.Signal, program func(context.Context) int) int {
	var last lastWords
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), lastWordsKey{}, &last))
	defer cancel()
	done := make(chan int, 1)
	go func() { done <- program(ctx) }()
	for {
		select {
		case code := <-done:
			return code
		case <-signals:
			if ctx.Err() != nil {
				last.speak()
				return exitInterrupted
			}
			cancel()
		}
	}
}

// lastWords is what a command says when a second signal leaves it where it is.
type lastWords struct{ atomic.Pointer[func()] }

// speak waits for what is said for a second at most: it may be that nobody reads it.
func (w *lastWords) speak() {
	say := w.Load()
	if say == nil {
		return
	}
	said := make(chan struct{})
	go func() {
		defer close(said)
		(*say)()
	}()
	select {
	case <-said:
	case <-time.After(time.Second):
	}
}

type lastWordsKey struct{}

// atSecondSignal has say called by supervise before the program exits at a second signal.
func atSecondSignal(ctx context.Context, say func()) {
	if last, ok := ctx.Value(lastWordsKey{}).(*lastWords); ok {
		last.Store(&say)
	}
}
