package endtoend

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
	"standpipe/internal/gluefake"
)

// A worker that has seen a table's new columns dies in the middle of a commit, that of its last batch with the old ones or
// that of a later one, and a worker takes over that still has the old columns, since Glue does not answer it. What was
// promised comes in the columns it was written in, the rest in those of the heir: every record once, each batch in one
// schema.
func TestWorkersWithOlderColumnsTakeOver(t *testing.T) {
	for i, c := range []struct {
		op     string
		nth    int32
		effect bool
	}{
		{"UploadPart", 2, false}, {"TransactWriteItems", 1, true}, {"CompleteMultipartUpload", 1, true},
		{"CompleteMultipartUpload", 5, false}, {"TransactWriteItems", 2, false}, {"TransactWriteItems", 4, true},
	} {
		if brief() && i > 1 {
			continue // ten times as slow
		}
		t.Run(fmt.Sprintf("%s %d, effect %v", c.op, c.nth, c.effect), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { diesWithNewerColumns(t, c.op, c.nth, c.effect) })
		})
	}
}

func diesWithNewerColumns(t *testing.T, op string, nth int32, effect bool) {
	w := New(t, 3)
	w.PutTable("table")
	newer, older := w.Start(w.tableOutputs()), w.Start(w.tableOutputs())
	flow := func(times int) {
		for range times {
			w.putWide(12)
			time.Sleep(5 * time.Second)
		}
	}
	flow(8)
	w.Glue.Control("", func(c faults.Call, _ func()) error {
		if c.Header.Get(senderHeader) == older.Name {
			return gluefake.Down()
		}
		return nil
	})
	var dies once
	var calls atomic.Int32
	w.control(func(c faults.Call, next func()) error {
		if c.Op != op || c.Header.Get(senderHeader) != newer.Name {
			return nil
		}
		if calls.Add(1) < nth || !dies.first() {
			return nil
		}
		if effect {
			next()
		}
		newer.Kill()
		return faults.ErrLost
	})
	w.PutTable("table", gluefake.Column{Name: "extra", Type: "string"})
	flow(16)
	if !dies.happened() {
		t.Error("nobody died")
		newer.Kill()
	}
	newer.Gone()
	flow(4)
	w.Exactly(2*time.Minute, "table/", "lines/")
	if err := older.Stop(); err != nil {
		t.Error(err)
	}
	columns, _ := w.batches()
	for i, c := range columns {
		if len(c) > 1 {
			t.Errorf("batch %d has files with different columns: %v", i, c)
		}
	}
	if last := columns[len(columns)-1]; !slices.Equal(last, []string{"id path"}) {
		t.Errorf("the last batch has %v", last)
	}
}
