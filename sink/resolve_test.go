package sink

import (
	"context"
	"strings"
	"testing"
	"time"
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

// An operator has put a journal back without its metadata. It is known by its content; anything else in its place is
// waited for, and nobody is told to take it away, since only the journal leads an undo to the batch's objects.
func TestJournalIsKnownByItsContent(t *testing.T) {
	for _, instead := range []string{"", "{}", strings.Repeat("{}\n", 1<<20)} {
		onBench(t, nil, func(t *testing.T, b *bench) {
			var key string
			var good []byte
			b.store.hook = func(_ context.Context, op, at string) error {
				if op != "complete" || !strings.HasPrefix(at, "_standpipe/") || key != "" {
					return nil
				}
				b.store.mu.Lock()
				defer b.store.mu.Unlock()
				key = at
				for id, up := range b.store.uploads {
					if up.key != at {
						continue
					}
					good = up.parts[1]
					o := memObject{data: good}
					if instead != "" {
						o.data = []byte(instead)
					}
					b.store.objects[at] = o
					delete(b.store.uploads, id)
				}
				return nil
			}
			b.ledger.hook = func(op, _ string) error {
				if op == "mark" {
					t.Error("the batch is undone")
				}
				return nil
			}
			r := b.read("a")
			b.append(r, 1, 1000)
			time.Sleep(time.Minute)
			if instead != "" {
				if said := b.Troubles(); len(said) != 1 || !strings.Contains(said[0].Last.Error(), "waits until the journal is as it was") {
					t.Errorf("troubles are %v", said)
				}
				b.store.mu.Lock()
				b.store.objects[key] = memObject{data: good}
				b.store.mu.Unlock()
			}
			time.Sleep(time.Minute)
			b.stop()
			b.wantAll(r)
		})
	}
}
