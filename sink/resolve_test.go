package sink

import (
	"strings"
	"testing"
)

// Rule 12: what this worker has completed it never asks about again, or a reader that takes objects away quickly would
// cause an undo as soon as an advance has to be repeated.
func TestWhatIsKnownAsDoneIsNotAskedAgain(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		r := b.read("a")
		b.append(r, 1, 100)
		refusals := 0
		b.ledger.hook = func(op, id string) error {
			switch op {
			case "mark":
				t.Error("the batch is undone")
			case "advance":
				if refusals++; refusals == 1 {
					b.store.mu.Lock()
					for key := range b.store.objects {
						if strings.HasPrefix(key, "data/") {
							delete(b.store.objects, key)
						}
					}
					b.store.mu.Unlock()
					return &RefusedError{Op: op, Batch: id}
				}
			}
			return nil
		}
		b.stop()
		if b.at("a") != "1" {
			t.Errorf("the checkpoint is %s", b.at("a"))
		}
	})
}
