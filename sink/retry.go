package sink

import (
	"context"
	"errors"
	"time"
)

const (
	backoffMin = 50 * time.Millisecond
	backoffMax = 10 * time.Second
)

// until repeats call until its answer is definite: a success, or one of the errors that settle it. Waits
// double from 50 ms to 10 s, each shortened by up to half at random. It gives up only when ctx ends.
func (s *Sink) until(ctx context.Context, service, op string, call func(context.Context) error, settles ...error) error {
	wait := backoffMin
	for {
		err := call(ctx)
		if err == nil || definite(err, settles) {
			s.trouble.Clear(op, "")
			return err
		}
		if ctx.Err() != nil {
			return s.gaveUp(op, err)
		}
		s.metrics.retries.WithLabelValues(service, op).Inc()
		if s.trouble.Note(op, "", err) {
			s.log.Warn().Err(err).Str("op", op).Dur("wait_ms", wait).Msg("retrying")
		}
		t := time.NewTimer(wait - time.Duration(s.opts.Jitter()*float64(wait/2)))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return s.gaveUp(op, err)
		}
		wait = min(2*wait, backoffMax)
	}
}

// gaveUp forgets the trouble of an operation that nobody wants any more, such as the parts of a dropped batch: no
// success would ever clear it. What the sink leaves undone at its own end stays.
func (s *Sink) gaveUp(op string, err error) error {
	if s.ctx.Err() == nil {
		s.trouble.Clear(op, "")
	}
	return err
}

func definite(err error, settles []error) bool {
	if _, ok := refused(err); ok {
		return true
	}
	for _, e := range settles {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
