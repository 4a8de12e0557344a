package consumer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/dynamofake"
	"standpipe/internal/faults"
	"standpipe/internal/kinesisfake"
)

// A reader that loses its lease while Kinesis is away takes its trouble with it: nobody else would ever clear it, and
// /readyz would stay red after the outage.
func TestTroubleEndsWithItsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := newStream(t, 1, kinesisfake.Options{})
		f, _ := newFetcher(t, srv, 64<<20)
		srv.Control("", func(faults.Call, func()) error { return faults.ErrLost })
		for name, end := range map[string]time.Duration{"waiting": 10 * time.Second, "asking": time.Nanosecond} {
			ctx, cancel := context.WithTimeout(t.Context(), end)
			if _, err := f.fetch(ctx, trimHorizon); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("%s: got %v", name, err)
			}
			cancel()
			if list := f.trouble.List(); len(list) != 0 {
				t.Errorf("%s: troubles are %+v", name, list)
			}
		}
	})
}

// An acquisition fails, the worker freezes, and when it looks again another one has the shard.
func TestTroubleOfAnAcquisitionEndsWhenTheShardIsOwned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, srv := newTable(t, dynamofake.Options{})
		a := newMember(t, table, "a", shardsUpTo(1))
		b := newMember(t, table, "b", shardsUpTo(1))
		remove := srv.Control("PutItem", func(faults.Call, func()) error { return faults.ErrLost })
		if a.turn(shardID(0)) {
			t.Fatal("acquired")
		}
		remove()
		_ = a.look()
		if list := a.trouble.List(); len(list) != 1 {
			t.Fatalf("while nobody owns the shard the troubles are %+v", list)
		}
		for tries := 0; !b.turn(shardID(0)); tries++ {
			if tries == 20 {
				t.Fatal("not acquired")
			}
			time.Sleep(5 * time.Second)
			_ = table.Beat(t.Context(), "b", 0, "")
			_ = b.look()
		}
		_ = a.look()
		if list := a.trouble.List(); len(list) != 0 {
			t.Errorf("troubles are %+v", list)
		}
	})
}
