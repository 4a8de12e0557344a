package endtoend

import (
	"encoding/json"
	"strconv"
	"strings"
)

// leaseState is a lease row as the checker reads it.
type leaseState struct {
	owner      string
	epoch      int64
	checkpoint string
	pending    string
	to         string
}

// intent is a batch item as the checker reads it.
type intent struct {
	Owner, State string
	Spans        []struct {
		Shard    string `json:"shard"`
		Epoch    int64  `json:"epoch"`
		From, To string
	}
	Journal *struct {
		Key string `json:"key"`
		ID  string `json:"upload_id"`
	}
}

// past is what is known of a batch that was promised once.
type past struct {
	intent  *intent
	undoing bool
	named   []string // ids of its uploads, as far as intent and journal name them
	listed  map[string]string
}

// decodeTable reads all lease rows and batch items.
func (c *Checker) decodeTable() (map[string]leaseState, map[string]*intent) {
	rows, items := map[string]leaseState{}, map[string]*intent{}
	for _, r := range c.w.Dynamo.Dump(Tables) {
		str := func(name string) string { s, _ := r[name].(string); return s }
		key := str("leaseKey")
		if id, ok := strings.CutPrefix(key, "standpipe#batch#"); ok {
			it := &intent{Owner: str("batchOwner"), State: str("batchState")}
			if err := json.Unmarshal([]byte(str("batch")), it); err != nil {
				c.fail("batch item %s: %v", id, err)
			}
			items[id] = it
		} else if !strings.HasPrefix(key, "standpipe#") {
			epoch, _ := strconv.ParseInt(str("leaseEpoch"), 10, 64)
			rows[key] = leaseState{str("leaseOwner"), epoch, str("checkpoint"), str("pendingBatch"), str("pendingCheckpoint")}
		}
	}
	return rows, items
}

// compareIntents checks who made an intent (rule 8), and how one ends (rules 13, 15 and 17).
func (c *Checker) compareIntents(rows map[string]leaseState, items map[string]*intent) {
	for id, it := range items {
		old := c.items[id]
		switch {
		case old == nil && c.batches[id] != nil:
			c.fail("batch %s is promised a second time", id)
		case old == nil:
			b := &past{intent: it}
			if it.Journal != nil {
				b.named = append(b.named, it.Journal.ID)
				c.mustNotBeAborted(id, it.Journal.ID)
			}
			c.batches[id] = b
			for _, sp := range it.Spans {
				if r := rows[sp.Shard]; r.owner != it.Owner || r.epoch != sp.Epoch {
					c.fail("fence: %s promised batch %s, read in epoch %d of %s, which belongs to %q in epoch %d", it.Owner, id, sp.Epoch, sp.Shard, r.owner, r.epoch)
				}
			}
		case old.State == "undoing" && it.State != "undoing":
			c.fail("batch %s went back from undoing to %s", id, it.State)
		}
		if it.State == "undoing" {
			c.batches[id].undoing = true
		}
		for _, sp := range it.Spans { // P3, from the item's side
			if r := rows[sp.Shard]; r.pending != id {
				c.fail("P3: batch %s is not decided, but %q is pending on %s", id, r.pending, sp.Shard)
			}
		}
	}
	for id, it := range c.items {
		if items[id] != nil {
			continue
		}
		for _, sp := range it.Spans {
			r, was := rows[sp.Shard], c.rows[sp.Shard]
			switch {
			case it.State == "undoing" && (r.owner != "" || r.epoch <= was.epoch || r.checkpoint != was.checkpoint):
				c.fail("clear of batch %s left %s at %+v, it was %+v", id, sp.Shard, r, was)
			case it.State != "undoing" && r.checkpoint != sp.To:
				c.fail("advance of batch %s left %s at %s instead of %s", id, sp.Shard, r.checkpoint, sp.To)
			}
		}
	}
}

// compareLeases checks each row against the last look, its pending batch (P3) and its parents (P5).
func (c *Checker) compareLeases(rows map[string]leaseState, items map[string]*intent) {
	shards, err := c.w.Kinesis.Shards(Stream)
	if err != nil {
		c.fail("%v", err)
	}
	for shard, r := range rows {
		if r.checkpoint == "SHARD_END" {
			c.ended[shard] = true
		}
		was, seen := c.rows[shard]
		if seen && r != was {
			c.compareLease(shard, was, r)
		}
		if r.pending == "" {
			continue
		}
		it, found := items[r.pending], false
		if it != nil {
			for _, sp := range it.Spans {
				found = found || sp.Shard == shard && sp.From == r.checkpoint && sp.To == r.to
			}
		}
		if !found {
			c.fail("P3: on %s at %s batch %s is pending up to %s, the item says %+v", shard, r.checkpoint, r.pending, r.to, it)
		}
	}
	for shard, was := range c.rows {
		if _, exists := rows[shard]; !exists && (was.checkpoint != "SHARD_END" || was.pending != "") {
			c.fail("the row of %s was deleted at %+v", shard, was)
		} else if !exists {
			for _, s := range shards {
				if _, has := rows[s.ID]; (s.Parent == shard || s.AdjacentParent == shard) && !has && !c.ended[s.ID] {
					c.fail("the row of %s was deleted before its child %s had one", shard, s.ID)
				}
			}
		}
	}
	for _, s := range shards {
		r, exists := rows[s.ID]
		for _, parent := range []string{s.Parent, s.AdjacentParent} {
			if exists && parent != "" && !c.ended[parent] {
				c.fail("P5: %s has a row (%+v) before its parent %s is at SHARD_END", s.ID, r, parent)
			}
		}
	}
}

func (c *Checker) compareLease(shard string, was, r leaseState) {
	before, ok1 := c.place(shard, was.checkpoint)
	after, ok2 := c.place(shard, r.checkpoint)
	switch {
	case r.epoch < was.epoch:
		c.fail("the epoch of %s went from %d to %d", shard, was.epoch, r.epoch)
	case r.owner != was.owner && r.owner != "" && r.epoch == was.epoch:
		c.fail("%s went from %q to %q within epoch %d", shard, was.owner, r.owner, r.epoch)
	case !ok1 || !ok2 || after < before:
		c.fail("the checkpoint of %s went from %s to %s", shard, was.checkpoint, r.checkpoint)
	case r.checkpoint != was.checkpoint && (was.pending == "" || r.checkpoint != was.to):
		c.fail("the checkpoint of %s went to %s, pending was %q up to %q", shard, r.checkpoint, was.pending, was.to)
	}
}

// place gives how many records of a shard a checkpoint covers; false if it names none of them. An ended shard's
// SHARD_END stands behind its last record, by one, since the end itself is a step.
func (c *Checker) place(shard, checkpoint string) (int, bool) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	switch checkpoint {
	case "TRIM_HORIZON":
		return 0, true
	case "SHARD_END":
		return len(c.w.truth.kept[shard]) + 1, true
	}
	p, known := c.w.truth.index[checkpoint]
	return p.at + 1, known && p.shard == shard
}

// compareCheckpoints checks P2: up to its checkpoint every record of a shard is visible once in each output, and
// beyond it only through the batch that is pending. gone are records that have just ceased to be visible.
func (c *Checker) compareCheckpoints(gone []*entry) {
	for shard, r := range c.rows {
		at, _ := c.place(shard, r.checkpoint)
		c.w.mu.Lock()
		records := c.w.truth.kept[shard]
		c.w.mu.Unlock()
		for at = min(at, len(records)); c.verified[shard] < at; c.verified[shard]++ {
			for _, e := range records[c.verified[shard]].entries {
				c.mustBeVisible(e)
			}
		}
	}
	for _, e := range gone {
		if e.at < c.verified[e.shard] {
			c.mustBeVisible(e)
		}
	}
	for key, o := range c.moving {
		behind := true
		for _, e := range o.entries {
			if e.at < c.verified[e.shard] {
				continue
			}
			behind = false
			r := c.rows[e.shard]
			if to, _ := c.place(e.shard, r.to); r.pending != o.batch || e.at >= to {
				c.fail("P2: record %d of %s is visible in %s of batch %s, beyond the checkpoint %s, where %q is pending up to %q", e.id, e.shard, key, o.batch, r.checkpoint, r.pending, r.to)
				break
			}
		}
		if behind {
			delete(c.moving, key)
		}
	}
}

func (c *Checker) mustBeVisible(e *entry) {
	for _, out := range c.wanted(e) {
		if n := c.visible[out][e.id]; n != 1 {
			c.fail("P2: record %d of %s is %d times under %s although the checkpoint is %s", e.id, e.shard, n, out, c.rows[e.shard].checkpoint)
		}
	}
}

func (c *Checker) mustNotBeAborted(batch, upload string) {
	if by := c.aborted[upload]; by != "" {
		c.fail("P4: batch %s is promised although %s aborted its upload %s", batch, by, upload)
	}
}
