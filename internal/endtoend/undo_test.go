package endtoend

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
)

// Rule 16: an undo aborts the journal's upload before it looks for the journal. In the other order a completion that
// comes in between brings the journal back after it was looked for, and its maker goes on.
func TestUndoAbortsTheJournalBeforeItLooksForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		w.Put(60)
		var first once
		var mu sync.Mutex
		var steps []string
		w.control(func(c faults.Call, next func()) error {
			at := stepOf(c)
			if at == "complete journal" && first.first() {
				for _, u := range w.S3.Uploads(Bucket) {
					_ = w.S3.Drop(Bucket, u.Key, u.ID)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if at == "mark" || len(steps) > 0 && at != "" {
				steps = append(steps, at)
			}
			return nil
		})
		wk := w.Start(w.twoOutputs())
		time.Sleep(30 * time.Second)
		w.finish(wk)
		abort, read := slices.Index(steps, "abort journal"), slices.Index(steps, "read journal")
		if abort < 0 || read < abort {
			t.Errorf("the undo went %v", steps)
		}
	})
}
