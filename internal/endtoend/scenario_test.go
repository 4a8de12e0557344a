package endtoend

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
	"standpipe/sink"
)

const (
	failover = 2 * time.Second
	// late is how long a delayed call or answer is under way: long enough for others to take over, and shorter than
	// the time after which its sender gives up.
	late = 2*failover + 500*time.Millisecond
)

// scenario is one run of the story whose every call the enumeration lets fail: two workers, one of which takes a
// lease over from the other, two outputs, one of them with several paths, aggregates, a record that is no JSON, a split
// and a merge.
type scenario struct {
	w     *World
	check *Checker
	sched *Scheduler
	set   Settings
	log   bytes.Buffer

	mu      sync.Mutex
	workers []*Worker
	killed  map[string]bool
	over    bool // no more workers are started
	orphans bool // a worker died that nobody replaced
	seen    map[string]int
	calls   []recorded
	plan    []fault // still to come
	deaf    map[string]time.Time
	denied  int // answers 403 still to give to HEADs
	refused int // those given
	meet    *meeting
}

// place names a call without anything random: what it does, to what, and for which time in this run.
type place struct {
	act, role string
	n         int
}

func (p place) String() string { return fmt.Sprintf("%s %s #%d", p.act, p.role, p.n) }

// recorded is a call that was made.
type recorded struct {
	place
	op     string
	worker string
}

// fault is what goes wrong at a place.
type fault struct {
	at place
	is *kind
}

func newScenario(t *testing.T, seed uint64, plan ...fault) *scenario {
	s := &scenario{w: New(t, 2), killed: map[string]bool{}, seen: map[string]int{}, plan: plan, deaf: map[string]time.Time{}}
	s.w.Log = &locked{w: &s.log}
	s.check = s.w.Watch("clicks/", "plain/")
	s.sched = s.w.Schedule(seed, 500*time.Microsecond)
	s.w.control(s.sched.Hook(s.check.Hook(s.decide)))
	s.set = Settings{Interval: time.Second, Failover: failover, Outputs: []*sink.Output{
		s.w.Output("raw", "clicks/second=!{timestamp:ss}/", "gzip"), s.w.Output("plain", "plain/", "none"),
	}}
	return s
}

// decide notes a call and lets the next fault of the plan happen when its place is reached.
func (s *scenario) decide(c faults.Call, next func()) error {
	s.mu.Lock()
	worker := c.Header.Get(senderHeader)
	r := recorded{place{actOf(c), roleOf(c), 0}, c.Op, worker}
	s.seen[r.act+" "+r.role]++
	r.n = s.seen[r.act+" "+r.role]
	s.calls = append(s.calls, r)
	meet := s.meet
	var hit *kind
	switch {
	case len(s.plan) > 0 && s.plan[0].at == r.place:
		hit = s.plan[0].is
		s.plan = s.plan[1:]
	case r.act == "heartbeat" && time.Now().Before(s.deaf[worker]):
		s.mu.Unlock()
		return &faults.Error{Status: 500, Code: "InternalServerError"}
	case r.op == "HeadObject" && s.denied > 0:
		s.denied--
		s.refused++
		s.mu.Unlock()
		return &faults.Error{Status: 403, Code: "Forbidden"}
	}
	s.mu.Unlock()
	if hit != nil {
		return hit.happen(s, c, next)
	}
	if meet != nil {
		meet.arrive(r, next)
	}
	return nil
}

// tell runs the story. Its times are fixed, so that a fault does not change what comes after it more than it must.
func (s *scenario) tell() {
	w := s.w
	w.Put(6)
	time.Sleep(time.Second)
	w.PutAggregate(3)
	w.PutBad(1)
	s.start()
	time.Sleep(2500 * time.Millisecond)
	s.start() // takes one lease over
	w.Put(4)
	time.Sleep(2500 * time.Millisecond)
	left, right := w.split(shard(0))
	w.Put(6)
	time.Sleep(2500 * time.Millisecond)
	w.merge(left, right)
	w.Put(4)
	w.PutAggregate(2)
	time.Sleep(2500 * time.Millisecond)
}

// start runs a worker, and another in its place should it end before the story does.
func (s *scenario) start() {
	wk := s.w.Start(s.set)
	s.mu.Lock()
	s.workers = append(s.workers, wk)
	s.mu.Unlock()
	go func() {
		<-wk.done
		s.mu.Lock()
		again := !s.over && !s.killed[wk.Name]
		s.mu.Unlock()
		if again {
			s.replace()
		}
	}()
}

// replace starts a worker a second later, as a supervisor does.
func (s *scenario) replace() {
	time.Sleep(time.Second)
	s.mu.Lock()
	over := s.over
	s.orphans = s.orphans || over
	s.mu.Unlock()
	if !over {
		s.start()
	}
}

func (s *scenario) named(worker string) *Worker {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return s.w.workers[slices.IndexFunc(s.w.workers, func(wk *Worker) bool { return wk.Name == worker })]
}

// kill ends a worker and has it replaced.
func (s *scenario) kill(worker string) {
	wk := s.named(worker)
	s.mu.Lock()
	again := s.killed[worker]
	s.killed[worker] = true
	s.mu.Unlock()
	wk.Kill()
	if !again {
		go s.replace()
	}
}

// finish waits until everything is delivered, stops the workers, lets what is under way arrive, and gives every
// broken promise. Where a worker died in its stop, one more cleans up after it.
func (s *scenario) finish() []string {
	s.await()
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	broken := s.stop()
	time.Sleep(2 * late)
	s.mu.Lock()
	orphans := s.orphans
	s.mu.Unlock()
	if orphans {
		s.start()
		s.await()
		broken = append(broken, s.stop()...)
	}
	broken = append(broken, s.check.Final()...)
	s.sched.Stop()
	for _, f := range s.plan {
		broken = append(broken, fmt.Sprintf("%s was never reached", f.at))
	}
	return broken
}

// await gives the workers a minute to deliver everything and to take over what the dead have left.
func (s *scenario) await() {
	settled := func() bool {
		if !s.check.Done() {
			return false
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, r := range s.w.leases() {
			if s.killed[r[0]] && r[1] != "SHARD_END" {
				return false
			}
		}
		return true
	}
	for deadline := time.Now().Add(time.Minute); !settled() && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
	}
}

// stop ends all workers and says which of them did not end well.
func (s *scenario) stop() (broken []string) {
	s.mu.Lock()
	workers := slices.Clone(s.workers)
	s.mu.Unlock()
	for _, wk := range workers {
		select {
		case <-wk.done: // killed, or its start met the fault
			wk.end()
			continue
		default:
		}
		if err := wk.Stop(); err != nil {
			s.mu.Lock()
			if !s.killed[wk.Name] {
				broken = append(broken, fmt.Sprintf("stop %s: %v", wk.Name, err))
			}
			s.mu.Unlock()
		}
	}
	return broken
}

// locked makes a writer safe for several goroutines.
type locked struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.String()
}

// One seed gives one run: the same calls, and in the same order but for what a Scheduler can not decide. The KCL
// library walks its shards as a map, so of two shards free at once either may be acquired first.
func TestScenarioIsDeterministic(t *testing.T) {
	traces := map[string]int{}
	var first []string
	for range 5 {
		cryptotest.SetGlobalRandom(t, 1)
		synctest.Test(t, func(t *testing.T) {
			s := newScenario(t, 1)
			s.tell()
			for _, v := range s.finish() {
				t.Error(v)
			}
			traces[s.sched.Hash()]++
			calls := s.sched.Trace()
			slices.Sort(calls)
			if first == nil {
				first = calls
			}
			if !slices.Equal(first, calls) {
				t.Errorf("%d steps, in the first run %d, or others", len(calls), len(first))
			}
		})
	}
	t.Logf("%d steps; runs by order of calls: %v", len(first), traces)
	if len(traces) > 4 { // two moments with two free shards
		t.Errorf("%d orders of calls", len(traces))
	}
}
