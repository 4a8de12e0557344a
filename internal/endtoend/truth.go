package endtoend

import (
	"fmt"

	"standpipe/internal/kinesistest"
)

// entry is one user record that was put, and what must become of it: its line once in every output, or, for
// bad data, its bytes once in the error output.
type entry struct {
	id    int
	shard string
	at    int // which Kinesis record of its shard holds it, from 0
	bad   bool
	line  string
	under string // what must stand behind an output's prefix in the key of an object that holds it
}

// truth is what was put into the stream, written down by the putter, not read back.
type truth struct {
	byID   map[int]*entry
	byData map[string]*entry   // of bad records
	kept   map[string][]kept   // by shard, in the order of its sequence numbers
	index  map[string]position // of sequence numbers
}

// kept is one Kinesis record.
type kept struct {
	seq     string
	entries []*entry
}

type position struct {
	shard string
	at    int
}

func newTruth() *truth {
	return &truth{byID: map[int]*entry{}, byData: map[string]*entry{}, kept: map[string][]kept{}, index: map[string]position{}}
}

func (w *World) next() *entry {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.put++
	return &entry{id: w.put, line: fmt.Sprintf(`{"id":%d,"path":"\/items\/%d"}`, w.put, w.put)}
}

// store puts one Kinesis record and writes down what it holds.
func (w *World) store(key string, data []byte, entries ...*entry) {
	w.T.Helper()
	w.mu.Lock() // a reader of the truth must know what a reader of the stream can see
	defer w.mu.Unlock()
	shard, seq, err := w.Kinesis.Put(Stream, key, data)
	if err != nil {
		w.T.Fatal(err)
	}
	t := w.truth
	at := len(t.kept[shard])
	for _, e := range entries {
		e.shard, e.at = shard, at
		t.byID[e.id] = e
		if e.bad {
			t.byData[e.line] = e
		}
	}
	t.kept[shard] = append(t.kept[shard], kept{seq, entries})
	t.index[seq] = position{shard, at}
}

// Put puts n records, each a JSON object with a number never used before, over all shards.
func (w *World) Put(n int) {
	w.T.Helper()
	for range n {
		e := w.next()
		w.store(fmt.Sprintf("key-%d", e.id), []byte(e.line), e)
	}
}

// PutAggregate puts n such records as one KPL aggregate.
func (w *World) PutAggregate(n int) {
	w.T.Helper()
	var entries []*entry
	var users []kinesistest.UserRecord
	for range n {
		e := w.next()
		entries = append(entries, e)
		users = append(users, kinesistest.UserRecord{PartitionKey: fmt.Sprintf("key-%d", e.id), Data: []byte(e.line)})
	}
	w.store(users[0].PartitionKey, kinesistest.Aggregate(users...), entries...)
}

// PutBad puts n records that are no JSON: they belong into the error output.
func (w *World) PutBad(n int) {
	w.T.Helper()
	for range n {
		e := w.next()
		e.bad, e.line = true, fmt.Sprintf("no json %d", e.id)
		w.store(fmt.Sprintf("key-%d", e.id), []byte(e.line), e)
	}
}
