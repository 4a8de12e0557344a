package sink

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// journalVersion grows when a reader of an older version could misread a journal.
const journalVersion = 1

// A journal lists what a batch holds: one JSON value a line, first the header, then a line a shard, then a
// line an object.
type journalHeader struct {
	Version int       `json:"version"`
	Batch   string    `json:"batch"`
	Worker  string    `json:"worker"`
	Cause   Cause     `json:"cause"`
	Cut     time.Time `json:"cut"`
	Shards  int       `json:"shards"`
	Objects int       `json:"objects"`
}

type journalShard struct {
	Shard   string `json:"shard"`
	After   string `json:"after"`
	Through string `json:"through"`
	Records int64  `json:"records"`
	Gaps    []Gap  `json:"gaps,omitempty"`
}

type journalObject struct {
	Upload
	Output  string `json:"output"`
	Path    string `json:"path"`
	Size    int64  `json:"size"`
	Raw     int64  `json:"raw_size"` // before compression
	Records int64  `json:"records"`
}

type journal struct {
	Header  journalHeader
	Shards  []journalShard
	Objects []journalObject
}

func (j *journal) encode() []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	j.Header.Version, j.Header.Shards, j.Header.Objects = journalVersion, len(j.Shards), len(j.Objects)
	_ = enc.Encode(j.Header) // a bytes.Buffer takes everything, and these types always encode
	for _, s := range j.Shards {
		_ = enc.Encode(s)
	}
	for _, o := range j.Objects {
		_ = enc.Encode(o)
	}
	return b.Bytes()
}

// decodeJournal reads the journal of a batch. An error means that it was damaged or written by another
// version: nothing may be done on its word.
func decodeJournal(data []byte, batch string) (*journal, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	var j journal
	if err := dec.Decode(&j.Header); err != nil {
		return nil, fmt.Errorf("read journal header: %w", err)
	}
	if j.Header.Version != journalVersion {
		return nil, fmt.Errorf("read journal of batch %s: it has version %d, this program knows %d: let a newer Standpipe finish the batch", j.Header.Batch, j.Header.Version, journalVersion)
	}
	if j.Header.Batch != batch {
		return nil, fmt.Errorf("read journal of batch %s: it is that of batch %q", batch, j.Header.Batch)
	}
	for i := range j.Header.Shards {
		var s journalShard
		if err := dec.Decode(&s); err != nil {
			return nil, fmt.Errorf("read journal of batch %s: shard %d: %w", j.Header.Batch, i, err)
		}
		j.Shards = append(j.Shards, s)
	}
	for i := range j.Header.Objects {
		var o journalObject
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
