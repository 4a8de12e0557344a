package endtoend

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"standpipe/internal/faults"
)

// Scheduler makes a run repeatable: every call of every worker stops at its gate, before it takes effect and
// again before its answer leaves, and when every goroutine of the bubble is blocked a seed picks which one goes
// on. So effects happen one at a time, in an order that does not depend on how the machine runs goroutines.
//
// What it can not decide is what goroutines that one timer or one answer wakes do to each other before all of them
// block again: the order of their locks, of a select with several cases ready, of a walk over a map.
type Scheduler struct {
	step time.Duration
	rng  *rand.Rand
	wake chan struct{}
	done chan struct{}
	end  context.CancelFunc

	mu      sync.Mutex
	waiting []*ticket
	trace   []string
}

type ticket struct {
	name string
	pass chan struct{}
}

// Schedule starts a scheduler within a synctest bubble, which from then on alone may call synctest.Wait. Each call
// takes two steps or more of virtual time. It also seeds the ids and the retries of workers started from now on. Nothing is
// scheduled until its hook stands before the services.
func (w *World) Schedule(seed uint64, step time.Duration) *Scheduler {
	ctx, end := context.WithCancel(context.Background())
	s := &Scheduler{step: step, rng: rand.New(rand.NewPCG(seed, 0)), wake: make(chan struct{}, 1), done: make(chan struct{}), end: end}
	w.seed = &seed
	go s.run(ctx)
	return s
}

// Hook makes a hook for every service out of one that decides about faults and carries calls out.
func (s *Scheduler) Hook(decide faults.Hook) faults.Hook {
	return func(call faults.Call, next func()) error {
		s.wait(call, "call")
		err := decide(call, next)
		if err == nil {
			next()
		}
		s.wait(call, "answer")
		return err
	}
}

// wait blocks until it is this call's turn.
func (s *Scheduler) wait(c faults.Call, phase string) {
	t := &ticket{fmt.Sprintf("%s %s %s %s", c.Header.Get(senderHeader), phase, actOf(c), roleOf(c)), make(chan struct{})}
	s.mu.Lock()
	s.waiting = append(s.waiting, t)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
	<-t.pass
}

func (s *Scheduler) run(ctx context.Context) {
	defer close(s.done)
	for {
		select {
		case <-s.wake:
		case <-ctx.Done():
			return
		}
		for {
			<-time.After(s.step)
			synctest.Wait()
			if !s.pass() {
				break
			}
		}
	}
}

// pass lets one call go on; false when none waits.
func (s *Scheduler) pass() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		return false
	}
	slices.SortStableFunc(s.waiting, func(a, b *ticket) int { return cmp.Compare(a.name, b.name) })
	i := s.rng.IntN(len(s.waiting))
	t := s.waiting[i]
	s.waiting = slices.Delete(s.waiting, i, i+1)
	s.trace = append(s.trace, t.name)
	close(t.pass)
	return true
}

// Stop ends the scheduler. Calls that come later would wait for ever.
func (s *Scheduler) Stop() {
	s.end()
	<-s.done
}

// Trace is every step so far; two runs with the same trace did the same.
func (s *Scheduler) Trace() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.trace)
}

// Hash is short for the trace.
func (s *Scheduler) Hash() string {
	h := fnv.New64a()
	for _, line := range s.Trace() {
		_, _ = h.Write([]byte(line + "\n"))
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// seeded draws a worker's ids and the spread of its retries from a seed.
func seeded(seed uint64, worker string) (newID func() string, jitter func() float64) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(worker))
	var mu sync.Mutex
	source := rand.NewPCG(seed, h.Sum64())
	rng := rand.New(source)
	newID = func() string {
		mu.Lock()
		defer mu.Unlock()
		var id uuid.UUID
		binary.LittleEndian.PutUint64(id[:], source.Uint64())
		binary.LittleEndian.PutUint64(id[8:], source.Uint64())
		id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version 4, RFC 9562
		return id.String()
	}
	jitter = func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return rng.Float64()
	}
	return newID, jitter
}
