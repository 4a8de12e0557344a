package endtoend

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
	"standpipe/internal/kinesistest"
	"standpipe/internal/lambdafake"
	"standpipe/sink/steps"
)

// tidier is a function that takes the "raw " before a record's line away, drops what begins with "drop" and fails what begins
// with "fail". It counts how often it has seen each record.
type tidier struct {
	mu   sync.Mutex
	seen map[string]int
}

func (w *World) tidier() *tidier {
	f := &tidier{seen: map[string]int{}}
	w.Lambda.Put("tidy", lambdafake.Each(func(r lambdafake.Record) lambdafake.Result {
		f.mu.Lock()
		f.seen[r.RecordID]++
		f.mu.Unlock()
		if line, ok := bytes.CutPrefix(r.Data, []byte("raw ")); ok {
			return r.Ok(line)
		}
		if bytes.HasPrefix(r.Data, []byte("drop")) {
			return r.Dropped()
		}
		return r.Failed()
	}))
	return f
}

// most is how often the record that was seen most often was seen.
func (f *tidier) most() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, times := range f.seen {
		n = max(n, times)
	}
	return n
}

// putRaw puts records for the tidier: n plain ones, n in an aggregate, one to drop and one to fail.
func (w *World) putRaw(n int) {
	w.T.Helper()
	for range n {
		e := w.next()
		w.store(fmt.Sprintf("key-%d", e.id), []byte("raw "+e.line), e)
	}
	w.putPacked(n, func(lines []string) []byte {
		var users []kinesistest.UserRecord
		for _, line := range lines {
			users = append(users, user("raw "+line))
		}
		return kinesistest.Aggregate(users...)
	})
	gone := w.next()
	w.store(fmt.Sprintf("key-%d", gone.id), fmt.Appendf(nil, "drop %d", gone.id))
	bad := w.next()
	bad.bad, bad.line = true, fmt.Sprintf("fail %d", bad.id)
	w.store(fmt.Sprintf("key-%d", bad.id), []byte(bad.line), bad)
}

// faultsOfCalls are what can become of a call of a function, for the worker that makes it.
var faultsOfCalls = map[string]func(wk *Worker, next func()) error{
	"throttled": func(*Worker, func()) error { return lambdafake.Throttled() },
	"down":      func(*Worker, func()) error { return lambdafake.Down() },
	"denied":    func(*Worker, func()) error { return lambdafake.Denied() },
	"refused connection": func(*Worker, func()) error {
		return faults.ErrLost
	},
	"answer lost": func(_ *Worker, next func()) error {
		next()
		return faults.ErrLost
	},
	"answer late": func(_ *Worker, next func()) error {
		next()
		time.Sleep(7 * time.Second) // its caller has given it up, and asked again
		return nil
	},
	"worker dies before": func(wk *Worker, _ func()) error {
		wk.Kill()
		return faults.ErrLost
	},
	"worker dies after": func(wk *Worker, next func()) error {
		next()
		wk.Kill()
		return faults.ErrLost
	},
	"worker stops meanwhile": func(wk *Worker, next func()) error {
		next()
		wk.cancel()
		time.Sleep(3 * time.Second)
		return nil
	},
	"worker freezes and is replaced": func(wk *Worker, next func()) error {
		next()
		wk.Freeze()
		time.AfterFunc(30*time.Second, wk.Thaw)
		return nil
	},
}

// Whatever becomes of whichever call: what the function made of a record is in S3 once, what it drops nowhere, what it fails
// in the error output once; also where it was called twice.
func TestEveryCallOfAFunctionGoesWrong(t *testing.T) {
	for name, happen := range faultsOfCalls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			twice := 0
			for n := 1; ; n++ {
				reached := false
				synctest.Test(t, func(t *testing.T) {
					w := New(t, 2)
					check := w.Watch("clicks/")
					w.control(check.Hook(func(faults.Call, func()) error { return nil }))
					f := w.tidier()
					calls := 0
					w.Lambda.Control("Invoke", func(c faults.Call, next func()) error {
						f.mu.Lock()
						calls++
						hit := calls == n
						reached = reached || hit
						f.mu.Unlock()
						if !hit {
							return nil
						}
						return happen(w.sender(c), next)
					})
					set := Settings{Functions: []string{"tidy"}, Interval: time.Second, Failover: 3 * time.Second}
					w.putRaw(4)
					first := w.Start(set)
					time.Sleep(5 * time.Second)
					w.putRaw(3)
					second := w.Start(set)
					w.eventually(5*time.Minute, "all of it", check.Done)
					time.Sleep(time.Minute) // who was frozen finds out
					second.cancel()
					first.cancel()
					second.Gone()
					first.Gone()
					for _, v := range check.Final() {
						t.Error(v)
					}
					for _, line := range w.Lines("errors/") {
						if !strings.Contains(line, `"errorCode":"Lambda.ProcessingFailedStatus"`) || !strings.Contains(line, `"lambdaARN":"tidy","shardId":`) {
							t.Errorf("error record %s", line)
						}
					}
					if f.most() > 1 {
						twice++
					}
				})
				if !reached || t.Failed() {
					t.Logf("%d calls, %d runs in which the function saw a record again", n-1, twice)
					break
				}
				if n > 100 {
					t.Fatal("the calls never end")
				}
			}
			if saw := strings.Contains(name, "answer") || strings.Contains(name, "dies after"); saw && twice == 0 {
				t.Error("the function never saw a record again")
			}
		})
	}
}

// The records that a step made of one have ids of their own, by which the function's answers find them.
func TestFunctionBehindSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		var mu sync.Mutex
		seen := map[string]int{}
		w.Lambda.Put("echo", lambdafake.Each(func(r lambdafake.Record) lambdafake.Result {
			mu.Lock()
			defer mu.Unlock()
			seen[r.RecordID]++
			return r.Ok(r.Data)
		}))
		for range 3 {
			w.putPacked(5, func(lines []string) []byte { return []byte("[" + strings.Join(lines, ",") + "]") })
		}
		wk := w.Start(Settings{Steps: []steps.Step{splitBy(t, "array")}, Functions: []string{"echo"}})
		w.Exactly(time.Minute, "clicks/")
		if len(seen) != 15 {
			t.Errorf("ids %v", seen)
		}
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
	})
}
