package redrive

import "slices"

// span is bytes of a file, its end not included.
type span struct{ from, to int64 }

// ranges are spans in order, apart from each other.
type ranges []span

// add takes a span in.
func (r *ranges) add(s span) {
	old := *r
	if n := len(old); n == 0 || old[n-1].to < s.from { // as most come
		*r = append(old, s)
		return
	}
	i, _ := slices.BinarySearchFunc(old, s.from, func(x span, at int64) int {
		if x.to < at {
			return -1
		}
		return 1
	})
	j := i
	for j < len(old) && old[j].from <= s.to {
		s = span{min(s.from, old[j].from), max(s.to, old[j].to)}
		j++
	}
	*r = slices.Replace(old, i, j, s)
}

// hold says whether a position lies in one of the spans.
func (r ranges) hold(at int64) bool {
	i, _ := slices.BinarySearchFunc(r, at, func(x span, at int64) int {
		if x.to <= at {
			return -1
		}
		return 1
	})
	return i < len(r) && r[i].from <= at
}

// flat is the spans as a list of numbers.
func (r ranges) flat() []int64 {
	out := make([]int64, 0, 2*len(r))
	for _, s := range r {
		out = append(out, s.from, s.to)
	}
	return out
}
