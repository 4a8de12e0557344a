package sink

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestCutAtTheInterval(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		r := b.read("a")
		time.Sleep(time.Hour) // an idle lane cuts nothing
		for range 3 {
			b.append(r, 1, 100)
			time.Sleep(15 * time.Second)
		}
		b.wantCauses()
		if d := b.Oldest(); d != 45*time.Second {
			t.Errorf("the oldest record is here for %v", d)
		}
		time.Sleep(15 * time.Second) // a minute after the first record
		b.wantCauses(CauseInterval)
		b.wantAll(r)
		if b.at("a") != "3" || b.Oldest() != 0 {
			t.Errorf("checkpoint %s, oldest %v", b.at("a"), b.Oldest())
		}
		time.Sleep(time.Hour)
		b.wantCauses(CauseInterval)
		b.stop()
	})
}

func TestCutWhenEveryObjectIsFull(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		r := b.read("a")
		b.append(r, 1, 600)
		b.wantCauses()
		b.append(r, 1, 600)
		b.wantCauses(CauseSize) // one path: as soon as it is full
		b.append(r, 1, 600)
		b.append(r, 2, 600)
		b.append(r, 1, 600)
		b.wantCauses(CauseSize) // the other one is not full
		b.append(r, 2, 600)
		b.wantCauses(CauseSize, CauseSize)
		b.wantAll(r)
		b.stop()
	})
}

func TestCutWhenEightFullObjectsWait(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		r := b.read("a")
		b.append(r, 2, 100)
		for range 7 {
			b.append(r, 1, 1000)
		}
		b.wantCauses()
		b.append(r, 1, 1000)
		b.wantCauses(CauseSize)
		b.wantAll(r)
		b.stop()
	})
}

// A resharding ends many shards within seconds: their ends leave in one batch.
func TestCutGathersShardEnds(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		r1, r2, r3 := b.read("a"), b.read("b"), b.read("c")
		b.append(r1, 1, 100)
		b.endShard(r1)
		time.Sleep(4 * time.Second)
		b.endShard(r2) // does not put it off
		b.append(r3, 1, 100)
		b.wantCauses()
		time.Sleep(time.Second)
		b.wantCauses(CauseShardEnd)
		if b.at("a") != ShardEnd || b.at("b") != ShardEnd || b.at("c") != "1" {
			t.Errorf("checkpoints are %s, %s, %s", b.at("a"), b.at("b"), b.at("c"))
		}
		for _, r := range []*Reading{r1, r2, r3} {
			if err := r.Advanced(t.Context()); err != nil {
				t.Error(err)
			}
		}
		b.stop()
	})
	onBench(t, func(o *Options) { o.Interval = 2 * time.Second }, func(t *testing.T, b *bench) {
		r := b.read("a")
		time.Sleep(time.Second)
		b.endShard(r)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if b.at("a") != ShardEnd {
			t.Error("with a short interval the end waits longer than that")
		}
		if len(b.store.objects) != 0 || b.ledger.promised[0].Journal != nil {
			t.Errorf("a batch of ends only has %d objects", len(b.store.objects))
		}
		b.stop()
	})
}

// Leases that are handed over leave in one cut, with what the others have; the others go on.
func TestCutForAHandOver(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		var rs []*Reading
		for i := range 6 {
			rs = append(rs, b.read(fmt.Sprint("shard-", i)))
			b.append(rs[i], 1, 50)
		}
		leaving, staying := rs[:3], rs[3:]
		for _, r := range leaving {
			r.Stop()
		}
		if err := leaving[0].Append(t.Context(), b.response(leaving[0], 1, 50)); !errors.Is(err, ErrStopped) {
			t.Errorf("append to a stopped reading: %v", err)
		}
		b.next[leaving[0]]--
		var wg sync.WaitGroup
		for _, r := range leaving {
			wg.Go(func() {
				if err := r.Drain(t.Context()); err != nil {
					t.Errorf("drain: %v", err)
				}
			})
		}
		wg.Wait()
		b.wantCauses(CauseHandOver)
		if n := len(b.ledger.promised[0].Spans); n != 6 {
			t.Errorf("the batch holds %d shards", n)
		}
		for _, r := range staying {
			b.append(r, 1, 50)
		}
		b.wantCauses(CauseHandOver)
		idle := b.read("idle") // nothing to hand over: no cut
		if err := idle.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		b.wantCauses(CauseHandOver)
		b.stop()
		b.wantAll(rs...)
	})
}

func TestCutAtShutdown(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		r1, r2 := b.read("a"), b.read("b")
		b.append(r1, 1, 50)
		b.append(r2, 2, 50)
		b.stop()
		b.wantCauses(CauseShutdown)
		b.wantAll(r1, r2)
		if err := r1.Append(t.Context(), b.response(r1, 1, 50)); !errors.Is(err, ErrStopped) {
			t.Errorf("append after the stop: %v", err)
		}
		late := b.read("late")
		if err := late.Append(t.Context(), b.response(late, 1, 50)); !errors.Is(err, ErrStopped) {
			t.Errorf("append of a reading begun after the stop: %v", err)
		}
		b.stop() // again
	})
}

// While one batch commits the next one fills; when it is full too, appends wait.
func TestNextBatchFillsWhileOneCommits(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		goOn := make(chan struct{})
		b.ledger.hook = func(op, id string) error {
			if op == "intend" && id == "batch-1" {
				<-goOn
			}
			return nil
		}
		r1, r2 := b.read("a"), b.read("b")
		b.append(r1, 1, 1000)
		synctest.Wait()
		b.append(r1, 1, 400) // the next batch
		b.append(r2, 1, 600)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		blocked := b.response(r2, 1, 100)
		if err := r2.Append(ctx, blocked); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("append to a full batch behind another one: %v", err)
		}
		cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := r2.Append(t.Context(), blocked); err != nil { // nothing of it was taken: again
				t.Error(err)
			}
		})
		synctest.Wait()
		b.wantCauses()
		close(goOn)
		wg.Wait()
		b.wantCauses(CauseSize, CauseSize)
		b.stop()
		b.wantAll(r1, r2)
		if len(b.ledger.promised) != 3 || b.ledger.promised[1].Spans[0].After != "1" {
			t.Errorf("intents are %+v", b.ledger.promised)
		}
	})
}

// An intent's transaction takes 99 shards: more of them get a lane of their own.
func TestHundredthShardGetsASecondLane(t *testing.T) {
	onBench(t, func(o *Options) { o.Size = 1 << 20 }, func(t *testing.T, b *bench) {
		var rs []*Reading
		for i := range 120 {
			rs = append(rs, b.read(fmt.Sprint("s", i)))
			b.append(rs[i], 1, 50)
		}
		if len(b.lanes) != 2 {
			t.Fatalf("%d lanes", len(b.lanes))
		}
		time.Sleep(time.Minute)
		b.wantCauses(CauseInterval, CauseInterval)
		if a, c := len(b.ledger.promised[0].Spans), len(b.ledger.promised[1].Spans); a+c != 120 || max(a, c) != 99 {
			t.Errorf("batches of %d and %d shards", a, c)
		}
		b.wantAll(rs...)
		for _, r := range rs[:50] { // what has left makes room
			r.Close()
		}
		for i := range 50 {
			b.read(fmt.Sprint("t", i))
		}
		if len(b.lanes) != 2 {
			t.Errorf("%d lanes", len(b.lanes))
		}
		b.stop()
	})
}
