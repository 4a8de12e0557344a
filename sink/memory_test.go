package sink

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever waits first is served first, also when a later one would fit.
func TestMemoryServesInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(100)
		pressed := 0
		m.pressure = func() { pressed++ }
		m.Add(90)
		var mu sync.Mutex
		var order []int64
		for _, n := range []int64{40, 5, 30} {
			go func() {
				if got, err := m.Acquire(t.Context(), n); err != nil || got != n {
					t.Errorf("acquired %d, %v", got, err)
				}
				mu.Lock()
				order = append(order, n)
				mu.Unlock()
			}()
			synctest.Wait()
		}
		if m.Used() != 90 || !m.Waiting() || pressed != 3 {
			t.Errorf("%d bytes used, waiting: %v, pressed %d times", m.Used(), m.Waiting(), pressed)
		}
		for _, step := range []struct {
			free int64
			want []int64
		}{{20, nil}, {12, []int64{40}}, {5, []int64{40, 5}}, {30, []int64{40, 5, 30}}} {
			m.Add(-step.free)
			synctest.Wait()
			if !slices.Equal(order, step.want) {
				t.Errorf("after %d were freed %v were served, want %v", step.free, order, step.want)
			}
		}
		if m.Waiting() || m.Used() != 98 {
			t.Errorf("%d bytes used, waiting: %v", m.Used(), m.Waiting())
		}
	})
}

// A request that is given up takes nothing and lets those behind it through.
func TestMemoryGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(100)
		m.Add(70)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var first error
		go func() { _, first = m.Acquire(ctx, 50) }()
		synctest.Wait()
		var served atomic.Bool
		go func() {
			_, err := m.Acquire(t.Context(), 10)
			served.Store(err == nil)
		}()
		synctest.Wait()
		if served.Load() {
			t.Error("served out of turn")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !errors.Is(first, context.DeadlineExceeded) || !served.Load() || m.Used() != 80 || m.Waiting() {
			t.Errorf("first: %v, second served: %v, %d bytes used", first, served.Load(), m.Used())
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if n, err := m.Acquire(ended, 50); err == nil || n != 0 || m.Used() != 80 {
			t.Errorf("acquired %d with an ended context: %v", n, err)
		}
	})
}

// One request may be larger than the budget; it counts as half of it. What the sink adds may pass the limit.
func TestMemoryOverTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(100)
		n, err := m.Acquire(t.Context(), 1000)
		if err != nil || n != 50 || m.Used() != 50 || m.Limit() != 100 {
			t.Errorf("acquired %d, %v", n, err)
		}
		m.Add(500)
		if m.Used() != 550 {
			t.Errorf("%d bytes used", m.Used())
		}
		var served atomic.Bool
		go func() {
			_, _ = m.Acquire(t.Context(), 1)
			served.Store(true)
		}()
		synctest.Wait()
		m.Add(-450)
		synctest.Wait()
		if served.Load() {
			t.Error("served while the budget is spent")
		}
		m.Add(-1)
		synctest.Wait()
		if !served.Load() || m.Used() != 100 {
			t.Errorf("served: %v, %d bytes used", served.Load(), m.Used())
		}
	})
}

func TestMemoryUnderManyHands(t *testing.T) {
	m := NewMemory(1000)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for k := range 500 {
				n, err := m.Acquire(t.Context(), int64(50+(i*31+k*7)%400))
				if err != nil {
					t.Error(err)
					return
				}
				if used := m.Used(); used > 1000 {
					t.Errorf("%d bytes used", used)
				}
				m.Add(-n)
			}
		})
	}
	wg.Wait()
	if m.Used() != 0 || m.Waiting() {
		t.Errorf("%d bytes used at the end", m.Used())
	}
}
