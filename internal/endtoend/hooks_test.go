package endtoend

import (
	"sync"

	"standpipe/internal/faults"
)

// control puts one hook before all three services.
func (w *World) control(hook faults.Hook) {
	w.Kinesis.Control("", hook)
	w.Dynamo.Control("", hook)
	w.S3.Control("", hook)
}

// once gives true the first time it is asked.
type once struct {
	mu   sync.Mutex
	done bool
}

func (o *once) first() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	was := o.done
	o.done = true
	return !was
}

func (o *once) happened() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.done
}

// noDoubles fails if any record is visible twice under a prefix.
func (w *World) noDoubles(prefixes ...string) {
	w.T.Helper()
	for _, p := range prefixes {
		for id, n := range w.Delivered(p) {
			if n > 1 {
				w.T.Fatalf("record %d is visible %d times under %s", id, n, p)
			}
		}
	}
}

// sender is the worker that makes a call.
func (w *World) sender(c faults.Call) *Worker {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, wk := range w.workers {
		if wk.Name == c.Header.Get(senderHeader) {
			return wk
		}
	}
	return nil
}
