package endtoend

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
)

// dice is a random source for several goroutines.
type dice struct {
	mu  sync.Mutex
	rng *rand.Rand
}

func (d *dice) n(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.IntN(n)
}

// Random faults at random calls, while workers die, freeze and stop and the stream is resharded: every record
// is there exactly once in both outputs, and none is ever there twice.
func TestRandomSchedules(t *testing.T) {
	first, seeds := 1, 6
	if s := os.Getenv("STANDPIPE_SEEDS"); s != "" {
		seeds, _ = strconv.Atoi(s)
	}
	if s := os.Getenv("STANDPIPE_FIRST"); s != "" {
		first, _ = strconv.Atoi(s)
	}
	for seed := first; seed < first+seeds; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { schedule(t, uint64(seed)) })
		})
	}
}

func schedule(t *testing.T, seed uint64) {
	d := &dice{rng: rand.New(rand.NewPCG(seed, 1))}
	w := New(t, 1+d.n(4))
	rate := []int{5, 20, 60}[d.n(3)] // one call in so many goes wrong
	var mu sync.Mutex
	calm := false
	w.control(func(c faults.Call, next func()) error {
		mu.Lock()
		over := calm
		mu.Unlock()
		r := rate
		if c.Service == "kinesis" || stepOf(c) == "" {
			r *= 3
		}
		if over || d.n(r) != 0 {
			return nil
		}
		switch d.n(6) {
		case 0:
			return &faults.Error{Status: 500, Code: "InternalError"}
		case 1:
			return faults.ErrLost
		case 2:
			next()
			return faults.ErrLost
		case 3:
			time.Sleep(time.Duration(d.n(8000)) * time.Millisecond)
			return nil
		case 4:
			next()
			time.Sleep(time.Duration(d.n(25000)) * time.Millisecond)
			return nil
		default:
			wait := time.Duration(d.n(40000)) * time.Millisecond
			go func() {
				time.Sleep(wait)
				next()
			}()
			return faults.ErrLost
		}
	})
	set := w.twoOutputs()
	set.Size = []int64{700, 5000, 128 << 20}[d.n(3)]
	set.Interval = time.Duration(1+d.n(3)) * time.Second
	live := []*Worker{w.Start(set)}
	all := append([]*Worker(nil), live...)
	frozen := map[*Worker]bool{}
	var stops sync.WaitGroup
	for range 30 {
		w.Put(1 + d.n(40))
		t.Logf("%v live %d frozen %v leases %v", time.Now().Format("04:05"), len(live), frozenNames(frozen), w.leases())
		switch d.n(9) {
		case 0, 1:
			if len(live) < 3 {
				wk := w.Start(set)
				live, all = append(live, wk), append(all, wk)
			}
		case 2:
			if len(live) > 1 {
				i := d.n(len(live))
				t.Logf("KILL %s", live[i].Name)
				live[i].Kill()
				live = append(live[:i:i], live[i+1:]...)
			}
		case 3:
			if len(live) > 1 {
				i := d.n(len(live))
				wk := live[i]
				if !frozen[wk] {
					live = append(live[:i:i], live[i+1:]...)
					t.Logf("STOP %s", wk.Name)
					stops.Go(func() { _ = wk.Stop() })
				}
			}
		case 4, 5:
			wk := live[d.n(len(live))]
			if frozen[wk] {
				wk.Thaw()
			} else {
				wk.Freeze()
			}
			frozen[wk] = !frozen[wk]
		case 6:
			shards, _ := w.Kinesis.Shards(Stream)
			_, _, _ = w.Kinesis.Split(Stream, shards[d.n(len(shards))].ID)
		case 7:
			shards, _ := w.Kinesis.Shards(Stream)
			_, _ = w.Kinesis.Merge(Stream, shards[d.n(len(shards))].ID, shards[d.n(len(shards))].ID)
		}
		time.Sleep(time.Duration(d.n(6000)) * time.Millisecond)
		w.noDoubles("clicks/", "plain/")
	}
	mu.Lock()
	calm = true
	mu.Unlock()
	for wk, is := range frozen {
		if is {
			wk.Thaw()
		}
	}
	w.Put(20)
	live = append(live, w.Start(set)) // a worker whose start met a fault has ended: its supervisor starts it again
	all = append(all, live[len(live)-1])
	w.Exactly(10*time.Minute, "clicks/", "plain/")
	for _, wk := range live {
		select {
		case <-wk.done:
			wk.end()
			t.Logf("%s had ended: %v", wk.Name, wk.err)
			continue
		default:
		}
		if err := wk.Stop(); err != nil {
			t.Error(err)
		}
	}
	stops.Wait()
	for _, wk := range all {
		<-wk.done
	}
	time.Sleep(2 * time.Minute) // what is still under way arrives
	w.Exactly(0, "clicks/", "plain/")
}

func frozenNames(m map[*Worker]bool) (out []string) {
	for wk, is := range m {
		if is {
			out = append(out, wk.Name)
		}
	}
	return out
}
