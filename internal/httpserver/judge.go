package httpserver

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// judge turns snapshots into the probes' answers. It remembers since when shards are without an owner,
// which no single snapshot tells. Safe for concurrent use.
type judge struct {
	limits Limits

	mu      sync.Mutex
	unowned time.Time // since when every snapshot had unowned shards; zero: the last one had none
}

// observe takes note of a snapshot.
func (j *judge) observe(s Snapshot, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case s.Unowned == 0:
		j.unowned = time.Time{}
	case j.unowned.IsZero():
		j.unowned = now
	}
}

// dead says why the process should be replaced; empty while it lives.
func (j *judge) dead(s Snapshot, now time.Time) string {
	last, since := s.Looked, "it last tried"
	if last.Before(s.Started) {
		last, since = s.Started, "the start"
	}
	if age := now.Sub(last); age > j.limits.stale() {
		return fmt.Sprintf("lease table not looked at for %s since %s (more than %s)", round(age), since, round(j.limits.stale()))
	}
	return ""
}

// unready lists what keeps records from arriving in time, a line each.
func (j *judge) unready(s Snapshot, now time.Time) []string {
	var why []string
	say := func(format string, args ...any) {
		why = append(why, strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; "))
	}
	if s.Scanned.IsZero() {
		say("starting: lease table and stream have not been read yet")
	}
	if s.Failing != nil {
		say("lease table or stream can not be read: %v", s.Failing)
	}
	j.mu.Lock()
	unowned := j.unowned
	j.mu.Unlock()
	if age := now.Sub(unowned); s.Unowned > 0 && !unowned.IsZero() && age > j.limits.orphaned() {
		say("%s without an owner for %s: start more workers or raise leases.max_leases", plural(s.Unowned, "shard"), round(age))
	}
	for _, t := range s.Troubles {
		if age := now.Sub(t.Since); age > stuck {
			say("%s fails for %s (%s): %v", t.Op, round(age), plural(t.Count, "attempt"), t.Last)
		}
	}
	if s.Oldest > j.limits.late() {
		say("the oldest record waits for its commit for %s (more than %s)", round(s.Oldest), round(j.limits.late()))
	}
	return why
}

func round(d time.Duration) time.Duration { return d.Round(time.Second) }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
