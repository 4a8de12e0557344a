package steps

import (
	"math"
	"sync"
)

// span is a part of what a step makes pieces of.
type span struct{ start, end int32 }

// maxSpanned is how large that may be.
const maxSpanned = math.MaxInt32

func (s span) of(data []byte) []byte { return data[s.start:s.end:s.end] }

// spanLists keeps the memory of lists of spans.
var spanLists = sync.Pool{New: func() any { return new([]span) }}

// keep gives a list's memory back, unless it is much.
func keep(list *[]span, spans []span) {
	if cap(spans) <= 64<<10 {
		*list = spans
		spanLists.Put(list)
	}
}
