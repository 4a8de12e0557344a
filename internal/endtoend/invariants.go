package endtoend

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"standpipe/internal/faults"
)

// The prefixes that every worker of a World writes to besides its outputs'.
const (
	errorPrefix   = "errors/"
	journalPrefix = "_standpipe/"
)

// Checker holds a World to the promises of the commit protocol (P1 to P6) and to what its rules say who may
// write when. It sees every call that passes its hook, one at a time, looks at the fakes' state after each one
// that writes, and so names the very call that broke something. It knows nothing of the program's code: rows,
// journals and objects are read by its own few lines, and what was put is what the World put. Reading must
// begin at TRIM_HORIZON.
type Checker struct {
	w       *World
	outputs []string

	mu         sync.Mutex // held while a call takes effect
	violations []string
	told       map[string]bool

	rows     map[string]leaseState // as last seen
	items    map[string]*intent    // as last seen
	batches  map[string]*past      // every batch ever promised
	objects  map[string]*object    // by key
	moving   map[string]*object    // objects whose records are not all behind the checkpoints
	visible  map[string]map[int]int
	verified map[string]int    // per shard: records up to the checkpoint, all known as visible
	uploads  map[string]string // open uploads: id -> batch
	makers   map[string]string // batch -> the worker that opened its first upload
	aborted  map[string]string // uploads aborted by a worker: id -> worker
	vanished map[string]bool   // batches of which somebody outside took an upload away
	tally    map[string]int
	died     map[string]bool // workers that can not have given up all that they owned
	ended    map[string]bool // shards whose row was seen at SHARD_END
}

// Watch makes a checker. Every good record belongs once under each of the outputs' prefixes.
func (w *World) Watch(outputs ...string) *Checker {
	c := &Checker{w: w, outputs: outputs, told: map[string]bool{}, rows: map[string]leaseState{}, items: map[string]*intent{}, batches: map[string]*past{},
		objects: map[string]*object{}, moving: map[string]*object{}, visible: map[string]map[int]int{}, verified: map[string]int{},
		uploads: map[string]string{}, makers: map[string]string{}, aborted: map[string]string{}, ended: map[string]bool{}, vanished: map[string]bool{}, tally: map[string]int{}, died: map[string]bool{}}
	for _, o := range append(outputs, errorPrefix) {
		c.visible[o] = map[int]int{}
	}
	return c
}

// Hook makes a hook for every service out of one that decides about faults (nil: no faults). Whatever that one
// lets through, at once or later, passes the checker.
func (c *Checker) Hook(decide faults.Hook) faults.Hook {
	return func(call faults.Call, next func()) error {
		var once sync.Once
		through := func() { once.Do(func() { c.effect(call, next) }) }
		if decide != nil {
			if err := decide(call, through); err != nil {
				return err
			}
		}
		through()
		return nil
	}
}

// effect carries a call out and looks at what it has done.
func (c *Checker) effect(call faults.Call, next func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before(call)
	next()
	if writes(call) {
		c.look(call)
	}
}

// writes says whether a call may change what the checker looks at.
func writes(c faults.Call) bool {
	switch c.Op {
	case "UpdateItem", "DeleteItem":
		return !strings.HasPrefix(c.Object, "standpipe#worker#")
	case "PutItem", "TransactWriteItems", "CreateMultipartUpload", "CompleteMultipartUpload", "AbortMultipartUpload", "DeleteObject":
		return true
	}
	return false
}

// look compares the world with what was seen last.
func (c *Checker) look(call faults.Call) {
	before := len(c.violations)
	c.lookAtUploads(call)
	rows, items := c.decodeTable()
	c.compareIntents(rows, items)
	c.compareLeases(rows, items)
	c.lookAtWrite(call, rows, items)
	var gone []*entry
	if call.Service != "dynamodb" { // which moves no objects
		gone = c.lookAtObjects(rows, items)
	}
	c.rows, c.items = rows, items
	c.compareCheckpoints(gone)
	for i := before; i < len(c.violations); i++ {
		c.violations[i] += fmt.Sprintf(" [after %s %s by %s]", actOf(call), call.Object, call.Header.Get(senderHeader))
	}
}

func (c *Checker) fail(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	if !c.told[what] { // what is broken stays so: told once
		c.told[what] = true
		c.violations = append(c.violations, what)
	}
}

// Vanished tells the checker that somebody outside took away an upload, so that nobody is blamed.
func (c *Checker) Vanished(uploadID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.vanished[c.uploads[uploadID]] = true
	delete(c.uploads, uploadID)
}

// Died tells the checker that a worker died, or stopped in a storm: its name may stay on rows that need nobody.
func (c *Checker) Died(worker string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.died[worker] = true
}

// Violations are the broken promises so far, each with the call that broke it.
func (c *Checker) Violations() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.violations)
}

// Done says whether every record put so far is visible in each of its outputs, every batch is decided, and every
// closed shard is at its end.
func (c *Checker) Done() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.items) == 0 && len(c.unfinished()) == 0
}

// Final checks what must hold once all workers have stopped or died and the survivors were given time: every
// record exactly once, nothing pending, no upload open that an intent names, no unfinished shard leased by anybody.
func (c *Checker) Final() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look(faults.Call{Op: "the end"})
	for _, what := range c.unfinished() {
		c.fail("%s", what)
	}
	for id, it := range c.items {
		c.fail("P6: batch %s is still %s", id, it.State)
	}
	for shard, r := range c.rows {
		if r.pending != "" {
			c.fail("P6: batch %s is still pending on %s", r.pending, shard)
		}
		if r.owner != "" && r.checkpoint != "SHARD_END" && !c.died[r.owner] { // nobody acquires a shard that is at its end
			c.fail("%s still belongs to %s", shard, r.owner)
		}
	}
	open := map[string]bool{}
	for _, u := range c.w.S3.Uploads(Bucket) {
		open[u.ID] = true
	}
	for id, b := range c.batches {
		for _, u := range b.named {
			if open[u] {
				c.fail("upload %s of batch %s is open although an intent named it", u, id)
			}
		}
	}
	return slices.Clone(c.violations)
}

// unfinished names what is not delivered or not read to its end.
func (c *Checker) unfinished() (what []string) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	for id := 1; id <= c.w.put; id++ {
		e := c.w.truth.byID[id]
		if e == nil {
			continue // being put
		}
		for _, out := range c.wanted(e) {
			if n := c.visible[out][id]; n != 1 {
				what = append(what, fmt.Sprintf("record %d of %s is %d times under %s", id, e.shard, n, out))
			}
		}
	}
	shards, err := c.w.Kinesis.Shards(Stream)
	if err != nil {
		return append(what, err.Error())
	}
	for _, s := range shards {
		r, exists := c.rows[s.ID]
		switch {
		case s.End != "" && !c.ended[s.ID]:
			what = append(what, fmt.Sprintf("%s has ended, its row is at %q", s.ID, r.checkpoint))
		case s.End == "" && !exists:
			what = append(what, fmt.Sprintf("%s has no row", s.ID))
		}
	}
	return what
}

// wanted are the prefixes under which a record belongs once.
func (c *Checker) wanted(e *entry) []string {
	if e.bad {
		return []string{errorPrefix}
	}
	return c.outputs
}
