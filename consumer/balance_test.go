package consumer

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/dynamofake"
)

// fleet is some workers on one table, moved second by second.
type fleet struct {
	t        *testing.T
	table    *Table
	shards   map[string]Shard
	members  []*member
	limits   map[string]int
	random   *rand.Rand
	handed   int
	acquired int
}

func newFleet(t *testing.T, shards int) *fleet {
	table, _ := newTable(t, dynamofake.Options{})
	return &fleet{t: t, table: table, shards: shardsUpTo(shards), limits: map[string]int{}, random: rand.New(rand.NewPCG(1, 2))}
}

func (f *fleet) join(limit int) *member {
	f.t.Helper()
	name := fmt.Sprintf("w%02d", len(f.members))
	m := newMember(f.t, f.table, name, f.shards)
	m.max, f.limits[name] = limit, limit
	if err := f.table.Beat(f.t.Context(), name, limit, ""); err != nil {
		f.t.Fatal(err)
	}
	f.members = append(f.members, m)
	return m
}

// second lets each worker look at its own moment, hand over what is too much, and take shards one by one in
// an order of its own, as the library's event loops do.
func (f *fleet) second() {
	f.t.Helper()
	for _, i := range f.random.Perm(len(f.members)) {
		m := f.members[i]
		time.Sleep(time.Second / time.Duration(len(f.members)))
		if err := f.table.Beat(f.t.Context(), m.me, f.limits[m.me], ""); err != nil {
			f.t.Fatal(err)
		}
		if err := m.look(); err != nil {
			f.t.Fatal(err)
		}
		for _, r := range m.surplus(time.Now()) {
			r.halt("hand-over")
			m.consumerEnds(r.lease.Shard)
			f.handed++
		}
		ids, _ := m.candidates()
		for _, k := range f.random.Perm(len(ids)) {
			if m.turn(ids[k]) {
				f.acquired++
			}
		}
		for _, r := range m.readers() {
			if r.isLost() {
				m.consumerEnds(r.lease.Shard)
			}
		}
	}
}

// spread is how many shards each worker owns, sorted.
func (f *fleet) spread() []int {
	f.t.Helper()
	snap, err := f.table.Snapshot(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	n := map[string]int{}
	for _, l := range snap.Leases {
		n[l.Owner]++
	}
	var out []int
	for _, m := range f.members {
		out = append(out, n[m.me])
		if held := len(m.readers()); held != n[m.me] {
			f.t.Errorf("%s reads %d shards, the table says %d", m.me, held, n[m.me])
		}
		if m.max > 0 && n[m.me] > m.max {
			f.t.Errorf("%s owns %d shards, at most %d", m.me, n[m.me], m.max)
		}
	}
	slices.Sort(out)
	return out
}

func sum(n []int) (s int) {
	for _, v := range n {
		s += v
	}
	return s
}

// In the steady state every shard is owned, nobody has more than his share, and nothing moves.
func TestBalanceOfAFleet(t *testing.T) {
	for _, c := range []struct{ workers, shards int }{{1, 1}, {1, 9}, {2, 1}, {2, 5}, {2, 8}, {7, 3}, {7, 20}, {20, 33}} {
		t.Run(fmt.Sprintf("%d workers %d shards", c.workers, c.shards), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t, c.shards)
				f.join(0)
				for range 3 {
					f.second()
				}
				if got := f.spread(); sum(got) != c.shards {
					t.Fatalf("the first worker has %v", got)
				}
				for range c.workers - 1 {
					f.join(0)
				}
				for range 12 {
					f.second()
				}
				got := f.spread()
				t.Logf("spread %v after %d hand-overs", got, f.handed)
				if sum(got) != c.shards || got[len(got)-1]-got[0] > 1 {
					t.Errorf("spread is %v", got)
				}
				share := (c.shards + c.workers - 1) / c.workers
				if got[len(got)-1] > share {
					t.Errorf("a worker has %d shards, its share is %d", got[len(got)-1], share)
				}
				handed, acquired := f.handed, f.acquired
				for range 12 {
					f.second()
				}
				if f.handed != handed || f.acquired != acquired {
					t.Errorf("in the steady state %d shards were handed over and %d acquired", f.handed-handed, f.acquired-acquired)
				}
				if handed > c.shards {
					t.Errorf("%d hand-overs for %d shards", handed, c.shards)
				}
			})
		})
	}
}

// A worker dies: its shards go to the others after the failover time, and come back to one that starts.
func TestBalanceAfterADeath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 12)
		for range 4 {
			f.join(0)
		}
		for range 30 {
			f.second()
		}
		if got := f.spread(); !slices.Equal(got, []int{3, 3, 3, 3}) {
			t.Errorf("spread is %v", got)
		}
		f.members = f.members[1:]
		for range 60 {
			f.second()
		}
		if got := f.spread(); !slices.Equal(got, []int{4, 4, 4}) {
			t.Errorf("after a death the spread is %v", got)
		}
	})
}

// leases.max_leases is kept, and what it keeps one worker from taking others take.
func TestBalanceKeepsMaxLeases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 12)
		f.join(2)
		f.join(0)
		f.join(2)
		for range 60 {
			f.second()
		}
		got := f.spread()
		t.Logf("spread %v", got)
		if sum(got) != 12 {
			t.Errorf("spread is %v of 12", got)
		}
		handed := f.handed
		for range 30 {
			f.second()
		}
		if f.handed != handed {
			t.Errorf("%d shards were handed over in the steady state", f.handed-handed)
		}
	})
	synctest.Test(t, func(t *testing.T) { // nobody may take the rest: it stays free, and is counted
		f := newFleet(t, 12)
		f.join(3)
		f.join(4)
		for range 20 {
			f.second()
		}
		got := f.spread()
		if !slices.Equal(got, []int{3, 4}) {
			t.Errorf("spread is %v", got)
		}
		for _, m := range f.members {
			if n := m.unowned(); n != 5 {
				t.Errorf("%s counts %d unowned", m.me, n)
			}
		}
	})
}

// What one worker hands over leaves together, once the newcomer has been there for a while, and nothing more is
// picked while it leaves.
func TestSurplusLeavesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, _ := newTable(t, dynamofake.Options{})
		m := newMember(t, table, "a", shardsUpTo(8))
		for i := range 8 {
			m.turn(shardID(i))
		}
		time.Sleep(time.Minute)
		if rs := m.surplus(time.Now()); len(rs) != 0 {
			t.Errorf("alone, it hands over %d", len(rs))
		}
		newMember(t, table, "b", shardsUpTo(8))
		_ = m.look()
		if rs := m.surplus(time.Now()); len(rs) != 0 {
			t.Errorf("it hands over %d at the first sight of a worker", len(rs))
		}
		time.Sleep(m.settling() - time.Millisecond)
		if d := m.c.watch.period(); d != time.Millisecond {
			t.Errorf("the next look is in %v, the newcomer counts in 1 ms", d)
		}
		time.Sleep(time.Millisecond)
		rs := m.surplus(time.Now())
		if len(rs) != 4 {
			t.Fatalf("it hands over %d of 8", len(rs))
		}
		for _, r := range rs {
			r.halt("hand-over")
		}
		if again := m.surplus(time.Now()); len(again) != 0 {
			t.Errorf("it hands over %d more at once", len(again))
		}
		for _, r := range rs {
			m.consumerEnds(r.lease.Shard)
		}
		if again := m.surplus(time.Now()); len(again) != 0 || len(m.readers()) != 4 {
			t.Errorf("%d are left, %d more are handed over", len(m.readers()), len(again))
		}
		m.stop()
		if rs := m.surplus(time.Now()); len(rs) != 0 {
			t.Error("a worker that stops hands over for balance")
		}
	})
}

// Two workers have too much and one of them may keep one more. Which one that is must not depend on who has
// moved already: else the first is told to move again.
func TestKeepersStayTheSameWhileWorkersMove(t *testing.T) {
	for _, c := range []struct {
		what  string
		owned map[string]int
	}{
		{"nobody has moved", map[string]int{"a": 20, "b": 20, "c": 0}},
		{"a has moved", map[string]int{"a": 14, "b": 20, "c": 0}},
		{"a has moved, c has taken", map[string]int{"a": 14, "b": 20, "c": 6}},
		{"b has moved", map[string]int{"a": 20, "b": 13, "c": 0}},
		{"both have moved", map[string]int{"a": 14, "b": 13, "c": 3}},
		{"all have moved", map[string]int{"a": 14, "b": 13, "c": 13}},
	} {
		s := spread{total: 40, owned: c.owned, limits: map[string]int{"a": 0, "b": 0, "c": 0}, limited: map[string]int{}}
		s.divide()
		s.choose()
		if a, b, c3 := s.target("a"), s.target("b"), s.target("c"); a != 14 || b != 13 || c3 != 13 {
			t.Errorf("%s: targets are %d, %d and %d", c.what, a, b, c3)
		}
	}
}

// A scan that began before a lease was given up shows it still owned. Its old owner must not take that for an
// orphan and acquire it again.
func TestOldScanDoesNotBringBackWhatWasHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, _ := newTable(t, dynamofake.Options{})
		m := newMember(t, table, "a", shardsUpTo(1))
		m.turn(shardID(0))
		time.Sleep(2 * time.Second)
		began := time.Now()
		old, err := table.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		m.consumerEnds(shardID(0))
		m.max = -1 // no room: the others are to have it
		if err := m.c.watch.see(old, m.shards, began); err != nil {
			t.Fatal(err)
		}
		if m.orphan(shardID(0)) {
			t.Error("what was given up is taken for an orphan")
		}
		time.Sleep(time.Second)
		_ = m.look()
		if len(m.released) != 0 {
			t.Error("a release is remembered although a later scan shows it")
		}
		if _, err := table.Acquire(t.Context(), shardID(0), 1, "a"); err != nil {
			t.Fatal(err)
		}
		if _ = m.look(); !m.orphan(shardID(0)) {
			t.Error("an acquisition with a lost answer is no orphan")
		}
	})
}

// What a worker that leaves gives up is for the others at once, also while it still has something to commit.
func TestWorkerThatLeavesIsNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, _ := newTable(t, dynamofake.Options{})
		m, b := newMember(t, table, "a", shardsUpTo(4)), newMember(t, table, "b", shardsUpTo(4))
		_ = m.look()
		for i := range 4 {
			b.turn(shardID(i))
			m.turn(shardID(i))
		}
		_ = b.look()
		if len(m.readers()) != 2 || len(b.readers()) != 2 {
			t.Fatalf("they have %d and %d", len(m.readers()), len(b.readers()))
		}
		b.stop()
		if err := table.Leave(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		first := b.readers()[0].lease.Shard
		b.consumerEnds(first)
		_ = m.look()
		for i := range 4 {
			m.turn(shardID(i))
		}
		if len(m.readers()) != 3 || m.reader(first) == nil {
			t.Errorf("it has %d, what is given up is not taken while the other still leaves", len(m.readers()))
		}
	})
}
