package endtoend

import (
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
	"standpipe/internal/kinesistest"
)

// A KCL stopped inside an aggregate that was the last record of its shard: the rest of the aggregate must be
// delivered although the position does not move.
func TestTakeOverInsideTheLastAggregate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		_, seq := w.raw(kinesistest.Aggregate(user(`{"id":1}`), user(`{"id":2}`), user(`{"id":3}`)))
		w.kclRow(seq, 1)
		wk := w.Start(Settings{})
		time.Sleep(20 * time.Second)
		w.raw([]byte(`{"id":4}`))
		time.Sleep(20 * time.Second)
		got := w.Delivered("clicks/")
		for id, want := range map[int]int{1: 0, 2: 0, 3: 1, 4: 1} {
			if got[id] != want {
				t.Errorf("record %d is there %d times, want %d", id, got[id], want)
			}
		}
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
	})
}

// After a takeover from a KCL, an error of GetRecords must not lead back to a record already delivered.
func TestErrorAfterTakeOverFromAStoppedKCL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		_, seq := w.raw([]byte(`{"id":100}`))
		w.raw([]byte(`{"id":1}`))
		w.kclRow(seq, 0)
		wk := w.Start(Settings{})
		w.eventually(time.Minute, "the first", func() bool { return w.Delivered("clicks/")[1] == 1 })
		remove := w.Kinesis.Control("GetRecords", func(faults.Call, func()) error {
			return &faults.Error{Status: 500, Code: "InternalFailure"}
		})
		time.Sleep(10 * time.Second)
		remove()
		w.raw([]byte(`{"id":2}`))
		w.eventually(time.Minute, "the second", func() bool { return w.Delivered("clicks/")[2] == 1 })
		time.Sleep(10 * time.Second)
		for id, n := range w.Delivered("clicks/") {
			if id == 100 || n != 1 {
				t.Errorf("record %d is there %d times", id, n)
			}
		}
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
	})
}
