package endtoend

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
)

// A caught-up shard is asked about once a second, as Firehose does: five calls a second are all that its
// consumers have between them.
func TestCaughtUpShardIsAskedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		var calls atomic.Int64
		w.Kinesis.Control("GetRecords", func(c faults.Call, next func()) error {
			calls.Add(1)
			return nil
		})
		wk := w.Start(Settings{})
		time.Sleep(10 * time.Second)
		before := calls.Load()
		time.Sleep(time.Minute)
		if n := calls.Load() - before; n < 2*60 || n > 2*80 {
			t.Errorf("%d calls for 2 shards in a minute", n)
		}
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
	})
}
