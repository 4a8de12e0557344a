package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

const (
	leastKills = 5
	mostKills  = 7
	ambushFor  = 3 * time.Second // how long a kill waits for a commit
	firstKill  = 2 * time.Second // after the start: a worker has something to lose by then
)

// reaper kills workers at random moments, every second one at the first commit after such a moment.
type reaper struct {
	fleet  *processes
	strike *striker
	rng    *rand.Rand
	say    func(format string, args ...any)
	kills  atomic.Int64
}

// moments draws when to kill, from now on: somewhere in each of as many equal stretches of the time in which records
// are put, so that workers also live long enough to commit.
func moments(rng *rand.Rand, spread time.Duration) []time.Duration {
	at := make([]time.Duration, leastKills+rng.IntN(mostKills-leastKills+1))
	stretch := spread / time.Duration(len(at))
	for i := range at {
		at[i] = firstKill + time.Duration(i)*stretch + time.Duration(rng.Int64N(int64(stretch)))
	}
	return at
}

// run kills at each moment, one after the other.
func (r *reaper) run(ctx context.Context, at []time.Duration) error {
	began := time.Now()
	for n, moment := range at {
		t := time.NewTimer(moment - time.Since(began))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
		how, name, free := "", "", func() {}
		if n%2 == 1 {
			name, free = r.strike.wait(ctx, r.rng.IntN(2) == 1, ambushFor)
		}
		if name != "" {
			how = " in the middle of a commit"
		}
		killed, next, err := r.fleet.kill(name, r.rng)
		free()
		if err != nil {
			return fmt.Errorf("at kill %d: %w", r.kills.Load()+1, err)
		}
		r.kills.Add(1)
		r.say("kill %d: SIGKILL to %s (process %d)%s, %.1f s after the start; %s takes its place", n+1, killed.name, killed.cmd.Process.Pid,
			how, time.Since(began).Seconds(), next.name)
	}
	return nil
}
