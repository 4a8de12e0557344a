package sink

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// logEvery is how often an operation that goes on failing is logged.
const logEvery = 30 * time.Second

// Troubles remembers which operations fail, on what and since when, for /readyz, and bounds how often each is
// logged. The zero value is ready. Safe for concurrent use.
type Troubles struct {
	mu     sync.Mutex
	by     map[[2]string]*Trouble
	logged map[string]time.Time // by operation, whatever it acts on
}

// Trouble is an operation that keeps failing.
type Trouble struct {
	Op    string // with what it acts on
	Since time.Time
	Count int
	Last  error
}

// Note takes a failure into account. It says whether it should be logged: each operation every 30 s.
func (t *Troubles) Note(op, object string, err error) (log bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if t.by == nil {
		t.by, t.logged = map[[2]string]*Trouble{}, map[string]time.Time{}
	}
	k := [2]string{op, object}
	tr := t.by[k]
	if tr == nil {
		tr = &Trouble{Op: op, Since: now}
		if object != "" {
			tr.Op += " of " + object
		}
		t.by[k] = tr
	}
	tr.Count++
	tr.Last = err
	if last, ok := t.logged[op]; ok && now.Sub(last) < logEvery {
		return false
	}
	t.logged[op] = now
	return true
}

// Clear says that the operation has succeeded.
func (t *Troubles) Clear(op, object string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.by, [2]string{op, object})
}

// List gives what fails now, sorted.
func (t *Troubles) List() []Trouble {
	t.mu.Lock()
	out := make([]Trouble, 0, len(t.by))
	for _, tr := range t.by {
		out = append(out, *tr)
	}
	t.mu.Unlock() // there may be 10,000, and whoever has a success waits for it
	slices.SortFunc(out, func(a, b Trouble) int { return cmp.Compare(a.Op, b.Op) })
	return out
}
