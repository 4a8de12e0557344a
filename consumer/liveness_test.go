package consumer

import (
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/dynamofake"
)

func TestWorkerIsAliveWhileItsBeatMoves(t *testing.T) {
	now := time.Now()
	l := liveness{failover: 30 * time.Second, seen: map[string]sighting{}}
	if l.alive("b", now) {
		t.Error("a worker nobody has seen is alive")
	}
	if l.observe("b", 7, now) {
		t.Error("a first sighting is a movement")
	}
	for _, c := range []struct {
		after time.Duration
		beat  int64
		moved bool
	}{{10 * time.Second, 7, false}, {29 * time.Second, 7, false}, {31 * time.Second, 8, true}, {60 * time.Second, 8, false}} {
		if got := l.observe("b", c.beat, now.Add(c.after)); got != c.moved {
			t.Errorf("after %v: moved is %v", c.after, got)
		}
	}
	l.looked = now.Add(time.Hour) // it has been watching all the time
	for after, alive := range map[time.Duration]bool{31 * time.Second: true, 60 * time.Second: true, 61 * time.Second: false, time.Hour: false} {
		if got := l.alive("b", now.Add(after)); got != alive {
			t.Errorf("after %v: alive is %v", after, got)
		}
	}
	l.observe("b", 1, now.Add(time.Hour)) // started anew under the same name: any change counts
	if !l.alive("b", now.Add(time.Hour)) {
		t.Error("a worker that beats again is dead")
	}
}

// Shards of a dead worker are taken after the failover time, not earlier, and never while it beats.
func TestShardsOfADeadWorkerAreTakenAfterTheFailoverTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, _ := newTable(t, dynamofake.Options{})
		b := newMember(t, table, "b", shardsUpTo(1))
		b.turn(shardID(0))
		m := newMember(t, table, "a", shardsUpTo(1))
		for range 20 {
			time.Sleep(5 * time.Second)
			_ = table.Beat(t.Context(), "b", 0, "")
			_ = m.look()
			if m.turn(shardID(0)) {
				t.Fatal("taken from a living worker")
			}
		}
		died := time.Now()
		for !m.turn(shardID(0)) {
			time.Sleep(time.Second)
			_ = m.look()
			if time.Since(died) > time.Minute {
				t.Fatal("never taken")
			}
		}
		if d := time.Since(died); d < failover || d > failover+2*time.Second {
			t.Errorf("taken after %v", d)
		}
		if l := m.rowOf(shardID(0)); l.Owner != "a" || l.Epoch != 2 {
			t.Errorf("row is %+v", l)
		}
	})
}

// A clean stop removes the heartbeat and the owner: nobody waits.
func TestShardsOfAStoppedWorkerAreTakenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, _ := newTable(t, dynamofake.Options{})
		b := newMember(t, table, "b", shardsUpTo(1))
		b.turn(shardID(0))
		m := newMember(t, table, "a", shardsUpTo(1))
		b.stop()
		b.consumerEnds(shardID(0))
		_ = table.Forget(t.Context(), "b")
		_ = m.look()
		if !m.turn(shardID(0)) {
			t.Error("not taken")
		}
	})
}

// The table of a KCL application that has stopped is taken over; while it works on, we refuse.
func TestForeignKCLApplication(t *testing.T) {
	for _, working := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			table, _ := newTable(t, dynamofake.Options{})
			m := newMember(t, table, "a", shardsUpTo(2))
			renew := func(counter int64) {
				row := leaseRow(Lease{Shard: shardID(0), Owner: "java-1", Counter: counter, Checkpoint: "100"})
				delete(row, "leaseEpoch")
				delete(row, "entityType")
				put(t, table, row)
			}
			renew(40)
			began := time.Now()
			for i := range 20 {
				err := m.look()
				if working && i > 0 {
					if !has(err, "java-1") || !has(err, "leases") {
						t.Fatalf("a foreign application is not noticed: %v", err)
					}
					return
				}
				if err != nil {
					t.Fatalf("a stopped application is refused: %v", err)
				}
				if m.turn(shardID(0)) {
					if d := time.Since(began); d < failover || d > 2*failover {
						t.Errorf("taken from the KCL after %v", d)
					}
					if l := m.rowOf(shardID(0)); l.Epoch != 1 || l.Checkpoint != "100" {
						t.Errorf("row is %+v", l)
					}
					return
				}
				time.Sleep(5 * time.Second)
				if working {
					renew(int64(41 + i))
				}
			}
			t.Error("the shard was never taken")
		})
	}
}

// Our own workers move the counter too, by acquiring. Nobody may take that for a foreign application, also
// when the worker's heartbeat row is not to be seen.
func TestOurOwnAcquisitionsAreNotForeign(t *testing.T) {
	table, _ := newTable(t, dynamofake.Options{})
	m := newMember(t, table, "a", shardsUpTo(1))
	for range 4 {
		epoch := m.rowOf(shardID(0)).Epoch
		if epoch == 0 {
			if err := table.Create(t.Context(), Lease{Shard: shardID(0), Owner: "b", Epoch: 1, Counter: 1, Checkpoint: "100"}); err != nil {
				t.Fatal(err)
			}
		} else if _, err := table.Acquire(t.Context(), shardID(0), epoch, "b"); err != nil {
			t.Fatal(err)
		}
		if err := m.look(); err != nil {
			t.Fatal(err)
		}
	}
}

// An owner without a heartbeat row is dead when its row has stood still for the failover time. Each look
// while it counts as alive must not move that on: the stopped KCL's shards would wait for two of them.
func TestStoppedKCLIsDeadAfterOneFailoverTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, _ := newTable(t, dynamofake.Options{})
		if err := table.Create(t.Context(), Lease{Shard: shardID(0), Owner: "java", Epoch: 1, Counter: 40, Checkpoint: "100"}); err != nil {
			t.Fatal(err)
		}
		m := newMember(t, table, "a", shardsUpTo(1))
		began := time.Now()
		for !m.turn(shardID(0)) {
			time.Sleep(time.Second)
			_ = m.look()
		}
		if d := time.Since(began); d > failover+5*time.Second {
			t.Errorf("taken after %v, the failover time is %v", d, failover)
		}
	})
}

// What is no longer in the table is forgotten; what is there, and how long it has stood still, is not.
func TestForgottenWorkersAreNotRemembered(t *testing.T) {
	now := time.Now()
	l := liveness{failover: 30 * time.Second, seen: map[string]sighting{}, looked: now}
	java := Lease{Shard: shardID(0), Owner: "java"}
	for _, who := range []string{"a", "b", rowSign(java), rowSign(Lease{Shard: shardID(1), Owner: "java"})} {
		l.observe(who, 7, now)
	}
	l.forget(&Snapshot{Workers: map[string]Heartbeat{"b": {}}, Leases: map[string]Lease{shardID(0): java, shardID(1): {Shard: shardID(1), Owner: "b"}}})
	if len(l.seen) != 2 || !l.alive("b", now) || !l.alive(rowSign(java), now) {
		t.Errorf("remembered are %v", l.seen)
	}
}
