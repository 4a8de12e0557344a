package sink

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
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
			s.trouble.clear(op)
			return err
		}
		if ctx.Err() != nil {
			return err
		}
		s.metrics.retries.WithLabelValues(service, op).Inc()
		if s.trouble.note(op, err) {
			s.log.Warn().Err(err).Str("op", op).Dur("wait_ms", wait).Msg("retrying")
		}
		t := time.NewTimer(wait - time.Duration(rand.Int64N(int64(wait/2))))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return err
		}
		wait = min(2*wait, backoffMax)
	}
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

// troubles remembers which operations fail and since when, for /readyz and to log each no more often than
// every 30 s.
type troubles struct {
	mu sync.Mutex
	by map[string]*Trouble
}

// Trouble is an operation that keeps failing.
type Trouble struct {
	Op     string
	Since  time.Time
	Count  int
	Last   error
	logged time.Time
}

func (t *troubles) note(op string, err error) (log bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if t.by == nil {
		t.by = map[string]*Trouble{}
	}
	tr := t.by[op]
	if tr == nil {
		tr = &Trouble{Op: op, Since: now}
		t.by[op] = tr
	}
	tr.Count++
	tr.Last = err
	if now.Sub(tr.logged) < 30*time.Second {
		return false
	}
	tr.logged = now
	return true
}

func (t *troubles) clear(op string) {
	t.mu.Lock()
	delete(t.by, op)
	t.mu.Unlock()
}

func (t *troubles) list() []Trouble {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Trouble
	for _, tr := range t.by {
		out = append(out, *tr)
	}
	return out
}
