package endtoend

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/dynamofake"
	"standpipe/internal/faults"
)

// The schedules in which one condition of the protocol alone stands between a request that comes in late and a
// record lost or doubled. They need so much to meet that random ones hardly ever play them, and the checker looks
// after each call.

// tokenGone is longer than DynamoDB knows a ClientRequestToken again: 10 minutes.
const tokenGone = 11 * time.Minute

// watched is a world whose every call passes a hook and the checker.
func watched(t *testing.T, shards int, decide faults.Hook) (*World, *Checker) {
	w := New(t, shards)
	check := w.Watch("clicks/", "plain/")
	w.control(check.Hook(decide))
	return w, check
}

// ends waits until all is delivered, stops the workers, lets what is under way arrive and asks the checker.
func (w *World) ends(check *Checker, workers ...*Worker) {
	w.T.Helper()
	for range 600 {
		if check.Done() || len(check.Violations()) > 0 {
			break
		}
		time.Sleep(time.Second)
	}
	for _, wk := range workers {
		if err := wk.Stop(); err != nil {
			w.T.Error(err)
		}
	}
	found := check.Final()
	for _, v := range found[:min(len(found), 5)] {
		w.T.Error(v)
	}
}

// conducted is what a conductor, the test, lets through of each worker.
type conducted struct {
	mu    sync.Mutex
	stuck map[string]bool // "worker act": answered by a server error
	seen  map[string]int  // "worker act": how many came
}

func (k *conducted) set(stuck bool, worker *Worker, acts ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, act := range acts {
		k.stuck[worker.Name+" "+act] = stuck
	}
}

func (k *conducted) block(worker *Worker, acts ...string) { k.set(true, worker, acts...) }
func (k *conducted) free(worker *Worker, acts ...string)  { k.set(false, worker, acts...) }

func (k *conducted) came(worker *Worker, act string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.seen[worker.Name+" "+act] > 0
}

func (k *conducted) decide(c faults.Call, _ func()) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	what := c.Header.Get(senderHeader) + " " + actOf(c)
	k.seen[what]++
	if k.stuck[what] {
		return serverError(c)
	}
	return nil
}

func newConducted() *conducted { return &conducted{stuck: map[string]bool{}, seen: map[string]int{}} }

// held keeps the first call of an act back until it is let go; its sender learns nothing.
type held struct {
	act   string
	first once
	let   chan struct{}
}

func hold(act string) *held { return &held{act: act, let: make(chan struct{})} }

func (h *held) takes(c faults.Call, next func()) bool {
	if actOf(c) != h.act || !h.first.first() {
		return false
	}
	go func() { <-h.let; next() }()
	return true
}

// Rule 8, epoch: an intent arrives when its maker was refused for good, has dropped the batch, and owns the shard
// again, at the same checkpoint.
func TestIntentArrivesWhenItsShardWasLostAndWonAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, late := newConducted(), hold("intent")
		w, check := watched(t, 1, func(c faults.Call, next func()) error {
			if late.takes(c, next) {
				return faults.ErrLost
			}
			return k.decide(c, next)
		})
		w.Put(60)
		a := w.Start(w.twoOutputs())
		k.block(a, "intent")
		time.Sleep(5 * time.Second)
		k.block(a, "heartbeat")
		b := w.Start(w.twoOutputs())
		k.block(b, "intent")
		w.eventually(time.Minute, "lost", func() bool { return w.ownedBy(b.Name) == 1 })
		k.free(a, "intent")
		w.eventually(time.Minute, "dropped", func() bool { return k.came(a, "abort journal") && k.came(a, "abort object") })
		k.block(a, "intent")
		k.free(a, "heartbeat")
		b.Kill()
		w.eventually(time.Minute, "won again", func() bool { return w.ownedBy(a.Name) == 1 })
		close(late.let)
		time.Sleep(5 * time.Second)
		k.free(a, "intent")
		w.ends(check, a)
	})
}

// Rule 8, checkpoint: an attempt of an intent arrives when its batch and more behind it have been advanced and
// DynamoDB has forgotten its token.
func TestIntentArrivesAfterLaterOnesWereAdvanced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := hold("intent")
		w, check := watched(t, 1, func(c faults.Call, next func()) error {
			if late.takes(c, next) {
				return faults.ErrLost
			}
			return nil
		})
		w.Put(60)
		a := w.Start(w.twoOutputs())
		for range 3 {
			time.Sleep(20 * time.Second)
			w.Put(20)
		}
		time.Sleep(20 * time.Second)
		w.dynamoClock.jump(tokenGone)
		close(late.let)
		time.Sleep(20 * time.Second)
		w.Put(20)
		w.ends(check, a)
	})
}

// Rule 9, the read after a final refusal: the first attempt took effect, DynamoDB has forgotten its token, and the
// next owner of the shard, which is to carry the batch out, has not come to it when the repetition is refused.
func TestRefusedRepetitionOfAnIntentThatTookEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newConducted()
		var first once
		w, check := watched(t, 1, func(c faults.Call, next func()) error {
			if stepOf(c) == "intent" && first.first() {
				next()
				return faults.ErrLost
			}
			return k.decide(c, next)
		})
		w.Put(60)
		a := w.Start(w.twoOutputs())
		k.block(a, "intent", "complete journal")
		time.Sleep(5 * time.Second)
		k.block(a, "heartbeat")
		b := w.Start(w.twoOutputs())
		k.block(b, "complete journal")
		w.eventually(time.Minute, "lost", func() bool { return w.ownedBy(b.Name) == 1 })
		w.dynamoClock.jump(tokenGone)
		k.free(a, "intent")
		time.Sleep(20 * time.Second)
		k.free(a, "heartbeat", "complete journal")
		k.free(b, "complete journal")
		w.ends(check, a, b)
	})
}

// Rule 9, finality: every answer to an intent is a conflict or gets lost, and there is no item to be read. Nothing may
// be dropped, since the first attempt is still under way.
func TestIntentIsUndecidedWhileAnAttemptIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := hold("intent")
		var open atomic.Bool
		var n atomic.Int32
		w, check := watched(t, 2, func(c faults.Call, next func()) error {
			switch {
			case late.takes(c, next):
				return faults.ErrLost
			case stepOf(c) != "intent" || open.Load():
				return nil
			}
			switch n.Add(1) % 3 {
			case 0:
				return dynamofake.InProgress()
			case 1:
				reasons := slices.Repeat([]string{"None"}, 1+strings.Count(c.Object, ","))
				reasons[len(reasons)-1] = "TransactionConflict"
				return dynamofake.Canceled(reasons...)
			}
			return serverError(c)
		})
		w.Put(60)
		a := w.Start(w.twoOutputs())
		time.Sleep(30 * time.Second)
		close(late.let)
		time.Sleep(5 * time.Second)
		open.Store(true)
		w.Put(20)
		w.ends(check, a)
	})
}
