package consumer

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/dynamofake"
	"standpipe/internal/kinesisfake"
	"standpipe/sink"
)

// A shard ends at the moment of a sweep: the two must not wait for each other's lock.
func TestShardEndDuringASweep(t *testing.T) {
	table, _ := newTable(t, dynamofake.Options{})
	m := newMember(t, table, "a", shardsUpTo(1))
	start := m.leases.start
	m.leases.start = func(l Lease) *reader {
		r := start(l)
		r.ended = true
		return r
	}
	if !m.turn(shardID(0)) {
		t.Fatal("not acquired")
	}
	snap, err := table.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.leases.ended = func() {
		swept := make(chan struct{})
		go func() {
			var wg sync.WaitGroup
			m.c.watch.sweep(t.Context(), &wg, snap)
			close(swept)
		}()
		select {
		case <-swept:
		case <-time.After(200 * time.Millisecond): // as far as it gets
		}
		m.c.watch.ended()
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = m.RemoveLeaseOwner(shardID(0))
	}()
	select {
	case <-over:
	case <-time.After(5 * time.Second):
		t.Fatal("the end of a shard and a sweep wait for each other")
	}
}

// A worker that stood still for an hour has not watched anybody for that hour: it must look before it judges.
func TestFrozenWorkerLooksBeforeItJudges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, _ := newTable(t, dynamofake.Options{})
		b := newMember(t, table, "b", shardsUpTo(2))
		b.turn(shardID(0))
		b.turn(shardID(1))
		a := newMember(t, table, "a", shardsUpTo(2))
		for range 3 {
			time.Sleep(5 * time.Second)
			_ = table.Beat(t.Context(), "b", 0, "")
			_ = a.look()
		}
		time.Sleep(time.Hour) // SIGSTOP; b goes on
		_ = table.Beat(t.Context(), "b", 0, "")
		if a.turn(shardID(0)) || a.turn(shardID(1)) {
			t.Error("a shard was taken from a living worker")
		}
	})
}

// An acquisition took effect, its answer was lost, and meanwhile so many workers came that this one should own
// nothing more: the row says that it does, so nobody else can take the shard.
func TestAcquisitionWithLostAnswerIsNotOrphanedForWantOfRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, _ := newTable(t, dynamofake.Options{})
		a := newMember(t, table, "a", shardsUpTo(2))
		if !a.turn(shardID(0)) {
			t.Fatal("not acquired")
		}
		// The acquisition of the second shard: it took effect, a never heard of it.
		if err := table.Create(t.Context(), Lease{Shard: shardID(1), Owner: "a", Epoch: 1, Counter: 1, Checkpoint: trimHorizon}); err != nil {
			t.Fatal(err)
		}
		b := newMember(t, table, "b", shardsUpTo(2))
		for range 20 {
			time.Sleep(5 * time.Second)
			_ = table.Beat(t.Context(), "a", 0, "")
			_ = table.Beat(t.Context(), "b", 0, "")
			_, _ = a.look(), b.look()
			if a.turn(shardID(1)) || b.turn(shardID(1)) {
				return
			}
		}
		t.Error("nobody reads the second shard")
	})
}

// After an outage every shard has much to give at once: the budget holds all the same.
func TestBudgetHoldsAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const shards, budget = 8, 8 << 20
		memory := sink.NewMemory(budget)
		srv := kinesisfake.New(kinesisfake.Options{})
		if err := srv.CreateStream("clicks", shards); err != nil {
			t.Fatal(err)
		}
		var fs []*fetcher
		var at []string
		put := func(n, size int) {
			for i := range n {
				if _, _, err := srv.Put("clicks", fmt.Sprint("key-", i), []byte(strings.Repeat("x", size))); err != nil {
					t.Fatal(err)
				}
			}
		}
		put(200, 10)
		for i := range shards {
			f, _ := newFetcher(t, srv, budget)
			f.memory, f.shard = memory, shardID(i)
			a, after := f.mustFetch(t, trimHorizon)
			f.release(a)
			fs, at = append(fs, f), append(at, after)
		}
		time.Sleep(time.Minute) // Kinesis is away
		for range 6 {
			put(80, 64<<10)
			time.Sleep(5 * time.Second)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		var most int64
		for i, f := range fs {
			wg.Go(func() {
				a, _ := f.mustFetch(t, at[i])
				mu.Lock()
				most = max(most, memory.Used())
				mu.Unlock()
				time.Sleep(time.Second) // it is being delivered
				f.release(a)
			})
		}
		wg.Wait()
		if most > 2*budget {
			t.Errorf("%d MiB were taken of a budget of %d MiB", most>>20, budget>>20)
		}
	})
}
