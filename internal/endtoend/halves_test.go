package endtoend

import (
	"bytes"

	"standpipe/sink"
)

// halves is a step that makes several records of one, at its vertical bars.
type halves struct{}

func (halves) Name() string { return "halves" }

func (halves) Do(rec sink.Record, yield func(sink.Record) bool) bool {
	for piece := range bytes.SplitSeq(rec.Data, []byte("|")) {
		part := rec
		part.Data, part.Raw, part.RawAfter = piece, piece, "halves"
		if !yield(part) {
			return false
		}
	}
	return true
}
