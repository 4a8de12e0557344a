package sink

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A batch is carried out for a reader that loses its lease meanwhile: the trouble is nobody's any more, and nothing
// would ever clear it.
func TestTroubleEndsWithTheOneWhoHasIt(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		b.ledger.hook = func(op, _ string) error {
			if op == "advance" {
				return errors.New("DynamoDB is away")
			}
			return nil
		}
		b.ledger.items["batch-1"] = Item{ID: "batch-1", State: Committed} // ends of shards only
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		time.AfterFunc(5*time.Second, func() {
			if list := b.Troubles(); len(list) != 1 {
				t.Errorf("while it is tried the troubles are %+v", list)
			}
		})
		if err := b.CarryOut(ctx, "batch-1"); err == nil {
			t.Error("it was carried out")
		}
		if list := b.Troubles(); len(list) != 0 {
			t.Errorf("troubles are %+v", list)
		}
		b.stop()
	})
}
