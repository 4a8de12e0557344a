package consumer

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/dynamofake"
)

// A finished row goes an hour after the stream has let its shard go, the parents' before the children's, and not
// while a child that is listed has no row.
func TestFinishedRowsAreRemoved(t *testing.T) {
	const a, b, c, d = "shardId-000000000000", "shardId-000000000001", "shardId-000000000002", "shardId-000000000003"
	of := func(id, checkpoint string, epoch int64, parents ...string) Lease {
		return Lease{Shard: id, Epoch: epoch, Checkpoint: checkpoint, Parents: parents}
	}
	listed := func(shards ...Shard) map[string]Shard {
		m := map[string]Shard{}
		for _, sh := range shards {
			m[sh.ID] = sh
		}
		return m
	}
	pending := of(a, shardEnd, 1)
	pending.Pending = "batch"
	for _, k := range []struct {
		name   string
		shards map[string]Shard
		rows   []Lease
		want   []string
	}{
		{"its child is read", listed(Shard{ID: b, Parents: []string{a}}), []Lease{of(a, shardEnd, 1), of(b, "100", 1, a)}, []string{a}},
		{"its child begins", listed(Shard{ID: b, Parents: []string{a}}), []Lease{of(a, shardEnd, 1), of(b, trimHorizon, 1, a)}, []string{a}},
		{"it is still listed", listed(Shard{ID: a}, Shard{ID: b, Parents: []string{a}}), []Lease{of(a, shardEnd, 1), of(b, "100", 1, a)}, nil},
		{"it is not finished", listed(Shard{ID: b, Parents: []string{a}}), []Lease{of(a, "100", 1), of(b, "100", 1, a)}, nil},
		{"something is pending", listed(Shard{ID: b, Parents: []string{a}}), []Lease{pending, of(b, "100", 1, a)}, nil},
		{"no child is known", listed(Shard{ID: b}), []Lease{of(a, shardEnd, 1), of(b, "100", 1)}, nil},
		{"one of two children has no row", listed(Shard{ID: b, Parents: []string{a}}, Shard{ID: c, Parents: []string{a}}), []Lease{of(a, shardEnd, 1), of(b, "100", 1, a)}, nil},
		{"its child was made early by another KCL", listed(Shard{ID: b, Parents: []string{a}}), []Lease{of(a, shardEnd, 1), of(b, trimHorizon, 0, a)}, nil},
		{"the eldest first", listed(Shard{ID: d, Parents: []string{c}}), []Lease{of(a, shardEnd, 1), of(b, shardEnd, 1), of(c, shardEnd, 1, a, b), of(d, "100", 1, c)}, []string{a, b}},
		{"its parents' rows are gone", listed(Shard{ID: d, Parents: []string{c}}), []Lease{of(c, shardEnd, 1, a, b), of(d, "100", 1, c)}, []string{c}},
	} {
		t.Run(k.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				table, _ := newTable(t, dynamofake.Options{})
				m := newMember(t, table, "m", k.shards)
				see := func() []string {
					snap := &Snapshot{Leases: map[string]Lease{}, Workers: map[string]Heartbeat{}}
					for _, l := range k.rows {
						snap.Leases[l.Shard] = l
					}
					if err := m.c.watch.see(snap, k.shards, time.Now()); err != nil {
						t.Fatal(err)
					}
					return m.removable(time.Now())
				}
				if got := see(); got != nil {
					t.Errorf("at first sight %v may go", got)
				}
				time.Sleep(keepFinished / 2)
				full := maps.Clone(k.shards) // one listing in between names them all
				for _, l := range k.rows {
					if _, ok := full[l.Shard]; !ok {
						full[l.Shard] = Shard{ID: l.Shard}
					}
				}
				without := k.shards
				k.shards = full
				see()
				k.shards = without
				see()
				time.Sleep(keepFinished - time.Second)
				if got := see(); got != nil {
					t.Errorf("%v may go, less than an hour after being listed", got)
				}
				time.Sleep(time.Second)
				if got := see(); !slices.Equal(got, k.want) {
					t.Errorf("%v may go, want %v", got, k.want)
				}
			})
		})
	}
}

// A shard whose row was removed is not read again should a listing bring it back.
func TestRemovedShardIsNotReadAgain(t *testing.T) {
	const parent, child = "shardId-000000000000", "shardId-000000000001"
	table, _ := newTable(t, dynamofake.Options{})
	for _, epoch := range []int64{0, 1} {
		m := newMember(t, table, "a", map[string]Shard{parent: {ID: parent}, child: {ID: child, Parents: []string{parent}}})
		m.snap.Leases = map[string]Lease{child: {Shard: child, Owner: "b", Epoch: epoch, Checkpoint: "100", Parents: []string{parent}}}
		m.noteParents()
		if ids, _ := m.candidates(); contains(ids, parent) != (epoch == 0) {
			t.Errorf("epoch %d: the library is told of %v", epoch, ids)
		}
	}
}
