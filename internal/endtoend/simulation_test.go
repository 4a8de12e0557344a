package endtoend

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Seeds of a run without STANDPIPE_SEEDS.
const (
	seedsAlways = 200
	seedsRaced  = 6 // with the race detector, which makes them ten times as slow
)

// TestSimulation plays schedules drawn from seeds: workers start, die, freeze and stop while every kind of fault
// hits every kind of call and the stream is resharded. The checker holds each write to the commit protocol, so
// that a broken promise is named with the call that broke it. STANDPIPE_SEEDS and STANDPIPE_FIRST choose how many
// seeds and where they begin; a single seed logs all that its workers say. A seed decides what is drawn, not how the machine
// runs goroutines: a rare failure may need its seed several times (-count).
func TestSimulation(t *testing.T) {
	seeds := seedsAlways
	if brief() {
		seeds = seedsRaced
	}
	first, seeds := fromEnv("STANDPIPE_FIRST", 1), fromEnv("STANDPIPE_SEEDS", seeds)
	sum := newTotals()
	var done atomic.Int64
	var failed atomic.Bool
	began := time.Now()
	t.Run("seeds", func(t *testing.T) {
		for seed := first; seed < first+seeds; seed++ {
			t.Run(strconv.Itoa(seed), func(t *testing.T) {
				t.Parallel()
				if failed.Load() && stopAtFailure() {
					t.Skip("a seed has failed")
				}
				counts := newTotals()
				synctest.Test(t, func(t *testing.T) { simulate(t, uint64(seed), seeds == 1, counts) })
				sum.add(counts)
				if t.Failed() {
					failed.Store(true)
					t.Logf("play it again: STANDPIPE_FIRST=%d STANDPIPE_SEEDS=1 go test ./internal/endtoend -run '^TestSimulation$' -count=5 -v", seed)
				}
				if n := int(done.Add(1)); n%250 == 0 && n < seeds {
					rate := float64(n) / time.Since(began).Seconds()
					fmt.Fprintf(os.Stderr, "%d of %d seeds, %.1f a second, %v to go\n", n, seeds, rate, time.Duration(float64(seeds-n)/rate*float64(time.Second)).Round(time.Second))
				}
			})
		}
	})
	summary := fmt.Sprintf("%d seeds from %d in %v on %d cores\n%v", seeds, first, time.Since(began).Round(time.Millisecond), runtime.GOMAXPROCS(0), sum)
	if os.Getenv("STANDPIPE_SEEDS") != "" {
		fmt.Fprintln(os.Stderr, summary)
	} else {
		t.Log(summary)
	}
	if seeds >= 200 && !failed.Load() {
		for _, what := range sum.missing() {
			t.Errorf("in %d seeds there was no %q", seeds, what)
		}
	}
}

// stopAtFailure: parallel tests that wait for their turn count as started for -failfast.
func stopAtFailure() bool { return flag.Lookup("test.failfast").Value.String() == "true" }

func fromEnv(name string, def int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return def
}

// simulation is one seed's run.
type simulation struct {
	t     *testing.T
	w     *World
	check *Checker
	rng   *rand.Rand // of the schedule; faults draw from their own
	chaos *chaos
	sum   *totals
	loud  bool

	set     Settings
	live    []*Worker // neither killed nor asked to stop
	all     []*Worker
	frozen  map[*Worker]bool
	limited map[*Worker]bool // reads a few shards only
	stopped chan struct{}    // has one token for each worker that was stopped and is gone
	stops   int
	huge    bool
	shapes  *shapes // nil in seeds without steps
}

func simulate(t *testing.T, seed uint64, loud bool, sum *totals) {
	s := &simulation{t: t, rng: rand.New(rand.NewPCG(seed, 1)), sum: sum, loud: loud, frozen: map[*Worker]bool{}, limited: map[*Worker]bool{}, stopped: make(chan struct{}, 100)}
	s.build(seed)
	defer s.tearDown()
	s.put(1 + s.rng.IntN(60))
	if s.rng.IntN(4) == 0 { // resharded before anybody reads it
		s.reshard()
		s.put(10)
	}
	for range 1 + s.rng.IntN(2) {
		s.start()
	}
	for range 8 + s.rng.IntN(14) {
		s.step()
		time.Sleep(time.Duration(s.rng.IntN(6000)) * time.Millisecond)
		if s.broken() {
			return
		}
	}
	s.settle()
}

// settle ends all faults and demands that whoever is left brings everything to its end (P6).
func (s *simulation) settle() {
	s.log("calm")
	s.chaos.calm()
	for wk := range s.frozen {
		wk.Thaw()
	}
	if s.rng.IntN(2) == 0 { // else the records of an undone batch must come without others behind them
		s.put(1 + s.rng.IntN(20))
	}
	s.buryEnded()
	switch {
	case s.rng.IntN(3) == 0:
		s.start()
	case len(s.live) > 1 && s.rng.IntN(3) == 0:
		for len(s.live) > 1 {
			s.kill(0)
		}
	}
	s.makeRoom()
	if wait := time.Until(s.chaos.acquired); wait > 0 { // else a worker may be gone when its acquisition arrives, and nobody is left to take the shard over
		time.Sleep(wait + 5*time.Second)
	}
	deadline := time.Now().Add(4 * time.Minute)
	for !s.check.Done() && time.Now().Before(deadline) && !s.broken() {
		s.buryEnded()
		s.makeRoom()
		time.Sleep(500 * time.Millisecond)
	}
	for _, wk := range s.all { // those that end well from now on must leave nothing
		if !slices.Contains(s.live, wk) {
			s.check.Died(wk.Name)
		}
	}
	for _, wk := range s.live {
		s.stop(wk)
	}
	s.live = nil
	for range s.stops {
		<-s.stopped
	}
	time.Sleep(2 * time.Minute) // what is still under way arrives
	s.report(s.check.Final())
	for what, n := range s.check.Tally() {
		s.sum.n[what] += n
	}
}

// broken says whether the checker has found something, and reports it: nothing after that is worth a look.
func (s *simulation) broken() bool {
	found := s.check.Violations()
	s.report(found)
	return len(found) > 0
}

// report names the first things found; the rest follows from them.
func (s *simulation) report(found []string) {
	for i, v := range found {
		if i == 5 && !s.loud {
			s.t.Errorf("and %d more", len(found)-i)
			return
		}
		s.t.Error(v)
	}
}

// tearDown lets every goroutine end.
func (s *simulation) tearDown() {
	s.chaos.calm()
	for _, wk := range s.all {
		wk.Kill()
		wk.Thaw()
	}
	for _, wk := range s.all {
		wk.Gone()
	}
	time.Sleep(2 * time.Minute) // a bubble may not end before what is under way in it
}

func (s *simulation) log(format string, args ...any) {
	if s.loud {
		s.t.Logf("%s %s", time.Now().Format("15:04:05.000"), fmt.Sprintf(format, args...))
	}
}

func (s *simulation) build(seed uint64) {
	c := &chaos{sim: s, seed: seed, draws: map[string]*rand.Rand{}}
	s.chaos = c
	s.w = New(s.t, 1+s.rng.IntN(4))
	s.w.seed = &seed // of ids and of the spread of retries
	if !s.loud {
		s.w.Log = io.Discard
	}
	outputs := []string{"clicks/", "plain/", "third/"}[:1+s.rng.IntN(3)]
	s.check = s.w.Watch(outputs...)
	c.rate = []int{3, 6, 20}[s.rng.IntN(3)]
	s.w.control(s.check.Hook(c.decide))
	s.set = Settings{
		Size:     []int64{700, 5000, 5000, 128 << 20, 128 << 20}[s.rng.IntN(5)],
		Interval: time.Duration(1+s.rng.IntN(3)) * time.Second,
		Failover: []time.Duration{3 * time.Second, 10 * time.Second}[s.rng.IntN(2)],
		Errors:   []string{"gzip", "none"}[s.rng.IntN(2)],
	}
	paths := []string{"", "", "", "!{timestamp:mm}/", "!{timestamp:mm}/", "!{timestamp:ss}/"}[s.rng.IntN(6)]
	codecs := []string{"gzip", "none", "zstd"}
	if s.set.Outputs = s.shape(seed, outputs, codecs); s.shapes != nil {
		s.set.Steps, paths = s.shapes.steps, underKeys
	} else {
		for i, pre := range outputs {
			s.set.Outputs = append(s.set.Outputs, s.w.Output(pre[:len(pre)-1], pre+paths, codecs[i]))
		}
	}
	if s.rng.IntN(10) == 0 {
		s.huge = true
	}
	if s.rng.IntN(6) == 0 {
		s.set.Memory = 16 << 20
		s.sum.count("small memory")
	}
	if len(outputs) > 1 {
		s.sum.count("several outputs")
	}
	if paths != "" {
		s.sum.count("several paths")
	}
	s.log("seed %d: outputs %v, paths %q, %+v, one fault in %d", seed, outputs, paths, s.set, c.rate)
}
