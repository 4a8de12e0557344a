package sink

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// journalVersion grows when a reader of an older version would do something wrong on a journal's word. Members that a reader
// may pass over are added without that.
const journalVersion = 1

// Journal lists what a batch holds: one JSON value a line, first the header, then a line a shard, then a line an object. A
// batch that holds only bare ends of shards leaves none. Once its batch has advanced nobody but verify reads it.
type Journal struct {
	Header  JournalHeader
	Shards  []JournalShard
	Objects []JournalObject
}

// JournalHeader is a journal's first line.
type JournalHeader struct {
	Version int       `json:"version"`
	Batch   string    `json:"batch"`
	Worker  string    `json:"worker"`
	Cause   Cause     `json:"cause"`
	Cut     time.Time `json:"cut"` // by the worker's clock; the journal's key is named by it
	Shards  int       `json:"shards"`
	Objects int       `json:"objects"`
}

// JournalShard is what a batch holds of a shard: everything behind position After up to and including Through. The ranges
// of a shard are contiguous: each After is the Through of the batch before, across all workers.
type JournalShard struct {
	Shard   string `json:"shard"`
	After   string `json:"after"`
	Through string `json:"through"` // ShardEnd when the shard was read to its end
	Records int64  `json:"records"` // user records of Kinesis; what became of them is in several objects
	Gaps    []Gap  `json:"gaps,omitempty"`
}

// JournalObject is an object of a batch.
type JournalObject struct {
	Upload         // bucket, key, and the parts with the CRC-32 of each
	Output  string `json:"output"`
	Format  string `json:"format,omitempty"`      // "" is NDJSON; or parquet, or raw where a line end does not end each record
	Codec   string `json:"compression,omitempty"` // as in outputs[].compression; "" is told by the key's end
	Path    string `json:"path"`                  // the evaluated prefix, as partition.Prefix.Path gives it: the key begins with it
	Size    int64  `json:"size"`
	Raw     int64  `json:"raw_size"` // before compression
	Records int64  `json:"records"`
	// Lines is how many line ends it holds where those are not as many as Records, and in the format raw: an output that is
	// not validated lets a record through with the newlines in it.
	Lines int64 `json:"lines,omitempty"`
}

// rawFormat is the format of an object whose records are not told by line ends.
const rawFormat = "raw"

// JournalSize is how many bytes a journal has, given its upload as an item names it: one that has more is another object.
func (u *Upload) JournalSize() int64 {
	var n int64
	for _, p := range u.Parts {
		n += max(p.Size, 0)
	}
	return n
}

// encode gives the journal in pieces, so that a long one is never copied as a whole.
func (j *Journal) encode() Segments {
	var b pieces
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	j.Header.Version, j.Header.Shards, j.Header.Objects = journalVersion, len(j.Shards), len(j.Objects)
	j.Header.Cut = sayable(j.Header.Cut)
	_ = enc.Encode(j.Header) // pieces take everything, and with such times these types always encode
	for _, s := range j.Shards {
		s.Gaps = slices.Clone(s.Gaps)
		for i, g := range s.Gaps {
			s.Gaps[i] = Gap{sayable(g.From), sayable(g.To)}
		}
		_ = enc.Encode(s)
	}
	for _, o := range j.Objects {
		_ = enc.Encode(o)
	}
	return Segments(b)
}

// sayable is the time, or the nearest to it that JSON can say (RFC 3339 has the years 0 to 9999). A line less than the header
// counts would be a promise that can not be read, nor kept.
func sayable(t time.Time) time.Time {
	first, last := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	switch t = t.UTC(); {
	case t.Before(first):
		return first
	case t.After(last):
		return last
	}
	return t
}

// pieces gathers what is written in slices of some size.
type pieces Segments

func (p *pieces) Write(b []byte) (int, error) {
	if n := len(*p); n == 0 || len((*p)[n-1])+len(b) > cap((*p)[n-1]) {
		*p = append(*p, make([]byte, 0, max(64<<10, len(b))))
	}
	last := &(*p)[len(*p)-1]
	*last = append(*last, b...)
	return len(b), nil
}

// NewerJournalError says that a journal was written by a newer version of this program, in a form that this one does not
// know. Nothing is done on its word.
type NewerJournalError struct {
	Batch   string
	Version int // of the journal
}

func (e *NewerJournalError) Error() string {
	return fmt.Sprintf("read journal of batch %s: its version is %d and this program knows %d, so a newer Standpipe wrote it: upgrade this one (see \"Upgrading\" in docs/operations.md)",
		e.Batch, e.Version, journalVersion)
}

// DecodeJournal reads the journal of a batch, of this version and all before. A *NewerJournalError means that a newer version
// wrote it, another error that it was damaged: nothing may be done on its word. Beyond its form nothing is checked: numbers may be negative, and shards or keys any text.
func DecodeJournal(data []byte, batch string) (*Journal, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	var j Journal
	if err := dec.Decode(&j.Header); err != nil {
		return nil, fmt.Errorf("read journal header: %w", err)
	}
	switch v := j.Header.Version; {
	case v > journalVersion:
		return nil, &NewerJournalError{j.Header.Batch, v}
	case v < 1:
		return nil, fmt.Errorf("read journal of batch %s: it has version %d, and the first one is 1", batch, v)
	}
	if j.Header.Batch != batch {
		return nil, fmt.Errorf("read journal of batch %s: it is that of batch %q", batch, j.Header.Batch)
	}
	for i := range j.Header.Shards {
		var s JournalShard
		if err := dec.Decode(&s); err != nil {
			return nil, fmt.Errorf("read journal of batch %s: shard %d: %w", j.Header.Batch, i, err)
		}
		j.Shards = append(j.Shards, s)
	}
	for i := range j.Header.Objects {
		var o JournalObject
		if err := dec.Decode(&o); err != nil {
			return nil, fmt.Errorf("read journal of batch %s: object %d: %w", j.Header.Batch, i, err)
		}
		j.Objects = append(j.Objects, o)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("read journal of batch %s: more follows what its header counts", j.Header.Batch)
	}
	return &j, nil
}
