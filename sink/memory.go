package sink

import (
	"context"
	"sync"
)

// Memory is the one budget for responses in flight, lines not yet compressed and parts not yet uploaded.
// Readers acquire room before they fetch; what the sink itself holds is only counted, so that nothing that
// is on its way out ever waits for room. Safe for concurrent use.
type Memory struct {
	limit    int64
	pressure func() // told, without locks held, each time somebody has to wait

	mu      sync.Mutex
	used    int64
	waiters []*waiter
}

type waiter struct {
	n     int64
	ready chan struct{}
}

// NewMemory makes a budget of limit bytes.
func NewMemory(limit int64) *Memory { return &Memory{limit: limit} }

// Limit is the budget in bytes.
func (m *Memory) Limit() int64 { return m.limit }

// Used is what is taken now, in bytes. It may pass the limit by what the sink counts on top.
func (m *Memory) Used() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used
}

// Acquire takes n bytes, waiting in turn until they are free. More than half the budget is given as if it
// were half, so that no request waits for ever. It returns what was taken.
func (m *Memory) Acquire(ctx context.Context, n int64) (int64, error) {
	n = min(n, m.limit/2)
	m.mu.Lock()
	if len(m.waiters) == 0 && m.used+n <= m.limit {
		m.used += n
		m.mu.Unlock()
		return n, nil
	}
	w := &waiter{n, make(chan struct{})}
	m.waiters = append(m.waiters, w)
	m.mu.Unlock()
	if m.pressure != nil {
		m.pressure()
	}
	select {
	case <-w.ready:
		return n, nil
	case <-ctx.Done():
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, o := range m.waiters {
		if o == w {
			m.waiters = append(m.waiters[:i:i], m.waiters[i+1:]...)
			m.admit()
			return 0, ctx.Err()
		}
	}
	return n, nil // given at the last moment
}

// Add counts n more bytes (fewer, when negative) without waiting.
func (m *Memory) Add(n int64) {
	m.mu.Lock()
	m.used += n
	if n < 0 {
		m.admit()
	}
	m.mu.Unlock()
}

// Waiting says whether somebody waits for room.
func (m *Memory) Waiting() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.waiters) > 0
}

func (m *Memory) admit() {
	for len(m.waiters) > 0 && m.used+m.waiters[0].n <= m.limit {
		m.used += m.waiters[0].n
		close(m.waiters[0].ready)
		m.waiters = m.waiters[1:]
	}
}
