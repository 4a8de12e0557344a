package redrive

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Report is what was found and done.
type Report struct {
	DryRun   bool    `json:"dry_run"`
	Counts   []Count `json:"counts"`   // of what was redriven, or would be
	Records  int64   `json:"records"`  // their sum
	Before   int64   `json:"before"`   // redriven by an earlier call
	Filtered int64   `json:"filtered"` // left out by the filter

	Objects  int `json:"objects"`   // that were looked at
	Finished int `json:"finished"`  // of them, those that earlier calls had redriven whole
	InFlight int `json:"in_flight"` // objects left out because their batch had not advanced yet

	Problems []Problem `json:"problems"` // the first thousand
	Broken   int64     `json:"broken"`   // how many there are: error records that were not redriven because something is wrong with them
	Steps    int64     `json:"steps"`    // of the work, as the lease table counts them

	Interrupted bool `json:"interrupted"`
}

// Count is how many error records there are of a kind.
type Count struct {
	Type    string    `json:"type"`
	Code    string    `json:"code"`
	Hour    time.Time `json:"hour"` // of arrival, in UTC
	Records int64     `json:"records"`
}

// Problem is something that could not be redriven.
type Problem struct {
	Object string `json:"object"`         // its address
	Line   int64  `json:"line,omitempty"` // in the decompressed object, 0 where it is about the object as a whole
	Byte   int64  `json:"byte"`           // where it begins there
	Text   string `json:"text"`
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.Object + ": " + p.Text
	}
	return fmt.Sprintf("%s, line %d, byte %d: %s", p.Object, p.Line, p.Byte, p.Text)
}

const maxProblems = 1000

// tally counts while objects are read.
type tally struct {
	mu     sync.Mutex
	report Report
	counts map[Count]int64
}

func newTally() *tally { return &tally{counts: map[Count]int64{}} }

func (t *tally) do(change func(*Report)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.report)
}

func (t *tally) problem(p Problem) {
	t.do(func(r *Report) {
		if r.Broken++; len(r.Problems) < maxProblems {
			r.Problems = append(r.Problems, p)
		}
	})
}

// count takes in what was redriven.
func (t *tally) count(all []parsed) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Records += int64(len(all))
	for _, p := range all {
		t.counts[Count{Type: p.kind, Code: p.code, Hour: p.rec.Arrival.Truncate(time.Hour)}]++
	}
}

// finish gives the report.
func (t *tally) finish() *Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.report
	r.Counts = []Count{}
	for c, n := range t.counts {
		c.Records = n
		r.Counts = append(r.Counts, c)
	}
	slices.SortFunc(r.Counts, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Code, b.Code), a.Hour.Compare(b.Hour))
	})
	slices.SortFunc(r.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Byte, b.Byte))
	})
	return &r
}
