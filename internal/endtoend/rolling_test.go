package endtoend

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
)

// pauses remembers, for each shard, the longest time between two calls for its records.
type pauses struct {
	mu      sync.Mutex
	last    map[string]time.Time
	longest map[string]time.Duration
}

func (p *pauses) hook(c faults.Call, _ func()) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if before, seen := p.last[c.Object]; seen {
		p.longest[c.Object] = max(p.longest[c.Object], now.Sub(before))
	}
	p.last[c.Object] = now
	return nil
}

// cuts counts the batches of each worker by cause, from the journals.
func (w *World) cuts() map[string]map[string]int {
	n := map[string]map[string]int{}
	for _, line := range w.Lines("_standpipe/") {
		var h struct{ Worker, Cause string }
		if err := json.Unmarshal([]byte(line), &h); err != nil {
			w.T.Fatal(err)
		}
		if h.Worker != "" {
			if n[h.Worker] == nil {
				n[h.Worker] = map[string]int{}
			}
			n[h.Worker][h.Cause]++
		}
	}
	return n
}

// worst gives the longest pause and the shard that made it.
func (p *pauses) worst() (shard string, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, d := range p.longest {
		if d > pause {
			shard, pause = id, d
		}
	}
	return shard, pause
}

// A rolling restart with 20 shards a worker: each new worker starts before its predecessor stops. No shard
// stands still for longer than 5 s, and each worker cuts at most one batch early for each that joins.
func TestRollingRestart(t *testing.T) {
	for _, late := range []time.Duration{0, 200 * time.Millisecond} {
		t.Run(fmt.Sprintf("DynamoDB answers within %v", late), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { rollingRestart(t, late) })
		})
	}
}

func rollingRestart(t *testing.T, late time.Duration) {
	w := New(t, 40)
	set := Settings{Interval: 5 * time.Minute, Failover: 30 * time.Second, Memory: 128 << 20}
	p := &pauses{last: map[string]time.Time{}, longest: map[string]time.Duration{}}
	w.S3.Control("CompleteMultipartUpload", func(faults.Call, func()) error { // S3 takes its time
		time.Sleep(500 * time.Millisecond)
		return nil
	})
	if late > 0 { // each worker judges by what was true some time ago
		w.Dynamo.Control("", func(_ faults.Call, next func()) error {
			time.Sleep(rand.N(late / 2))
			next()
			time.Sleep(rand.N(late / 2))
			return nil
		})
	}
	old := []*Worker{w.Start(set), w.Start(set)}
	w.spread(20, old...)
	w.Put(400)
	time.Sleep(30 * time.Second)
	before := w.cuts()
	w.Kinesis.Control("GetRecords", p.hook)
	for i := range old {
		next := w.Start(set)
		w.Put(200)
		began := time.Now()
		w.eventually(time.Minute, "a third each", func() bool { return w.ownedBy(next.Name) >= 13 })
		t.Logf("%s has its share after %v", next.Name, time.Since(began))
		time.Sleep(20*time.Second + rand.N(2*time.Second))
		w.Put(200)
		w.stop(old[i])
		old[i] = next
		w.spread(20, old...)
		time.Sleep(20 * time.Second)
	}
	shard, pause := p.worst()
	t.Logf("longest pause: %v, of %s", pause, shard)
	if pause > 5*time.Second {
		t.Errorf("%s stood still for %v", shard, pause)
	}
	w.stop(old...)
	w.Exactly(time.Minute, "clicks/")
	time.Sleep(time.Second)                                               // what a worker asked DynamoDB for when it ended is answered to nobody
	joined := map[string]int{"worker-1": 1, "worker-2": 2, "worker-3": 1} // how many others joined while it was there
	for worker, causes := range w.cuts() {
		early := causes["hand-over"] - before[worker]["hand-over"]
		t.Logf("%s: %v", worker, causes)
		if early > joined[worker] {
			t.Errorf("%s cut %d batches early", worker, early)
		}
		if causes["shutdown"] > 1 {
			t.Errorf("%s cut %d batches at its stop", worker, causes["shutdown"])
		}
	}
}
