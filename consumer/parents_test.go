package consumer

import (
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/dynamofake"
)

// Rule 2: both parents of a merge must be finished, and a batch that is only promised does not finish one.
func TestChildWaitsForEveryParent(t *testing.T) {
	const parent, adjacent, child = "shardId-000000000000", "shardId-000000000001", "shardId-000000000002"
	listed := func(ids ...string) map[string]Shard {
		m := map[string]Shard{child: {ID: child, Parents: []string{parent, adjacent}}}
		for _, id := range ids {
			m[id] = Shard{ID: id, Closed: true}
		}
		return m
	}
	row := func(id, checkpoint string) Lease { return Lease{Shard: id, Epoch: 1, Checkpoint: checkpoint} }
	pendingEnd := row(adjacent, "100")
	pendingEnd.Pending, pendingEnd.PendingTo = "batch", shardEnd
	orphan := row(child, trimHorizon)
	orphan.Parents = []string{parent, adjacent}
	early := orphan // made by another KCL before its parents were finished
	early.Epoch = 0
	for _, c := range []struct {
		name   string
		shards map[string]Shard
		rows   []Lease
		want   bool
	}{
		{"no parent has a row yet", listed(parent, adjacent), nil, false},
		{"one parent is finished", listed(parent, adjacent), []Lease{row(parent, shardEnd)}, false},
		{"the adjacent parent is finished", listed(parent, adjacent), []Lease{row(adjacent, shardEnd)}, false},
		{"one parent is being read", listed(parent, adjacent), []Lease{row(parent, shardEnd), row(adjacent, "100")}, false},
		{"the end of one is promised", listed(parent, adjacent), []Lease{row(parent, shardEnd), pendingEnd}, false},
		{"both are finished", listed(parent, adjacent), []Lease{row(parent, shardEnd), row(adjacent, shardEnd)}, true},
		{"both are trimmed", listed(), nil, true},
		{"one is trimmed, one finished", listed(adjacent), []Lease{row(adjacent, shardEnd)}, true},
		{"one is trimmed, one not finished", listed(adjacent), []Lease{row(adjacent, "100")}, false},
		{"one is listed no more but not finished", listed(adjacent), []Lease{row(parent, "100"), row(adjacent, shardEnd)}, false},
		{"the child is listed no more either", map[string]Shard{parent: {ID: parent}}, []Lease{row(adjacent, shardEnd), early}, false},
		{"a parent's row was removed, and the parent is listed again", map[string]Shard{parent: {ID: parent}}, []Lease{row(adjacent, shardEnd), orphan}, true},
		{"only the child's row knows its parents", map[string]Shard{}, []Lease{row(parent, shardEnd), row(adjacent, shardEnd), orphan}, true},
		{"the child is finished", listed(), []Lease{row(child, shardEnd)}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			table, _ := newTable(t, dynamofake.Options{})
			for _, l := range c.rows {
				if err := table.Create(t.Context(), l); err != nil {
					t.Fatal(err)
				}
			}
			m := newMember(t, table, "a", c.shards)
			for _, l := range c.rows {
				if l.Pending != "" { // Create stores none
					m.snap.Leases[l.Shard] = l
				}
			}
			if got := m.turn(child); got != c.want {
				t.Errorf("acquired: %v, want %v", got, c.want)
			}
			if ids, _ := m.candidates(); c.want != contains(ids, child) {
				t.Errorf("the library is told of %v", ids)
			}
		})
	}
}

func contains(ids []string, id string) bool {
	for _, s := range ids {
		if s == id {
			return true
		}
	}
	return false
}

// The parents a child was created with stay in its row, for the time when they are not listed any more.
func TestChildsRowKeepsItsParents(t *testing.T) {
	table, _ := newTable(t, dynamofake.Options{})
	shards := map[string]Shard{shardID(5): {ID: shardID(5), Parents: []string{shardID(1), shardID(2)}}}
	m := newMember(t, table, "a", shards)
	if !m.turn(shardID(5)) {
		t.Fatal("not acquired")
	}
	if l := m.rowOf(shardID(5)); len(l.Parents) != 2 {
		t.Errorf("row is %+v", l)
	}
}

// A shard listed no more whose row is not finished is still read (its retention may have been raised, or
// the listing may be wrong), one that is finished is not.
func TestShardsListedNoMore(t *testing.T) {
	table, _ := newTable(t, dynamofake.Options{})
	for id, checkpoint := range map[string]string{shardID(7): "100", shardID(8): shardEnd} {
		if err := table.Create(t.Context(), Lease{Shard: id, Epoch: 1, Checkpoint: checkpoint}); err != nil {
			t.Fatal(err)
		}
	}
	m := newMember(t, table, "a", shardsUpTo(1))
	if ids, free := m.candidates(); !free || len(ids) != 2 || ids[0] != shardID(0) || ids[1] != shardID(7) {
		t.Errorf("the library is told of %v", ids)
	}
	if n := m.unowned(); n != 2 {
		t.Errorf("%d shards unowned", n)
	}
	if !m.turn(shardID(7)) || m.turn(shardID(8)) {
		t.Error("the wrong shards are acquired")
	}
	if !m.c.watch.gone(shardID(7)) || m.c.watch.gone(shardID(0)) {
		t.Error("gone does not follow the listing")
	}
}

// Whether a shard is closed follows the listing, which is made again for one that looks open.
func TestClosedFollowsTheListing(t *testing.T) {
	table, _ := newTable(t, dynamofake.Options{})
	shards := shardsUpTo(2)
	shards[shardID(1)] = Shard{ID: shardID(1), Closed: true}
	m := newMember(t, table, "a", shards)
	m.c.watch.listed = time.Now()
	if !m.c.watch.closed(shardID(1)) || !m.c.watch.closed(shardID(7)) || m.c.watch.mayList() {
		t.Error("a shard that is listed as closed, or no more, is not taken for closed")
	}
	if m.c.watch.closed(shardID(0)) || !m.c.watch.mayList() {
		t.Error("an open shard is taken for closed, or the listing for new enough")
	}
}

func TestUnownedCountsWhatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, _ := newTable(t, dynamofake.Options{})
		shards := shardsUpTo(6)
		shards[shardID(5)] = Shard{ID: shardID(5), Parents: []string{shardID(0)}} // its turn has not come
		for id, l := range map[string]Lease{
			shardID(0): {Owner: "living", Checkpoint: "100"},
			shardID(1): {Owner: "dead", Checkpoint: "100"},
			shardID(2): {Checkpoint: "100"},
			shardID(3): {Checkpoint: shardEnd},
		} {
			l.Shard, l.Epoch = id, 1
			if err := table.Create(t.Context(), l); err != nil {
				t.Fatal(err)
			}
		}
		beat(t, table, "living", 0)
		beat(t, table, "dead", 0)
		m := newMember(t, table, "a", shards)
		if n := m.unowned(); n != 2 { // 2 and 4
			t.Errorf("%d unowned at first", n)
		}
		for range 4 {
			time.Sleep(10 * time.Second)
			beat(t, table, "living", 0)
			_ = m.look()
		}
		if n := m.unowned(); n != 3 {
			t.Errorf("%d unowned after the failover time", n)
		}
		m.turn(shardID(1))
		if n := m.unowned(); n != 2 {
			t.Errorf("%d unowned after one was acquired", n)
		}
	})
}
