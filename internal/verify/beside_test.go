package verify

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/endtoend"
	"standpipe/internal/faults"
	"standpipe/sink"
)

// TestBesideWorkers verifies again and again while workers commit, split, merge and undo, with every request taking its
// time, that of verify too: nothing is ever found wrong, and in the end everything is proved.
func TestBesideWorkers(t *testing.T) {
	for seed := range uint64(3) {
		synctest.Test(t, func(t *testing.T) { beside(t, seed) })
	}
}

func beside(t *testing.T, seed uint64) {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 4))
	dice := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(n)
	}
	w := endtoend.New(t, 3)
	l := of(t, w)
	slow := func(most int) faults.Hook {
		return func(faults.Call, func()) error {
			time.Sleep(time.Duration(dice(most)) * time.Millisecond)
			return nil
		}
	}
	for _, op := range []string{"ListObjectsV2", "GetObject", "HeadObject", "DeleteObject", "AbortMultipartUpload"} {
		w.S3.Control(op, slow(700))
	}
	for _, op := range []string{"Scan", "GetItem", "TransactWriteItems", "UpdateItem"} {
		w.Dynamo.Control(op, slow(700))
	}
	undone := 0
	w.S3.Control("CompleteMultipartUpload", func(faults.Call, func()) error {
		time.Sleep(time.Duration(dice(2000)) * time.Millisecond)
		if dice(40) == 0 {
			for _, u := range w.S3.Uploads(lake) {
				undone++
				_ = w.S3.Drop(lake, u.Key, u.ID)
			}
		}
		return nil
	})
	set := endtoend.Settings{Interval: time.Second, Outputs: []*sink.Output{w.Output("raw", "clicks/!{timestamp:yyyy/MM/dd/HH}/", "gzip"), w.Output("plain", "plain/", "none")}}
	a, b := w.Start(set), w.Start(set)
	stop := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		for n := range 60 {
			w.Put(20)
			shards, err := w.Kinesis.Shards(endtoend.Stream)
			if err != nil {
				t.Error(err)
			}
			one, other := shards[dice(len(shards))].ID, shards[dice(len(shards))].ID
			switch n % 10 {
			case 3:
				_, _, _ = w.Kinesis.Split(endtoend.Stream, one) // refused where the shard is closed
			case 7:
				_, _ = w.Kinesis.Merge(endtoend.Stream, one, other)
			}
			time.Sleep(time.Duration(dice(3000)) * time.Millisecond)
		}
		close(stop)
	})
	rounds, flying := 0, 0
	for done := false; !done; rounds++ {
		select {
		case <-stop:
			done = true
		default:
		}
		r := l.verify(func(o *Options) { o.Deep, o.Parallel = rounds%3 == 0, 1+dice(16) })
		if !r.OK {
			t.Fatalf("round %d: %s", rounds, texts(r.Problems))
		}
		flying += r.InFlight
	}
	work.Wait()
	w.Exactly(10*minute, "clicks/", "plain/")
	time.Sleep(minute)
	for _, wk := range []*endtoend.Worker{a, b} {
		if err := wk.Stop(); err != nil {
			t.Error(err)
		}
	}
	r := l.fine(deep)
	for _, s := range r.Shards {
		if s.Verdict != Fine && s.Ranges > 0 {
			t.Errorf("shard %s: %s, %s", s.Shard, s.Verdict, s.Proved)
		}
	}
	t.Logf("%d rounds, %d batches, %d seen in flight, %d uploads vanished", rounds, r.Journals, flying, undone)
	if rounds < 5 || flying == 0 {
		t.Error("verify met no batch in flight")
	}
}
