package endtoend

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
)

// ambush kills a worker at one of its steps, before it or behind it.
type ambush struct {
	mu     sync.Mutex
	victim *Worker
	act    string
	behind bool
	sprung bool
}

func (a *ambush) set(victim *Worker, act string, behind bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.victim, a.act, a.behind, a.sprung = victim, act, behind, false
}

func (a *ambush) happened() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sprung
}

func (a *ambush) decide(c faults.Call, next func()) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.victim == nil || a.sprung || c.Header.Get(senderHeader) != a.victim.Name || actOf(c) != a.act {
		return nil
	}
	a.sprung = true
	if a.behind {
		next()
	}
	a.victim.Kill()
	return faults.ErrLost
}

// A rolling deploy from one version to another, up or back: each worker of the first is killed at the same step, or
// stopped, while one of the second is there already. Every record is there once, and the next version finishes what the last one
// has promised, or leaves it alone for a worker that knows it.
func TestRollingDeployOfVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to func() *dialect
		strange  bool // the second version does not know what the first one stores
	}{
		{from: older, to: today}, {from: today, to: newer}, // up
		{from: today, to: older, strange: true}, {from: newer, to: today, strange: true}, // back
	} {
		for _, at := range []struct {
			act    string // "" = stopped
			behind bool
			leaves bool // a promise that nobody has carried out
		}{{act: ""}, {"intent", false, false}, {"intent", true, true}, {"complete journal", false, true}, {"complete journal", true, true},
			{"complete object", true, true}, {"advance", false, true}, {"advance", true, false}, {"release", true, false}} {
			if brief() && at.act != "intent" && at.act != "advance" {
				continue
			}
			from, to := c.from(), c.to()
			name := fmt.Sprintf("%s to %s, stopped", from.name, to.name)
			if at.act != "" {
				name = fmt.Sprintf("%s to %s, killed at %s, behind it %v", from.name, to.name, at.act, at.behind)
			}
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { rollingDeploy(t, from, to, at.act, at.behind, c.strange && at.leaves) })
			})
		}
	}
}

func rollingDeploy(t *testing.T, from, to *dialect, act string, behind, waits bool) {
	var trap ambush
	w, check := watched(t, 4, trap.decide)
	old := []*Worker{from.start(w, w.twoOutputs()), from.start(w, w.twoOutputs())}
	w.spread(2, old...)
	w.Put(60)
	var now []*Worker
	for _, victim := range old {
		now = append(now, to.start(w, w.twoOutputs()))
		w.eventually(2*time.Minute, "the new one has shards", func() bool { return w.ownedBy(now[len(now)-1].Name) > 0 })
		w.Put(30)
		if act == "" {
			w.stop(victim)
			continue
		}
		trap.set(victim, act, behind)
		if act == "release" {
			victim.cancel()
		}
		for range 120 {
			if trap.happened() {
				break
			}
			w.Put(4)
			time.Sleep(time.Second)
		}
		if !trap.happened() {
			t.Fatalf("%s never came to %s", victim.Name, act)
		}
		victim.Gone()
		check.Died(victim.Name)
	}
	w.Put(30)
	if waits {
		w.waitsForVersion(check, now)
		now = append(now, from.start(w, w.twoOutputs()))
		w.eventually(2*time.Minute, "it is finished", check.Done)
		time.Sleep(15 * time.Second) // by when the others have looked again
	}
	w.ends(check, now...)
	for _, wk := range now {
		for _, tr := range append(wk.Consumer.Troubles(), wk.Sink.Troubles()...) {
			t.Errorf("%s is left with the trouble %s: %v", wk.Name, tr.Op, tr.Last)
		}
	}
	for _, d := range []*dialect{from, to} {
		if d.tells != nil && d.told.Load() == 0 {
			t.Errorf("the %s workers have promised nothing", d.name)
		}
	}
	if from.name == "newer" {
		w.keptLater()
	}
}

// waitsForVersion wants the workers to say that a newer version is needed, to call for that at a moderate rate, and to
// deliver what does not depend on it.
func (w *World) waitsForVersion(check *Checker, workers []*Worker) {
	w.T.Helper()
	said := func() bool {
		for _, wk := range workers {
			if wk.says("read row standpipe#batch#", "a newer Standpipe wrote it", "upgrade this one") {
				return true
			}
		}
		return false
	}
	w.eventually(2*time.Minute, "a worker says what it waits for", said)
	calls := w.Dynamo.Calls() + w.S3.Calls()
	time.Sleep(5 * time.Minute)
	if n := w.Dynamo.Calls() + w.S3.Calls() - calls; n > 4000 {
		w.T.Errorf("%d calls in five minutes of waiting", n)
	}
	if !said() || check.Done() {
		w.T.Error("the batch of a version that nobody knows was finished")
	}
	if w.S3.Operations()["AbortMultipartUpload"] > 0 {
		w.T.Error("something of it was aborted")
	}
}

// keptLater wants what a newer version has added to rows to be there still.
func (w *World) keptLater() {
	w.T.Helper()
	for _, r := range w.Dynamo.Dump(Tables) {
		if key, _ := r["leaseKey"].(string); strings.HasPrefix(key, "shardId-") && r["later"] != "kept" {
			w.T.Errorf("row %s has lost what a newer version has added: %v", key, r)
		}
	}
}
