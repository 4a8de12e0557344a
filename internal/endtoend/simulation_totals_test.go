package endtoend

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// everyKind lists what a run of some hundred seeds must have seen, or it proves less than it says.
var everyKind = []string{
	"start", "kill", "stop", "freeze", "thaw", "split", "merge", "small memory", "several outputs", "several paths",
	"record that is not JSON", "aggregate with a bad MD5", "aggregate that can not be decoded", "record of several values", "aggregate", "huge record",
	"outage", "heartbeat muted", "leases lost and won again", "intent after its batch was decided", "slow S3", "clock jump", "lifecycle abort",
	"server error", "throttled", "request lost", "answer lost", "slow request", "slow answer", "late arrival",
	"TransactionConflict", "TransactionInProgress", "ConditionalCheckFailed on one's own success",
	"error inside a 200", "HEAD 403", "InvalidPart", "vanished upload", "expired iterator",
	"takeover", "hand-over", "undo",
	"steps", "dropped record", "record without a key", "record of which a value is broken",
}

// totals counts what happened. Safe for concurrent use.
type totals struct {
	mu sync.Mutex
	n  map[string]int
}

func newTotals() *totals { return &totals{n: map[string]int{}} }

func (t *totals) count(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n[what]++
}

func (t *totals) add(o *totals) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for what, n := range o.n {
		t.n[what] += n
	}
}

func (t *totals) missing() (out []string) {
	for _, what := range everyKind {
		if t.n[what] == 0 {
			out = append(out, what)
		}
	}
	return out
}

func (t *totals) String() string {
	var b strings.Builder
	for _, what := range slices.Sorted(maps.Keys(t.n)) {
		fmt.Fprintf(&b, "%10d  %s\n", t.n[what], what)
	}
	return b.String()
}
