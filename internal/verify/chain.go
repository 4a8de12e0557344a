package verify

import (
	"cmp"
	"slices"
	"time"
)

// stretch is a row of contiguous ranges of a shard.
type stretch struct {
	after, through string
	ranges         int // those within the time asked for
	records        int64
	first, last    link
}

// link is the batch at one end of a stretch.
type link struct {
	journal int
	cut     time.Time
}

// chain joins the ranges of a shard, in whatever order they come: journals are listed by the clocks of several workers.
// A flawless history is one stretch in the end, and few meanwhile, so that memory does not grow with it.
type chain struct {
	from, to map[string]*stretch // by where they begin and end
	odd      []*stretch          // those whose beginning or end another one has: never joined
	still    []stretch           // ranges that hold records and do not move: the rest of an aggregate
	newer    []stretch           // ranges beyond the checkpoint that was read first
	lossy    bool                // a batch of the time asked for reports a gap
}

func newChain() *chain { return &chain{from: map[string]*stretch{}, to: map[string]*stretch{}} }

func (c *chain) add(s stretch) {
	if s.after == s.through {
		c.still = append(c.still, s)
		return
	}
	if c.from[s.after] != nil || c.to[s.through] != nil {
		c.odd = append(c.odd, &s)
		return
	}
	joined := &s
	if left := c.to[s.after]; left != nil {
		delete(c.to, left.through)
		left.append(s)
		joined = left
	}
	if right := c.from[s.through]; right != nil {
		delete(c.from, right.after)
		delete(c.to, right.through)
		joined.append(*right)
	}
	c.from[joined.after], c.to[joined.through] = joined, joined
}

func (s *stretch) append(next stretch) {
	s.through, s.last = next.through, next.last
	s.ranges += next.ranges
	s.records += next.records
}

// stretches gives the rows of ranges in order.
func (c *chain) stretches() []stretch {
	all := make([]stretch, 0, len(c.from)+len(c.odd))
	for _, s := range c.from {
		all = append(all, *s)
	}
	for _, s := range c.odd {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b stretch) int {
		return cmp.Or(compare(a.after, b.after), compare(a.through, b.through), cmp.Compare(a.first.journal, b.first.journal))
	})
	return all
}
