package endtoend

import (
	"bytes"
	"slices"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
	"standpipe/sink"
)

// A scenario is one run of the story that the enumeration lets fail at each call: two workers, one of which takes
// over a lease from the other, two outputs of two paths each, an aggregate, a record that is no JSON, a split and a merge.
type scenario struct {
	w       *World
	check   *Checker
	sched   *Scheduler
	set     Settings
	workers []*Worker
	dead    map[*Worker]bool
	log     bytes.Buffer
}

const failover = 2 * time.Second

func newScenario(t *testing.T, seed uint64, fault func(*scenario) faults.Hook) *scenario {
	s := &scenario{w: New(t, 2), dead: map[*Worker]bool{}}
	s.w.Log = &s.log
	s.check = s.w.Watch("clicks/", "plain/")
	s.sched = s.w.Schedule(seed, 500*time.Microsecond)
	var decide faults.Hook
	if fault != nil {
		decide = fault(s)
	}
	s.w.control(s.sched.Hook(s.check.Hook(decide)))
	s.set = Settings{Interval: time.Second, Failover: failover, Outputs: []*sink.Output{
		s.w.Output("raw", "clicks/second=!{timestamp:ss}/", "gzip"), s.w.Output("plain", "plain/", "none"),
	}}
	return s
}

// tell runs the story to its end. Its times are fixed, so that a fault does not change what comes after it
// more than it must.
func (s *scenario) tell() {
	w := s.w
	w.Put(6)
	time.Sleep(time.Second)
	w.PutAggregate(3)
	w.PutBad(1)
	s.workers = append(s.workers, w.Start(s.set))
	time.Sleep(2500 * time.Millisecond)
	s.workers = append(s.workers, w.Start(s.set)) // takes one lease over
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

// finish waits until everything is delivered, stops the workers that live and gives every broken promise.
func (s *scenario) finish() []string {
	for deadline := time.Now().Add(time.Minute); !s.check.Done() && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
	}
	for _, wk := range s.workers {
		if s.dead[wk] {
			continue
		}
		if err := wk.Stop(); err != nil {
			s.w.T.Errorf("stop %s: %v", wk.Name, err)
		}
	}
	broken := s.check.Final()
	s.sched.Stop()
	return broken
}

// One seed gives one run: the same calls, and in the same order but for what a Scheduler can not decide. The KCL
// library walks its shards as a map, so of two shards free at once either may be acquired first.
func TestScenarioIsDeterministic(t *testing.T) {
	traces := map[string]int{}
	var first []string
	for range 5 {
		cryptotest.SetGlobalRandom(t, 1)
		synctest.Test(t, func(t *testing.T) {
			s := newScenario(t, 1, nil)
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
