package demo

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// draft is one Kinesis record that is about to be put.
type draft struct {
	key     string
	data    []byte
	records []draftRecord // more than one in a KPL aggregate
	calls   []metered     // in it, of an access log
}

// draftRecord is one user record.
type draftRecord struct {
	rejected  bool
	anonymous bool
	values    []digest // in the order of their numbers
}

const (
	mebibyte     = 1 << 20
	keySize      = 10
	largestGiant = 10*mebibyte - keySize // the most that Kinesis takes
	giantsFrom   = 2000                  // a demo of fewer records has no giants
	hostileEach  = 200                   // one record in so many is hostile
	aggregateMax = 30                    // user records
)

// source makes the sample records, the same ones for the same seed but for the times in them. For one goroutine.
type source struct {
	ids     identities
	access  bool // lines of an access log instead of clicks
	rng     *rand.Rand
	total   int
	made    int    // user records
	values  uint32 // ids given
	hostile int    // hostile records
	ambush  int    // where the next one stands
	giants  []giantAt
}

type giantAt struct {
	from int // the first draft from this record on
	size int
	make func(id string, size int) []byte
	bad  bool
}

func newSource(ids identities, seed uint64, total int) *source {
	s := &source{ids: ids, rng: rand.New(rand.NewPCG(seed, 1)), total: total}
	s.ambush = 1 + s.rng.IntN(max(1, min(hostileEach, total)-1)) // a demo of one record shows a good one
	s.hostile = s.rng.IntN(len(hostile))
	if total >= giantsFrom {
		s.giants = []giantAt{
			{total / 5, mebibyte, giant, false},
			{2 * total / 5, mebibyte, giant, false},
			{total / 2, largestGiant, giant, false},
			{3 * total / 5, mebibyte, rubbish, true},
		}
	}
	return s
}

// id names the next value.
func (s *source) id() string {
	s.values++
	return s.ids.id(s.values - 1)
}

// next makes a record; ok is false after the last one.
func (s *source) next(now time.Time) (d draft, ok bool) {
	left := s.total - s.made
	if left == 0 {
		return draft{}, false
	}
	d.key = fmt.Sprintf("k%0*d", keySize-1, s.rng.IntN(1_000_000_000))
	switch kind := s.rng.IntN(100); {
	case len(s.giants) > 0 && s.made >= s.giants[0].from:
		g := s.giants[0]
		s.giants = s.giants[1:]
		if s.access && !g.bad {
			s.giantCall(&d, now, g.size)
			break
		}
		d.add(g.make(s.id(), g.size), g.bad)
	case s.made >= s.ambush:
		h := s.hostiles()[s.hostile%len(s.hostiles())]
		s.hostile++
		s.ambush = s.made - s.made%hostileEach + hostileEach + s.rng.IntN(hostileEach)
		d.add(h.data(s.rng, s.id()), true)
		d.records[0].anonymous = h.anonymous
	case kind < 2: // with 16 records on average, a quarter of all records are in aggregates
		d.data = s.aggregate(&d, min(2+s.rng.IntN(aggregateMax-1), left), now)
	default:
		d.data = s.good(&d, now)
	}
	s.made += len(d.records)
	return d, true
}

// add makes data the draft's only record.
func (d *draft) add(data []byte, rejected bool) {
	want := digestOf(data)
	if !rejected {
		want = digestOf(lineOf(data))
	}
	d.data = data
	d.records = []draftRecord{{rejected: rejected, values: []digest{want}}}
}

// aggregate makes n user records under the draft's key.
func (s *source) aggregate(d *draft, n int, now time.Time) []byte {
	records := make([][]byte, n)
	for i := range records {
		records[i] = s.good(d, now)
	}
	return aggregate(d.key, records)
}

// good makes a user record that becomes one line or several.
func (s *source) good(d *draft, now time.Time) []byte {
	if s.access {
		return s.calls(d, now)
	}
	var values [][]byte
	switch kind := s.rng.IntN(100); {
	case kind < 5:
		for range 2 + s.rng.IntN(3) {
			values = append(values, smallValue(s.rng, s.id()))
		}
	case kind < 30:
		values = append(values, prettyBody(s.rng, s.id()))
	default:
		values = append(values, click(s.rng, s.id(), now))
	}
	var r draftRecord
	for _, v := range values {
		r.values = append(r.values, digestOf(lineOf(v)))
	}
	d.records = append(d.records, r)
	return joined(s.rng, values)
}
