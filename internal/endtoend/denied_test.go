package endtoend

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
)

// GetRecords is refused for good, say by a policy: nothing stops, and it is seen.
func TestReadingThatIsDeniedIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		w.Put(10)
		wk := w.Start(Settings{})
		w.Exactly(time.Minute, "clicks/")
		remove := w.Kinesis.Control("GetRecords", func(faults.Call, func()) error {
			return &faults.Error{Status: 400, Code: "AccessDeniedException", Message: "not authorized to perform kinesis:GetRecords"}
		})
		w.Put(10)
		time.Sleep(5 * time.Minute)
		troubles := wk.Consumer.Troubles()
		if len(troubles) != 1 || troubles[0].Op != "GetRecords of "+shard(0) || time.Since(troubles[0].Since) < 4*time.Minute || !strings.Contains(troubles[0].Last.Error(), "AccessDenied") {
			t.Errorf("troubles are %v", troubles)
		}
		if lag := wk.Consumer.Status().Shards[0].Behind; lag < 4*time.Minute {
			t.Errorf("the lag is %v", lag)
		}
		remove()
		w.Exactly(time.Minute, "clicks/")
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
		if troubles := wk.Consumer.Troubles(); len(troubles) != 0 {
			t.Errorf("troubles remain: %v", troubles)
		}
	})
}
