package endtoend

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
	"standpipe/internal/redrive"
	"standpipe/sink"
	"standpipe/sink/steps"
)

// redriveFaults are the ways in which a call of a redrive goes wrong.
var redriveFaults = []struct {
	name string
	read bool // it is worth it for calls that only read
	meet func(s *redriveStory, next func()) error
}{
	{"error before", true, func(*redriveStory, func()) error { return &faults.Error{Status: 500, Code: "InternalError"} }},
	{"answer lost", false, func(_ *redriveStory, next func()) error { next(); return faults.ErrLost }},
	{"dies before", true, func(s *redriveStory, _ func()) error { s.first.kill(); return faults.ErrLost }},
	{"dies after", false, func(s *redriveStory, next func()) error { next(); s.first.kill(); return faults.ErrLost }},
	{"arrives late", false, func(s *redriveStory, next func()) error {
		go func() {
			time.Sleep(late)
			next()
		}()
		return faults.ErrLost
	}},
	{"dies, and the call arrives late", false, func(s *redriveStory, next func()) error {
		s.first.kill()
		go func() {
			time.Sleep(3 * failover)
			next()
		}()
		return faults.ErrLost
	}},
	// It stands still while another one takes over, works, and ends.
	{"freezes before", true, func(s *redriveStory, _ func()) error { s.freeze(); return nil }},
	{"freezes after", true, func(s *redriveStory, next func()) error { next(); s.freeze(); return nil }},
}

// redriveStory is a bucket with error objects of two kinds, and redrives of them.
type redriveStory struct {
	w     *World
	set   Settings
	first *redriver

	mu    sync.Mutex
	n     int // calls of the first redriver
	calls []string
	at    int // the call that meets the fault, 0 for none
	meet  func(s *redriveStory, next func()) error
}

func newRedriveStory(t *testing.T) *redriveStory {
	w := New(t, 1)
	w.ensure()
	s := &redriveStory{w: w}
	s.set = Settings{Failover: failover, Size: 300, Interval: time.Second, Steps: []steps.Step{bars{}, mended(true)},
		Outputs: []*sink.Output{w.Output("raw", "clicks/", "gzip"), w.Output("plain", "plain/", "none")}}
	at := time.Now()
	w.send("PUT", "errors/processing-failed/a", failed(`{"id":1,"is":"broken"}`, "Lambda.FunctionError", at)+failed(`{"id":2}|{"id":3}`, "Lambda.FunctionError", at)+
		failed(`{"id":4}`, "Other", at))
	w.send("PUT", "errors/processing-failed/b", strings.ReplaceAll(failed(`{"id":5}`, "Other", at)+failed(`{"id":6}`, "Lambda.FunctionError", at), "\n", ""))
	w.send("PUT", "errors/processing-failed/c", failed(`no JSON`, "Lambda.FunctionError", at)+failed(`{"id":7}`, "Other", at))
	w.control(s.decide)
	return s
}

func (s *redriveStory) decide(c faults.Call, next func()) error {
	if c.Header.Get(senderHeader) != "first" {
		return nil
	}
	s.mu.Lock()
	s.n++
	s.calls = append(s.calls, actOf(c))
	hit := s.n == s.at
	s.mu.Unlock()
	if hit {
		return s.meet(s, next)
	}
	return nil
}

// freeze holds the first redriver back while another one redrives.
func (s *redriveStory) freeze() {
	s.first.plug.set(frozen)
	second := s.w.startRedrive("second", s.set, func(o *redrive.Options) { o.Parallel = 1 })
	_, _ = second.wait()
	s.first.plug.set(alive)
}

// tell redrives first one code and then everything, and once more.
func (s *redriveStory) tell() (broken []string) {
	s.first = s.w.newRedrive("first", s.set, func(o *redrive.Options) {
		o.Parallel, o.Filter.Codes = 1, []string{"Lambda.FunctionError"}
	})
	go s.first.begin()
	if _, err := s.first.wait(); err == nil {
		s.first = s.w.newRedrive("first", s.set, func(o *redrive.Options) { o.Parallel = 1 })
		go s.first.begin()
		_, _ = s.first.wait()
	}
	time.Sleep(5 * failover)
	for i := range 2 {
		r, err := s.w.startRedrive(fmt.Sprint("last-", i), s.set, nil).wait()
		if err != nil || r.Broken > 0 || i == 1 && r.Records != 1 /* the one that fails each time */ {
			broken = append(broken, fmt.Sprintf("the last call %d: %+v, %v", i, r, err))
		}
	}
	for _, pre := range []string{"clicks/", "plain/"} {
		got := s.w.Delivered(pre)
		for id := 1; id <= 7; id++ {
			if got[id] != 1 {
				broken = append(broken, fmt.Sprintf("record %d is %d times under %s", id, got[id], pre))
			}
		}
	}
	if what := s.w.unproved(); what != "" {
		broken = append(broken, what)
	}
	return broken
}

// TestRedriveCrashes lets each call of a redrive go wrong in each way, and looks whether every record is there once in
// the end, whoever came after. Some of the runs are made, others each time.
func TestRedriveCrashes(t *testing.T) {
	began := time.Now()
	var calls []string
	synctest.Test(t, func(t *testing.T) {
		s := newRedriveStory(t)
		for _, what := range s.tell() {
			t.Error(what)
		}
		calls = s.calls
	})
	if t.Failed() {
		return
	}
	every := 10
	if brief() {
		every = 80
	}
	if os.Getenv(crashesEnv) == "all" {
		every = 1
	}
	offset, total, runs := int(began.UnixNano()%int64(every)), 0, 0
	for i, act := range calls {
		for _, f := range redriveFaults {
			reads := act == "GetItem" || act == "Scan" || act == "ListObjectsV2" || act == "DescribeTable" || strings.HasPrefix(act, "read ") || act == "HeadObject"
			if reads && !f.read {
				continue
			}
			if total++; total%every != offset {
				continue
			}
			runs++
			name := fmt.Sprintf("%d %s/%s", i+1, act, f.name)
			synctest.Test(t, func(t *testing.T) {
				s := newRedriveStory(t)
				s.at, s.meet = i+1, f.meet
				for _, what := range s.tell() {
					t.Errorf("%s: %s", name, what)
				}
			})
		}
	}
	t.Logf("a redrive of one code and then of all makes N = %d calls; %d of %d runs with a fault at one of them in %v (%s=all makes all)", len(calls), runs, total, time.Since(began).Round(time.Second), crashesEnv)
}
