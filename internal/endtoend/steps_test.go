package endtoend

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/sink"
	"standpipe/sink/steps"
)

// halves is a step that makes two records of each, at the first vertical bar.
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

func TestWorkersRunSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		one, two := w.next(), w.next()
		w.store("key", []byte(one.line+"|"+two.line), one, two)
		wk := w.Start(Settings{Steps: []steps.Step{halves{}}})
		w.Exactly(time.Minute, "clicks/")
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
	})
}
