package endtoend

import (
	"fmt"
	"maps"
	"strings"

	"standpipe/internal/faults"
)

// before looks at a call that is about to take effect: what an undo and a completion must have done before it.
func (c *Checker) before(call faults.Call) {
	key := strings.TrimPrefix(call.Object, Bucket+"/")
	switch call.Op {
	case "GetObject":
		for id, b := range c.batches {
			if j := b.intent.Journal; j != nil && j.Key == key && c.uploads[j.ID] == id {
				c.fail("the journal of batch %s is read while its upload is open: it may become visible later (rules 12 and 16)", id)
			}
		}
	case "DeleteObject":
		for id, b := range c.batches {
			if upload, listed := b.listed[key]; listed && c.uploads[upload] != "" {
				c.fail("object %s of batch %s is deleted before its upload is aborted (rule 16)", key, id)
			}
			if j := b.intent.Journal; j != nil && j.Key == key {
				c.mayDeleteJournal(id, b)
			}
		}
	}
}

// mayDeleteJournal: the journal goes last, since whoever finishes an undo needs it.
func (c *Checker) mayDeleteJournal(id string, b *past) {
	for key, upload := range b.listed {
		switch {
		case c.objects[key] != nil:
			c.fail("the journal of batch %s is deleted before object %s (rule 16)", id, key)
		case c.uploads[upload] != "":
			c.fail("the journal of batch %s is deleted before the upload of %s is aborted (rule 16)", id, key)
		}
	}
}

// lookAtWrite holds a write to what its sender may do (rules 1, 5, 15 and 17).
func (c *Checker) lookAtWrite(call faults.Call, rows map[string]leaseState, items map[string]*intent) {
	sender := call.Header.Get(senderHeader)
	for shard, r := range rows {
		was := c.rows[shard]
		switch {
		case r.owner == was.owner && r.epoch == was.epoch || was.pending != "" && r.pending == "":
		case r.owner == "" && (was.owner != sender || !strings.Contains(string(call.Body), fmt.Sprintf(`{"N":"%d"}`, was.epoch))):
			c.fail("%s gave up %s, which belonged to %q in epoch %d (rule 5)", sender, shard, was.owner, was.epoch)
		case r.owner == "":
			c.tally["hand-over"]++
		case r.owner != sender || r.epoch != was.epoch+1:
			c.fail("%s made %s belong to %q in epoch %d, it was %q's in epoch %d (rule 1)", sender, shard, r.owner, r.epoch, was.owner, was.epoch)
		case was.owner != "" && was.owner != sender:
			c.tally["takeover"]++
		}
	}
	for id, it := range items {
		if old := c.items[id]; old != nil && old.State == "committed" && it.State == "undoing" {
			c.tally["undo"]++
			if !c.vanished[id] {
				c.fail("P4: %s takes batch %s back although none of its uploads vanished", sender, id)
			}
		}
	}
	for id, it := range c.items {
		if items[id] != nil || it.State != "undoing" {
			continue
		}
		for _, upload := range c.batches[id].named {
			if c.uploads[upload] != "" {
				c.fail("batch %s is cleared while its upload %s is open (rule 17)", id, upload)
			}
		}
	}
}

// Tally counts takeovers, hand-overs and undos so far.
func (c *Checker) Tally() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.tally)
}

// TakeAway drops an open upload as somebody outside may, a lifecycle rule or an operator, so that nobody is blamed.
func (c *Checker) TakeAway(key, uploadID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.w.S3.Drop(Bucket, key, uploadID) == nil {
		c.vanished[c.uploads[uploadID]] = true
		delete(c.uploads, uploadID)
	}
}
