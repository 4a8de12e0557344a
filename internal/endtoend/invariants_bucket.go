package endtoend

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"standpipe/internal/faults"
	"standpipe/internal/s3fake"
	"standpipe/internal/unpack"
)

// object is an object in the bucket with what it holds.
type object struct {
	upload  string
	batch   string
	output  string // prefix, "" for a journal
	entries []*entry
}

// lookAtUploads learns who opens and who aborts uploads (P4, rule 10).
func (c *Checker) lookAtUploads(call faults.Call) {
	if call.Op != "CreateMultipartUpload" && call.Op != "CompleteMultipartUpload" && call.Op != "AbortMultipartUpload" {
		return
	}
	sender := call.Header.Get(senderHeader)
	open := map[string]string{}
	for _, u := range c.w.S3.Uploads(Bucket) {
		batch := u.Metadata["standpipe-batch"]
		open[u.ID] = batch
		if c.makers[batch] == "" {
			c.makers[batch] = sender
		}
	}
	if call.Op == "AbortMultipartUpload" {
		for id, batch := range c.uploads {
			if _, is := open[id]; is {
				continue
			}
			c.aborted[id] = sender
			switch it := c.items[batch]; {
			case it != nil && it.State != "undoing":
				c.fail("P4: %s aborted upload %s of batch %s, which is %s", sender, id, batch, it.State)
			case c.batches[batch] == nil && sender != c.makers[batch]:
				c.fail("%s aborted upload %s of batch %s, which only its maker %s knows about", sender, id, batch, c.makers[batch])
			}
		}
	}
	c.uploads = open
}

// lookAtObjects reads objects that are new and takes away those that are gone. It gives the records that were
// taken away.
func (c *Checker) lookAtObjects(rows map[string]leaseState, items map[string]*intent) (gone []*entry) {
	here := map[string]bool{}
	var fresh []s3fake.Object
	for _, o := range c.w.S3.Objects(Bucket) {
		here[o.Key] = true
		switch old := c.objects[o.Key]; {
		case old == nil:
			fresh = append(fresh, o)
		case old.upload != o.UploadID:
			c.fail("object %s was written a second time", o.Key)
		}
	}
	for key, o := range c.objects {
		if here[key] {
			continue
		}
		if b := c.batches[o.batch]; b == nil || !b.undoing {
			c.fail("P4: object %s of batch %s was deleted although the batch was never undone", key, o.batch)
		}
		for _, e := range o.entries {
			c.visible[o.output][e.id]--
		}
		gone = append(gone, o.entries...)
		delete(c.objects, key)
		delete(c.moving, key)
	}
	for _, o := range fresh { // journals sort after the outputs, but come first
		if strings.HasPrefix(o.Key, journalPrefix) {
			c.readJournal(o)
		}
	}
	for _, o := range fresh {
		if !strings.HasPrefix(o.Key, journalPrefix) {
			c.readObject(o)
		}
	}
	return gone
}

func (c *Checker) content(key string) []byte {
	f, err := c.w.S3.Open(Bucket, key)
	if err != nil {
		c.fail("%v", err)
		return nil
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(f)
	if err == nil {
		data, err = unpack.Object(key, data)
	}
	if err != nil {
		c.fail("read %s: %v", key, err)
	}
	return data
}

// readJournal checks a journal that became visible against its intent.
func (c *Checker) readJournal(o s3fake.Object) {
	batch := o.Metadata["standpipe-batch"]
	c.objects[o.Key] = &object{upload: o.UploadID, batch: batch}
	b := c.batches[batch]
	if b == nil || b.intent.Journal == nil || b.intent.Journal.ID != o.UploadID {
		c.fail("journal %s became visible without an intent that names it", o.Key)
		return
	}
	b.listed = map[string]string{}
	spans := map[string][2]string{}
	dec := json.NewDecoder(bytes.NewReader(c.content(o.Key)))
	for dec.More() {
		var line struct {
			Shard, After, Through, Key string
			ID                         string `json:"upload_id"`
		}
		if err := dec.Decode(&line); err != nil {
			c.fail("journal %s: %v", o.Key, err)
			return
		}
		switch {
		case line.Shard != "":
			spans[line.Shard] = [2]string{line.After, line.Through}
		case line.Key != "":
			b.listed[line.Key] = line.ID
			b.named = append(b.named, line.ID)
			if !b.undoing {
				c.mustNotBeAborted(batch, line.ID)
			}
		}
	}
	for _, sp := range b.intent.Spans {
		if spans[sp.Shard] != [2]string{sp.From, sp.To} {
			c.fail("journal %s says %v of %s, the intent %s to %s", o.Key, spans[sp.Shard], sp.Shard, sp.From, sp.To)
		}
	}
	if len(spans) != len(b.intent.Spans) {
		c.fail("journal %s names %d shards, the intent %d", o.Key, len(spans), len(b.intent.Spans))
	}
}

// readObject counts the records of a data or error object that became visible: none may be there already (P1),
// and its batch must have been promised, with a visible journal that lists it.
func (c *Checker) readObject(o s3fake.Object) {
	seen := &object{upload: o.UploadID, batch: o.Metadata["standpipe-batch"]}
	c.objects[o.Key] = seen
	for out := range c.visible {
		if strings.HasPrefix(o.Key, out) {
			seen.output = out
		}
	}
	switch b := c.batches[seen.batch]; {
	case seen.output == "":
		c.fail("object %s lies under no output's prefix", o.Key)
		return
	case b == nil:
		c.fail("object %s of batch %q became visible without an intent", o.Key, seen.batch)
	case b.listed[o.Key] != o.UploadID:
		c.fail("object %s of batch %s became visible before the journal that lists it", o.Key, seen.batch)
	}
	for line := range bytes.Lines(c.content(o.Key)) {
		e := c.entryOf(string(bytes.TrimSuffix(line, []byte("\n"))))
		if e == nil || e.bad != (seen.output == errorPrefix) {
			c.fail("object %s holds a line that nobody put there: %.200s", o.Key, line)
			continue
		}
		if !e.bad && !strings.HasPrefix(o.Key, seen.output+e.under) {
			c.fail("object %s holds record %d, which belongs under %s%s", o.Key, e.id, seen.output, e.under)
		}
		seen.entries = append(seen.entries, e)
		c.visible[seen.output][e.id]++
		if n := c.visible[seen.output][e.id]; n > 1 {
			c.fail("P1: record %d of %s is %d times under %s", e.id, e.shard, n, seen.output)
		}
	}
	c.moving[o.Key] = seen
}

// entryOf finds the record a line is, byte for byte.
func (c *Checker) entryOf(line string) *entry {
	var got struct {
		ID      int
		RawData []byte
	}
	if json.Unmarshal([]byte(line), &got) != nil {
		return nil
	}
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if got.RawData != nil {
		return c.w.truth.byData[string(got.RawData)]
	}
	if e := c.w.truth.byID[got.ID]; e != nil && e.line == line {
		return e
	}
	return nil
}
