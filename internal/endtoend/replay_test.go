package endtoend

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/consumer"
	"standpipe/internal/faults"
)

// era is a time of which a test knows the records.
type era struct {
	from, to time.Time
	ids      map[int]bool
	bad      int
}

// era begins an era with everything that is put from here on; endEra ends it.
func (w *World) era() *era {
	time.Sleep(time.Millisecond) // arrival times have no more precision
	w.mu.Lock()
	defer w.mu.Unlock()
	return &era{from: time.Now().Truncate(time.Millisecond), ids: map[int]bool{-w.put: true}}
}

func (w *World) endEra(e *era) {
	time.Sleep(time.Millisecond)
	w.mu.Lock()
	defer w.mu.Unlock()
	e.to = time.Now().Truncate(time.Millisecond)
	var first int
	for id := range e.ids {
		first = -id + 1
	}
	clear(e.ids)
	for id := first; id <= w.put; id++ {
		if w.truth.byID[id].bad {
			e.bad++
		} else {
			e.ids[id] = true
		}
	}
}

func (e *era) replay() *consumer.Replay {
	return &consumer.Replay{Name: "era", From: e.from, To: e.to, Margin: 2 * time.Second}
}

// replayed waits until a worker's replay has ended by itself, and holds what is under its prefix to the era.
func (w *World) replayed(wk *Worker, e *era) {
	w.T.Helper()
	select {
	case <-wk.done:
	case <-time.After(10 * time.Minute):
		w.T.Fatalf("%s: the replay does not end: %+v", wk.Name, wk.Consumer.Replayed())
	}
	wk.end()
	if p := wk.Consumer.Replayed(); wk.err != nil || !p.Done || p.Part != 1 || p.Finished != p.Shards {
		w.T.Errorf("%s ended with %v: %+v", wk.Name, wk.err, p)
	}
	w.holds(e)
}

// holds fails unless exactly the era's records are under the replay's prefix, each once.
func (w *World) holds(e *era) {
	w.T.Helper()
	got := w.Delivered("replay/clicks/")
	for id, n := range got {
		if !e.ids[id] || n != 1 {
			w.T.Errorf("record %d is %d times under replay/, in the time: %v", id, n, e.ids[id])
		}
	}
	if len(got) != len(e.ids) {
		w.T.Errorf("%d records are under replay/, %d arrived in the time", len(got), len(e.ids))
	}
	if n := len(w.Lines("replay/errors/")); n != e.bad {
		w.T.Errorf("%d error records are under replay/, %d arrived in the time", n, e.bad)
	}
}

// production is everything that is not the replay's.
func (w *World) production() map[string]int64 {
	all := map[string]int64{}
	for _, o := range w.S3.Objects(Bucket) {
		if !strings.HasPrefix(o.Key, "replay/") && !strings.HasPrefix(o.Key, "_standpipe/test-replay/") {
			all[o.Key] = o.Size
		}
	}
	for _, r := range w.Dynamo.Dump(Tables) {
		if k := r["leaseKey"].(string); !strings.HasPrefix(k, "standpipe#worker#") {
			all[fmt.Sprintf("%s %v %v", k, r["checkpoint"], r["leaseEpoch"])] = 0
		}
	}
	return all
}

// A replay of an hour gives that hour's records and no others, whatever was split and merged before, meanwhile and
// after, beside workers that carry on.
func TestReplayBesideProduction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 3)
		a := w.Start(Settings{})
		w.Put(50)
		w.split(shard(0)) // ends before the time
		w.Put(50)
		time.Sleep(time.Minute)
		e := w.era()
		w.Put(100)
		w.PutBad(3)
		left, right := w.split(shard(1))
		w.Put(100)
		w.PutAggregate(40)
		time.Sleep(time.Second)
		w.merge(left, right)
		w.Put(100)
		w.endEra(e)
		w.Put(50)
		time.Sleep(time.Minute)
		w.split(shard(2)) // ends after it
		w.Put(50)
		w.Exactly(time.Minute, "clicks/")
		w.stop(a)
		before := w.production()

		w.replayed(w.Start(Settings{Replay: e.replay()}), e)
		if after := w.production(); !maps.Equal(before, after) {
			t.Errorf("production had %v, has %v", before, after)
		}
		for _, r := range w.Dynamo.Dump(replayTable) {
			if r["leaseKey"] == shard(0) {
				t.Error("a shard that had ended before the time has a row")
			}
		}
		again := time.Now()
		objects := len(w.S3.Objects(Bucket))
		w.replayed(w.Start(Settings{Replay: e.replay()}), e)
		if took := time.Since(again); took > 5*time.Second || len(w.S3.Objects(Bucket)) != objects {
			t.Errorf("the replay that was done took %v again, and made %d objects", took, len(w.S3.Objects(Bucket))-objects)
		}
	})
}

// The records at the very ends of the time: From belongs to it, To does not.
func TestReplayHasItsBoundaries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
		var e era
		e.ids = map[int]bool{3: true, 4: true}
		for i := range 6 {
			switch i {
			case 2:
				e.from = time.Now()
			case 4:
				e.to = time.Now()
			}
			w.Put(1)
			time.Sleep(time.Millisecond)
		}
		w.replayed(w.Start(Settings{Replay: e.replay()}), &e)
	})
}

// The time ends now: what arrives meanwhile is left out, and the replay waits for the margin.
func TestReplayUpToNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		e := w.era()
		w.Put(100)
		w.endEra(e)
		began := time.Now()
		wk := w.Start(Settings{Replay: e.replay()})
		for range 20 {
			w.Put(5)
			time.Sleep(100 * time.Millisecond)
		}
		w.split(shard(0))
		w.Put(20)
		w.replayed(wk, e)
		if took := time.Since(began); took < 2*time.Second || took > 20*time.Second {
			t.Errorf("it took %v with a margin of 2 s", took)
		}
	})
}

// Several workers share a replay; one that is left without shards waits for the others, and takes over where one dies.
func TestReplayByThreeWorkersOneKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 6)
		e := w.era()
		w.Put(600)
		w.split(shard(3))
		w.Put(600)
		w.endEra(e)
		r := e.replay()
		r.Margin = 30 * time.Second // for so long the shards that are open wait for more
		var all []*Worker
		for range 3 {
			all = append(all, w.Start(Settings{Replay: r, Interval: 10 * time.Second}))
		}
		w.eventually(time.Minute, "each has a shard", func() bool {
			return !slices.ContainsFunc(all, func(wk *Worker) bool { return len(wk.Consumer.Status().Shards) == 0 })
		})
		all[0].Kill()
		all[0].Gone()
		w.replayed(all[1], e)
		w.replayed(all[2], e)
	})
}

// Two commands that begin at once with different ends, as without --to: one end counts for both.
func TestReplayKeepsTheEndOfItsFirstStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		e := w.era()
		w.Put(100)
		w.endEra(e)
		first := w.Start(Settings{Replay: e.replay()})
		w.eventually(time.Minute, "the first start is stored", func() bool {
			return slices.ContainsFunc(w.Dynamo.Dump(replayTable), func(r map[string]any) bool { return r["leaseKey"] == "standpipe#application" })
		})
		first.Kill()
		first.Gone()
		w.Put(100)
		time.Sleep(time.Minute)
		later := e.replay()
		later.To = time.Now()
		w.replayed(w.Start(Settings{Replay: later}), e)
	})
}

// Nobody may use the lease table of somebody else's work.
func TestReplayHasAnApplicationOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		e := w.era()
		w.Put(10)
		w.endEra(e)
		wk := w.Start(Settings{Replay: e.replay()})
		w.replayed(wk, e)
		other := e.replay()
		other.Name = "another era"
		wk = w.Start(Settings{Replay: other})
		<-wk.done
		if wk.end(); wk.err == nil || !strings.Contains(wk.err.Error(), "it belongs to another replay (era; this one is another era): name another application with --application") {
			t.Errorf("got %v", wk.err)
		}
	})
}

// TestReplayCrashes kills the worker at each of its calls that matter, before and after it takes effect. The same replay
// is begun again, by a worker that is killed as well after so many calls more, and then by one that lives.
func TestReplayCrashes(t *testing.T) {
	story := func(t *testing.T, die int, after bool) (calls []string) {
		synctest.Test(t, func(t *testing.T) {
			w := New(t, 2)
			w.Put(20)
			time.Sleep(10 * time.Second)
			e := w.era()
			w.Put(30)
			w.split(shard(0))
			w.PutBad(2)
			w.Put(30)
			w.endEra(e)
			time.Sleep(10 * time.Second)
			w.Put(20)

			var mu sync.Mutex
			victims := map[string]*Worker{}
			seen := map[string]int{}
			w.control(func(call faults.Call, next func()) error {
				sender := call.Header.Get(senderHeader)
				act := actOf(call)
				if act == "heartbeat" || act == "Scan" || act == "ListShards" || act == "GetRecords" {
					return nil
				}
				mu.Lock()
				seen[sender]++
				n, victim := seen[sender], victims[sender]
				if die < 0 {
					calls = append(calls, act+" "+roleOf(call))
				}
				mu.Unlock()
				if victim == nil || n != die {
					return nil
				}
				if after {
					next()
				}
				victim.Kill()
				return faults.ErrBroken
			})
			begin := func(mortal bool) *Worker {
				mu.Lock()
				defer mu.Unlock()
				wk := w.Start(Settings{Replay: e.replay(), Failover: 3 * time.Second})
				if mortal {
					victims[wk.Name] = wk
				}
				return wk
			}
			if die >= 0 {
				for range 2 {
					wk := begin(true)
					select {
					case <-wk.done:
					case <-time.After(time.Minute):
						t.Errorf("%s: neither done nor killed", wk.Name)
						wk.Kill()
					}
					<-wk.done
					wk.end()
				}
			}
			w.replayed(begin(false), e)
		})
		return calls
	}
	calls := story(t, -1, false)
	if len(calls) < 40 {
		t.Fatalf("the story makes %d calls: %v", len(calls), calls)
	}
	every := 1
	if brief() {
		every = 5
	}
	for n := 1; n <= len(calls); n += every {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d after=%v", n, after), func(t *testing.T) { story(t, n, after) })
		}
	}
	t.Logf("%d calls: %v", len(calls), calls)
}

// What had left the retention before it was read is reported, in the journals too, as far as it belongs to the time.
func TestReplayReportsWhatLeftTheRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewKeeping(t, 2, time.Hour)
		e := w.era()
		w.Put(50)
		time.Sleep(70 * time.Minute)
		kept := w.era()
		w.split(shard(0)) // its children were born within the retention
		w.Put(50)
		w.endEra(kept)
		kept.from = e.from
		w.replayed(w.Start(Settings{Replay: kept.replay()}), kept)
		if n := w.gaps(); n != 2 {
			t.Errorf("%d gaps in the journals, of two shards", n)
		}
	})
}

// Kinesis' clock is an hour ahead: a replay up to now ends when its margin is over, not an hour later.
func TestReplayByTheClockOfKinesis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		w.kinesisClock.jump(time.Hour)
		e := w.era()
		w.Put(100)
		w.endEra(e)
		r := e.replay()
		r.From, r.To, r.Ahead = e.from.Add(time.Hour), e.to.Add(time.Hour), time.Hour
		began := time.Now()
		w.replayed(w.Start(Settings{Replay: r}), e)
		if took := time.Since(began); took < 2*time.Second || took > 20*time.Second {
			t.Errorf("it took %v with a margin of 2 s", took)
		}
	})
}
