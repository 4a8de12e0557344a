package jq

import (
	"context"
	"runtime"
	"runtime/metrics"
	"time"
)

// meter is the context of one run of a program. gojq asks it before each of its instructions whether it is done, so the
// meter needs no goroutine and no timer: it counts the questions, now and then looks at the clock, and once a run has
// taken a millisecond, at the heap.
//
// Whose growth the heap's is can not be seen. So a run during which it grew by a quarter of the limit goes on alone:
// others that come that far wait. What it is charged with in the end is what is live after a collection, beyond what was
// in use when it was first looked at.
type meter struct {
	context.Context // the background's, for values
	left, stride    int

	limit    time.Duration
	room     int64
	began    time.Time
	last     time.Time // when the clock was looked at
	measured time.Time // when the heap was
	base     int64     // bytes in use when the heap was first looked at
	passed   int64     // growth that a collection showed to be garbage
	alone    bool
	err      error
}

// asked is how many instructions pass between looks at the clock, unless they are slow: few enough that what doubles at
// every turn of a loop does not become a thousand times as much.
const asked = 16

// turn is taken by the run that may use much memory.
var turn = make(chan struct{}, 1)

var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func (m *meter) start(limit time.Duration, room int64) {
	now := time.Now()
	*m = meter{Context: context.Background(), left: asked, stride: asked, limit: limit, room: room, began: now, last: now, measured: now}
}

// end lets others have their turn.
func (m *meter) end() {
	if m.alone {
		m.alone = false
		<-turn
	}
}

// Done is closed once the run has passed a bound.
func (m *meter) Done() <-chan struct{} {
	if m.left--; m.left > 0 {
		return nil
	}
	return m.look(time.Now())
}

// Err is the bound that was passed.
func (m *meter) Err() error { return m.err }

func (m *meter) look(now time.Time) <-chan struct{} {
	if m.err != nil {
		return closed
	}
	m.stride = min(2*m.stride, asked)
	if now.Sub(m.last) > time.Millisecond {
		m.stride = 1
	}
	m.left, m.last = m.stride, now
	if now.Sub(m.began) > m.limit {
		m.err = &TimeError{m.limit}
		return closed
	}
	if now.Sub(m.measured) < time.Millisecond {
		return nil
	}
	if m.measured = now; m.tooMuch() {
		m.err = &LimitError{"the program took more memory for the record than it may"}
		return closed
	}
	return nil
}

// tooMuch says whether the run holds more memory than it may. It waits for its turn where it holds much.
func (m *meter) tooMuch() bool {
	used := heapInUse()
	if m.base == 0 || used < m.base {
		m.base = used
	}
	if !m.alone && used-m.base > m.room/4 {
		waits := time.Now()
		turn <- struct{}{}
		m.alone = true
		waited := time.Since(waits)
		m.began, m.last = m.began.Add(waited), m.last.Add(waited)
		used = heapInUse()
	}
	if used-m.base-m.passed <= m.room {
		return false
	}
	runtime.GC()
	used = heapInUse()
	m.passed = max(0, used-m.base-m.room/2)
	return used-m.base > m.room
}

func heapInUse() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
