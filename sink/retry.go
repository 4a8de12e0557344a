package sink

import (
	"context"
	"errors"
	"time"

	"standpipe/internal/pause"
)

const (
	backoffMin = 50 * time.Millisecond
	backoffMax = 10 * time.Second
)

// until repeats call until its answer is definite: a success, or one of the errors that settle it. It gives
// up only when ctx ends. object is what op acts on: as long as one object fails, successes on others do not
// take it out of /readyz.
func (s *Sink) until(ctx context.Context, service, op, object string, call func(context.Context) error, settles ...error) error {
	again := s.backoff()
	for {
		err := call(ctx)
		if err == nil || definite(err, settles) {
			if err == nil {
				s.metrics.requests.WithLabelValues(service, op).Inc()
			}
			s.trouble.Clear(op, object)
			return err
		}
		if ctx.Err() != nil {
			s.abandon(op, object)
			return err
		}
		s.metrics.retries.WithLabelValues(service, op).Inc()
		if s.trouble.Note(op, object, err) {
			s.log.Warn().Err(err).Str("op", op).Int64("wait_ms", again.next().Milliseconds()).Msg("retrying")
		}
		if again.pause(ctx) != nil {
			s.abandon(op, object)
			return err
		}
	}
}

// abandon takes an operation that nobody needs any more out of the troubles; those that the sink ends with stay.
func (s *Sink) abandon(op, object string) {
	if s.ctx.Err() == nil {
		s.trouble.Clear(op, object)
	}
}

// backoff waits between attempts: twice as long each time, from 50 ms to 10 s, shortened by up to half at
// random.
type backoff struct {
	waited time.Duration
	jitter func() float64
}

func (s *Sink) backoff() backoff { return backoff{jitter: s.opts.Jitter} }

func (b *backoff) next() time.Duration { return min(max(2*b.waited, backoffMin), backoffMax) }

// pause waits; its error is that ctx has ended.
func (b *backoff) pause(ctx context.Context) error {
	b.waited = b.next()
	return pause.For(ctx, b.waited-time.Duration(b.jitter()*float64(b.waited/2)))
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
