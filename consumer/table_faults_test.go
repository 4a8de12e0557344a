package consumer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"standpipe/internal/dynamofake"
	"standpipe/internal/faults"
	"standpipe/sink"
)

// promise makes rows for two shards and a batch of them that is not yet promised.
func promise(t *testing.T, table *Table) sink.Item {
	t.Helper()
	it := sink.Item{ID: uuid.NewString(), Owner: "a", State: sink.Committed}
	for _, id := range []string{"shard-0", "shard-1"} {
		if err := table.Create(t.Context(), Lease{Shard: id, Owner: "a", Epoch: 1, Counter: 1, Checkpoint: "100"}); err != nil {
			t.Fatal(err)
		}
		it.Spans = append(it.Spans, sink.Span{Shard: id, Epoch: 1, After: "100", Through: "200"})
	}
	return it
}

func isRefused(err error) (*sink.RefusedError, bool) {
	var no *sink.RefusedError
	ok := errors.As(err, &no)
	return no, ok
}

// Whoever takes one of these answers for a no gives up a batch that may be promised.
func TestUnclearAnswersAreNoRefusals(t *testing.T) {
	lost := func(took bool) faults.Hook {
		return func(_ faults.Call, next func()) error {
			if took {
				next()
			}
			return faults.ErrLost
		}
	}
	instead := func(e *faults.Error) faults.Hook { return func(faults.Call, func()) error { return e } }
	for name, hook := range map[string]faults.Hook{
		"conflict with another transaction": instead(dynamofake.Canceled("None", "TransactionConflict", "None")),
		"conflict on all":                   instead(dynamofake.Canceled("TransactionConflict", "TransactionConflict", "TransactionConflict")),
		"throttled rows":                    instead(dynamofake.Canceled("None", "ThrottlingError", "ProvisionedThroughputExceeded")),
		"a validation that came and went":   instead(dynamofake.Canceled("None", "ValidationError", "None")),
		"in progress":                       instead(dynamofake.InProgress()),
		"throttled":                         instead(dynamofake.Throttled()),
		"internal error":                    instead(&faults.Error{Status: 500, Code: "InternalServerError"}),
		"a proxy's page":                    instead(&faults.Error{Status: 502, Body: []byte("<html>bad gateway</html>")}),
		"never arrived":                     lost(false),
		"answer lost":                       lost(true),
	} {
		t.Run(name, func(t *testing.T) {
			table, srv := newTable(t, dynamofake.Options{})
			it := promise(t, table)
			for _, step := range []struct {
				name string
				call func(context.Context) error
			}{
				{"intent", func(ctx context.Context) error { return table.Intend(ctx, it) }},
				{"advance", func(ctx context.Context) error { return table.Advance(ctx, it) }},
				{"clear", func(ctx context.Context) error { return table.Clear(ctx, it) }},
			} {
				remove := srv.Control("TransactWriteItems", hook)
				err := step.call(t.Context())
				remove()
				if err == nil {
					t.Fatalf("%s is a success", step.name)
				}
				if no, ok := isRefused(err); ok {
					t.Errorf("%s counts as refused: %v", step.name, no)
				}
				if step.name == "intent" {
					if err := step.call(t.Context()); err != nil {
						t.Fatalf("%s again: %v", step.name, err)
					}
				}
			}
		})
	}
}

// One definite reason that is final decides, whatever the other rows say; one that is not leaves it open
// while another row was only busy.
func TestRefusedIntentWithABusyRow(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*testing.T, *Table, sink.Item)
		final bool
	}{
		{"stolen", func(t *testing.T, table *Table, _ sink.Item) {
			if _, err := table.Acquire(t.Context(), "shard-0", 1, "b"); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"pending", func(t *testing.T, table *Table, it sink.Item) {
			other := sink.Item{ID: uuid.NewString(), Owner: "a", State: sink.Committed, Spans: it.Spans[:1]}
			if err := table.Intend(t.Context(), other); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			table, srv := newTable(t, dynamofake.Options{})
			it := promise(t, table)
			c.spoil(t, table, it)
			// A reason without the old row makes the table look for itself.
			srv.Control("TransactWriteItems", func(faults.Call, func()) error {
				return dynamofake.Canceled("None", "ConditionalCheckFailed", "TransactionConflict")
			})
			err := table.Intend(t.Context(), it)
			no, ok := isRefused(err)
			if ok != c.final || ok && !no.Final || err == nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

// The row is as it should be when the table looks for itself: it changed in between, so nothing is known.
func TestRefusedIntentOverARowThatIsFineAgain(t *testing.T) {
	table, srv := newTable(t, dynamofake.Options{})
	it := promise(t, table)
	remove := srv.Control("TransactWriteItems", func(faults.Call, func()) error {
		return dynamofake.Canceled("None", "ConditionalCheckFailed", "None")
	})
	err := table.Intend(t.Context(), it)
	if _, ok := isRefused(err); ok || err == nil {
		t.Fatalf("got %v", err)
	}
	remove()
	// The row can not be read: neither a refusal.
	srv.Control("TransactWriteItems", func(faults.Call, func()) error {
		return dynamofake.Canceled("None", "ConditionalCheckFailed", "None")
	})
	srv.Control("GetItem", func(faults.Call, func()) error { return dynamofake.Throttled() })
	err = table.Intend(t.Context(), it)
	if _, ok := isRefused(err); ok || err == nil {
		t.Fatalf("got %v", err)
	}
}

// After ten minutes DynamoDB has forgotten the token: the repeated intent is refused by its own success,
// which is not final and names nobody else's batch.
func TestIntentAfterItsTokenExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, _ := newTable(t, dynamofake.Options{})
		it := promise(t, table)
		if err := table.Intend(t.Context(), it); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Minute)
		no, ok := isRefused(table.Intend(t.Context(), it))
		if !ok || no.Final || len(no.Pending) != 0 {
			t.Errorf("refusal is %+v", no)
		}
		if err := table.Advance(t.Context(), it); err != nil {
			t.Fatal(err)
		}
		// Once it has advanced, the checkpoint makes the refusal final.
		if no, ok := isRefused(table.Intend(t.Context(), it)); !ok || !no.Final {
			t.Errorf("refusal is %+v", no)
		}
	})
}

// A reason of settling that is no condition leaves it open, whatever else was refused.
func TestMixedReasonsOfAnAdvance(t *testing.T) {
	table, srv := newTable(t, dynamofake.Options{})
	it := promise(t, table)
	for _, reasons := range [][]string{{"ConditionalCheckFailed", "TransactionConflict", "None"}, {"ThrottlingError", "ConditionalCheckFailed", "None"}} {
		remove := srv.Control("TransactWriteItems", func(faults.Call, func()) error { return dynamofake.Canceled(reasons...) })
		for _, call := range []func(context.Context, sink.Item) error{table.Advance, table.Clear} {
			err := call(t.Context(), it)
			if _, ok := isRefused(err); ok || err == nil {
				t.Errorf("%v: got %v", reasons, err)
			}
		}
		remove()
	}
}

func TestUnclearAnswersToSingleWrites(t *testing.T) {
	for name, hook := range map[string]faults.Hook{
		"conflict":    func(faults.Call, func()) error { return dynamofake.Conflict() },
		"throttled":   func(faults.Call, func()) error { return dynamofake.Throttled() },
		"answer lost": func(_ faults.Call, next func()) error { next(); return faults.ErrLost },
	} {
		t.Run(name, func(t *testing.T) {
			table, srv := newTable(t, dynamofake.Options{})
			it := promise(t, table)
			if err := table.Intend(t.Context(), it); err != nil {
				t.Fatal(err)
			}
			defer srv.Control("", hook)()
			_, acquire := table.Acquire(t.Context(), "shard-0", 1, "b")
			for op, err := range map[string]error{
				"acquire": acquire,
				"release": table.Release(t.Context(), "shard-1", 1, "a", "", time.Time{}),
				"mark":    table.Mark(t.Context(), it.ID),
				"create":  table.Create(t.Context(), Lease{Shard: "shard-9", Epoch: 1, Checkpoint: "1"}),
				"beat":    table.Beat(t.Context(), "a", 0, ""),
			} {
				if _, ok := isRefused(err); ok || err == nil || errors.Is(err, errConflict) {
					t.Errorf("%s: got %v", op, err)
				}
			}
		})
	}
}

// A server that answers nothing must not hold a worker up for ever: each attempt has a deadline.
func TestEachAttemptHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, srv := newTable(t, dynamofake.Options{})
		it := promise(t, table)
		over := make(chan struct{})
		srv.Control("", func(faults.Call, func()) error { <-over; return faults.ErrLost })
		for name, call := range map[string]func() error{
			"acquire":  func() error { _, err := table.Acquire(t.Context(), "shard-0", 1, "b"); return err },
			"release":  func() error { return table.Release(t.Context(), "shard-0", 1, "a", "", time.Time{}) },
			"intent":   func() error { return table.Intend(t.Context(), it) },
			"advance":  func() error { return table.Advance(t.Context(), it) },
			"mark":     func() error { return table.Mark(t.Context(), it.ID) },
			"item":     func() error { _, err := table.Item(t.Context(), it.ID); return err },
			"snapshot": func() error { _, err := table.Snapshot(t.Context()); return err },
			"beat":     func() error { return table.Beat(t.Context(), "a", 0, "") },
		} {
			began := time.Now()
			err := call()
			if d := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || d != table.timeout {
				t.Errorf("%s: %v after %v", name, err, d)
			}
		}
		close(over)
	})
}

func TestEnsureWaitsForActive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		table := NewTable(dynamoClient(dynamofake.New(dynamofake.Options{CreateDelay: 8 * time.Second})), "leases")
		if err := table.Ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d < 8*time.Second || d > 10*time.Second {
			t.Errorf("waited %v", d)
		}
		beat(t, table, "a", 0)
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		table := NewTable(dynamoClient(dynamofake.New(dynamofake.Options{CreateDelay: time.Minute})), "leases")
		if err := table.Ensure(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// Two workers start at the same moment: both find no table, one of them creates it.
func TestEnsureOfTwoWorkersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, srv := newTable(t, dynamofake.Options{})
		var asked bool
		srv.Control("DescribeTable", func(_ faults.Call, next func()) error {
			if !asked {
				asked = true
				return &faults.Error{Status: 400, Code: "ResourceNotFoundException", Message: "Requested resource not found"}
			}
			return nil
		})
		if err := table.Ensure(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
