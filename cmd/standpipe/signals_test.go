package main

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
)

// A log that nobody reads, such as a full pipe, does not keep a process that is told twice to end.
func TestSecondSignalIsNotHeldUpByTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals, reads := make(chan os.Signal, 2), make(chan struct{})
		defer close(reads)
		spoke := make(chan struct{})
		code := supervise(signals, func(ctx context.Context) int {
			atSecondSignal(ctx, func() {
				close(spoke)
				<-reads
			})
			signals <- os.Interrupt
			signals <- os.Interrupt
			<-reads
			return exitOK
		})
		if code != exitInterrupted {
			t.Errorf("exit code %d", code)
		}
		<-spoke // or it was never to say anything
	})
}
