package verify

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Kind says what is wrong, or what there is to say.
type Kind string

const (
	Gap        Kind = "gap"        // no journal says what became of a range
	Overlap    Kind = "overlap"    // two batches hold the same range
	Checkpoint Kind = "checkpoint" // the lease row does not agree with the journals
	Parent     Kind = "parent"     // a shard was read before its parent's end
	Missing    Kind = "missing"    // an object that a batch lists is not there
	Size       Kind = "size"       // it has another size
	Content    Kind = "content"    // it holds something else
	Doubled    Kind = "doubled"    // an object is there besides those that its batch lists
	Orphan     Kind = "orphan"     // an object of ours is there that no batch lists
	Damaged    Kind = "journal"    // a journal can not be believed
	Loss       Kind = "loss"       // a batch reports that records may have left the stream unread
	Foreign    Kind = "foreign"    // somebody else's objects; a problem only with Strict
	Nothing    Kind = "nothing"    // there is no journal to prove anything by, though there should be
	Unproved   Kind = "unproved"   // something could not be looked at; always a note
	InFlight   Kind = "in flight"  // batches that are left out; always a note
)

// maxListed is how many problems, and how many notes, a report lists; the rest of the problems is counted.
const maxListed = 1000

// Range is a part of a shard: what is behind After up to and including Through.
type Range struct {
	Shard   string `json:"shard"`
	After   string `json:"after"`
	Through string `json:"through"`
}

func (r Range) String() string { return fmt.Sprintf("%s (%s, %s]", r.Shard, r.After, r.Through) }

// Problem is something wrong, or a note.
type Problem struct {
	Kind    Kind    `json:"kind"`
	Text    string  `json:"text"` // one sentence, with everything below that it needs
	Ranges  []Range `json:"ranges,omitempty"`
	Batch   string  `json:"batch,omitempty"`
	Journal string  `json:"journal,omitempty"` // s3:// address
	Object  string  `json:"object,omitempty"`  // s3:// address
}

// Verdict is what was found about a shard.
type Verdict string

const (
	Fine     Verdict = "ok"
	Partly   Verdict = "partly" // nothing is wrong, and not everything could be proved
	MaybeGap Verdict = "possible loss"
	Wrong    Verdict = "wrong"
)

// Shard is a shard's chain of ranges.
type Shard struct {
	Shard   string    `json:"shard"`
	Parents []string  `json:"parents,omitempty"`
	Ranges  int       `json:"ranges"`
	Records int64     `json:"records"`
	After   string    `json:"after,omitempty"`   // where the first range begins
	Through string    `json:"through,omitempty"` // where the last one ends
	First   time.Time `json:"first,omitzero"`    // when the batch of the first range was cut
	Last    time.Time `json:"last,omitzero"`
	Verdict Verdict   `json:"verdict"`
	Proved  string    `json:"chain"` // in words, from where to where its ranges follow each other
}

// Report is the outcome.
type Report struct {
	OK       bool          `json:"ok"`
	From     time.Time     `json:"from,omitzero"`
	To       time.Time     `json:"to,omitzero"`
	Deep     bool          `json:"deep"`
	Journals int           `json:"journals"` // read, of the time asked for
	Objects  int           `json:"objects"`  // that their batches list, without batches in flight
	Bytes    int64         `json:"bytes"`
	Lines    int64         `json:"lines,omitempty"` // and rows of Parquet, counted with Deep
	Foreign  int           `json:"foreign"`
	InFlight int           `json:"in_flight"` // batches left out
	Shards   []Shard       `json:"shards"`
	Problems []Problem     `json:"problems"` // the first 1000
	Notes    []Problem     `json:"notes"`
	Counts   map[Kind]int  `json:"counts"` // of all problems
	Took     time.Duration `json:"-"`
}

// finish orders what goroutines found, so that the same bucket gives the same report.
func (r *Report) finish() {
	order := func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Text, b.Text))
	}
	slices.SortFunc(r.Problems, order)
	slices.SortFunc(r.Notes, order)
	slices.SortFunc(r.Shards, func(a, b Shard) int { return cmp.Compare(a.Shard, b.Shard) })
	r.OK = len(r.Counts) == 0
}
