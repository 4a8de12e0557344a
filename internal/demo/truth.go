package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"standpipe/internal/kinesisfake"
)

type digest [16]byte

func digestOf(b []byte) digest {
	sum := sha256.Sum256(b)
	return digest(sum[:16])
}

// value is one JSON value, or one hostile record, that was put.
type value struct {
	want     digest // of its line, or of the record where it belongs into the error output
	put      int32  // index into puts
	record   int32  // number of its user record
	rejected bool   // belongs into the error output
	leading  bool   // the first value of its record
}

// place is where the stream keeps a record.
type place struct{ shard, sequence string }

// put is one Kinesis record.
type put struct {
	place
	arrival time.Time // zero until settle
}

// truth is what was put, kept apart from all that delivers it. It is safe for concurrent use.
type truth struct {
	ids    identities
	access bool // lines of an access log, as rows of Parquet

	mu        sync.Mutex
	values    []value // by the number in their ids
	puts      []put
	anonymous map[place]uint32 // the values without an id, such as an empty record
	last      map[string]string
	records   int
	calls     map[metered]int // that were put and belong into rows
}

func newTruth(ids identities) *truth {
	return &truth{ids: ids, anonymous: map[place]uint32{}, last: map[string]string{}, calls: map[metered]int{}}
}

// dataFolder is where what was put belongs, unless it is rejected.
func (t *truth) dataFolder() string {
	if t.access {
		return accessFolder
	}
	return dataFolder
}

// put sends a draft and remembers it. Nobody sees one without the other.
func (t *truth) put(d draft, send func(key string, data []byte) (shard, sequence string, err error)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	shard, sequence, err := send(d.key, d.data)
	if err != nil {
		return err
	}
	at := place{shard, sequence}
	for _, r := range d.records {
		for i, want := range r.values {
			if r.anonymous {
				t.anonymous[at] = uint32(len(t.values))
			}
			t.values = append(t.values, value{want, int32(len(t.puts)), int32(t.records), r.rejected, i == 0})
		}
		t.records++
	}
	for _, m := range d.calls {
		t.calls[m]++
	}
	t.puts = append(t.puts, put{place: at})
	t.last[shard] = sequence
	return nil
}

// settle takes the arrival times from the stream, and proves that it holds what was put and nothing else.
func (t *truth) settle(kinesis *kinesisfake.Server, stream string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	arrivals := make(map[place]time.Time, len(t.puts))
	for r, err := range kinesis.Records(stream) {
		if err != nil {
			return err
		}
		arrivals[place{r.Shard, r.Sequence}] = r.Arrival
	}
	for i := range t.puts {
		p := &t.puts[i]
		var ok bool
		if p.arrival, ok = arrivals[p.place]; !ok {
			return fmt.Errorf("read stream %s: record %s of %s, which was put, is not in it", stream, p.sequence, p.shard)
		}
	}
	if len(arrivals) != len(t.puts) {
		return fmt.Errorf("read stream %s: it holds %d records, %d were put", stream, len(arrivals), len(t.puts))
	}
	return nil
}

// find gives the value that a line is about: by the id in its bytes, or by its place in the stream.
func (t *truth) find(data []byte, at place) (number uint32, v value, p put, ok bool) {
	number, ok = t.ids.find(data)
	t.mu.Lock()
	defer t.mu.Unlock()
	if !ok {
		number, ok = t.anonymous[at]
	}
	if !ok || int(number) >= len(t.values) {
		return 0, value{}, put{}, false
	}
	v = t.values[number]
	return number, v, t.puts[v.put], true
}

// count is how many user records, Kinesis records and lines were put so far.
func (t *truth) count() (records, puts, values int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.records, len(t.puts), len(t.values)
}

// ends gives the last sequence number put into each shard.
func (t *truth) ends() map[string]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	ends := make(map[string]string, len(t.last))
	for shard, sequence := range t.last {
		ends[shard] = sequence
	}
	return ends
}

// lineOf is the line that a JSON value must become: itself, or what is left of it without white space where it
// spans lines.
func lineOf(value []byte) []byte {
	if !bytes.ContainsAny(value, "\r\n") {
		return value
	}
	var line bytes.Buffer
	if err := json.Compact(&line, value); err != nil {
		panic("demo: sample is not JSON: " + err.Error())
	}
	return line.Bytes()
}
