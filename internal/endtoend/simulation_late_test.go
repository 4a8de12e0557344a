package endtoend

import (
	"slices"
	"strings"
	"sync"
	"time"

	"standpipe/internal/faults"
)

// toss is a lease that a worker loses and wins again while an intent of the first epoch is under way. Chance alone hardly
// ever brings that about, so each phase waits for what must have happened before the next one.
type toss struct {
	check  *Checker
	worker string
	until  time.Time

	mu     sync.Mutex
	phase  tossPhase
	late   func() // what carries the intent out
	batch  string
	shards []string
}

type tossPhase int

const (
	promising tossPhase = iota // the worker's next intent is kept back
	losing                     // the worker is not heard, until another one owns one of the intent's shards
	refusing                   // its repetition is refused for good, until it aborts the batch's uploads
	winning                    // nobody else is heard, until it owns all of the shards again
	tossed                     // the intent has arrived
)

// decide says how a call is answered, if the toss has a say in that. Nobody else's intent takes effect, so that the
// checkpoints stay where they were.
func (o *toss) decide(call faults.Call, next func()) (answer error, mine bool) {
	if o == nil {
		return nil, false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	sender, act := call.Header.Get(senderHeader), actOf(call)
	own := func(shard string) bool { return o.check.owner(shard) == o.worker }
	switch {
	case o.phase == tossed:
		return nil, false
	case time.Now().After(o.until):
		o.arrive()
	case o.phase == losing && !slices.ContainsFunc(o.shards, func(s string) bool { return o.check.owner(s) != "" && !own(s) }):
	case o.phase == losing:
		o.phase = refusing
	case o.phase == refusing && act == "abort journal" && sender == o.worker && strings.Contains(call.Object, o.batch):
		o.phase = winning
	case o.phase == winning && !slices.ContainsFunc(o.shards, func(s string) bool { return !own(s) }):
		o.arrive()
	}
	switch {
	case act == "heartbeat":
		deaf := sender == o.worker
		if o.phase == winning {
			deaf = !deaf
		}
		if deaf && (o.phase == losing || o.phase == refusing || o.phase == winning) {
			return serverError(call), true
		}
	case act != "intent":
	case o.phase == promising && sender == o.worker:
		objects := strings.Split(call.Object, ",")
		o.phase, o.late, o.batch, o.shards = losing, next, strings.TrimPrefix(objects[0], "standpipe#batch#"), objects[1:]
		return faults.ErrLost, true
	case o.phase == losing, o.phase == winning, o.phase == refusing && sender != o.worker:
		return serverError(call), true
	}
	return nil, call.Service == "dynamodb" && o.phase != tossed // nothing else disturbs it
}

func (o *toss) arrive() {
	o.phase = tossed
	if o.late != nil {
		o.late()
	}
}

func (o *toss) reached(p tossPhase) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.phase >= p
}

// tossLeases takes a worker's leases away and gives them back, by who is heard.
func (s *simulation) tossLeases() {
	var awake []*Worker
	for _, wk := range s.live {
		if !s.frozen[wk] {
			awake = append(awake, wk)
		}
	}
	if len(awake) < 2 {
		return
	}
	wk := awake[s.rng.IntN(len(awake))]
	s.log("TOSS the leases of %s", wk.Name)
	o := &toss{check: s.check, worker: wk.Name, until: time.Now().Add(8*s.set.Failover + 30*time.Second)}
	s.chaos.mu.Lock()
	s.chaos.toss = o
	s.chaos.mu.Unlock()
	s.put(20)
	for !o.reached(winning) && time.Now().Before(o.until) {
		time.Sleep(500 * time.Millisecond)
	}
	won := o.reached(winning)
	for !o.reached(tossed) && time.Now().Before(o.until) {
		time.Sleep(500 * time.Millisecond)
	}
	if won && time.Now().Before(o.until) {
		s.log("%s has its leases again, and its old intent has arrived", wk.Name)
		s.sum.count("leases lost and won again")
	}
}

// straggler is an attempt of an intent that arrives after its batch was decided, when DynamoDB has forgotten its token.
type straggler struct {
	sim   *simulation
	mu    sync.Mutex
	late  func()
	batch string
	over  bool
}

// decide keeps the next intent back, whoever sends it, and lets it go at the first call after its batch is decided.
func (g *straggler) decide(call faults.Call, next func()) (answer error, mine bool) {
	if g == nil {
		return nil, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.over:
	case g.late == nil && actOf(call) == "intent":
		g.late, g.batch = next, strings.TrimPrefix(strings.Split(call.Object, ",")[0], "standpipe#batch#")
		return faults.ErrLost, true
	case g.late != nil && g.sim.check.decided(g.batch):
		g.over = true
		g.sim.log("an old attempt of the intent of %s arrives", g.batch)
		g.sim.sum.count("intent after its batch was decided")
		g.sim.w.dynamoClock.jump(tokenGone)
		g.late()
	}
	return nil, false
}

// owner of a shard, as last seen.
func (c *Checker) owner(shard string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rows[shard].owner
}

// decided says whether a batch was promised and is no more: it was advanced or undone.
func (c *Checker) decided(batch string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.batches[batch] != nil && c.items[batch] == nil
}
