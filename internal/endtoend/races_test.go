package endtoend

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/dynamofake"
	"standpipe/internal/faults"
	"standpipe/sink"
)

// sentBy says whether the n-th worker sent a request.
func sentBy(n int, c faults.Call) bool { return c.Header.Get(senderHeader) == workerName(n) }

func (w *World) twoOutputs() Settings {
	return Settings{Outputs: []*sink.Output{w.Output("raw", "clicks/", "gzip"), w.Output("plain", "plain/", "none")}}
}

// finish waits for everything, stops the workers and looks once more.
func (w *World) finish(workers ...*Worker) {
	w.T.Helper()
	w.Exactly(5*time.Minute, "clicks/", "plain/")
	w.stop(workers...)
	w.Exactly(0, "clicks/", "plain/")
}

// stealFrom makes every other worker think that this one is dead.
func (w *World) stealFrom(victim *Worker) (remove func()) {
	return w.Dynamo.Control("UpdateItem", func(c faults.Call, next func()) error {
		if c.Object == "standpipe#worker#"+victim.Name {
			return &faults.Error{Status: 500, Code: "InternalServerError"}
		}
		return nil
	})
}

// Rule 9: the first attempt of an intent is still under way when its maker, refused for good, has read "no
// item" and aborted the uploads.
func TestIntentArrivesAfterItsMakerReadNoItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		w.Put(60)
		var first once
		arrive := make(chan struct{})
		w.Dynamo.Control("TransactWriteItems", func(c faults.Call, next func()) error {
			if stepOf(c) != "intent" {
				return nil
			}
			if first.first() {
				go func() { <-arrive; next() }()
				return faults.ErrLost
			}
			return &faults.Error{Status: 500, Code: "InternalServerError"} // until the lease is stolen
		})
		a := w.Start(w.twoOutputs())
		time.Sleep(5 * time.Second)
		remove := w.stealFrom(a)
		b := w.Start(w.twoOutputs())
		w.eventually(time.Minute, "stolen", func() bool { return w.ownedBy(b.Name) == 2 })
		w.Dynamo.Control("TransactWriteItems", func(faults.Call, func()) error { return nil })
		time.Sleep(30 * time.Second)
		close(arrive)
		remove()
		w.Put(60)
		w.finish(a, b)
	})
}

// The lease is stolen between two attempts of an intent, the first of which took effect.
func TestLeaseStolenBetweenAttemptsOfAnIntent(t *testing.T) {
	for _, took := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := New(t, 2)
			w.Put(60)
			var first once
			var open atomic.Bool
			w.Dynamo.Control("TransactWriteItems", func(c faults.Call, next func()) error {
				if stepOf(c) != "intent" || !sentBy(1, c) || open.Load() {
					return nil
				}
				if first.first() && took {
					next()
				}
				return faults.ErrLost
			})
			a := w.Start(w.twoOutputs())
			time.Sleep(5 * time.Second)
			remove := w.stealFrom(a)
			b := w.Start(w.twoOutputs())
			w.Put(60)
			time.Sleep(time.Minute)
			open.Store(true)
			remove()
			w.Put(60)
			w.finish(a, b)
		})
	}
}

// The token of an intent has expired (10 minutes) when it is sent again: it took effect, and a sweeper has
// carried it out meanwhile.
func TestTokenHasExpiredAtTheRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		w.Put(60)
		var first once
		var open atomic.Bool
		w.Dynamo.Control("TransactWriteItems", func(c faults.Call, next func()) error {
			if stepOf(c) != "intent" || !sentBy(1, c) || open.Load() {
				return nil
			}
			if first.first() {
				next()
			}
			return faults.ErrLost
		})
		a := w.Start(w.twoOutputs())
		time.Sleep(5 * time.Second)
		set := w.twoOutputs()
		set.MaxLeases = 1
		b := w.Start(set)
		w.Exactly(2*time.Minute, "clicks/", "plain/") // the sweeper's work
		time.Sleep(11 * time.Minute)                  // DynamoDB knows a token for ten
		open.Store(true)
		w.Put(60)
		w.finish(a, b)
	})
}

// mistake makes the second worker believe that the uploads of data objects are gone: Complete answers NoSuchUpload
// and HEAD 404, until the worker has marked the batch.
func mistake(c faults.Call, over *atomic.Bool) error {
	if !sentBy(2, c) || over.Load() {
		return nil
	}
	switch {
	case stepOf(c) == "complete object":
		return &faults.Error{Status: 404, Code: "NoSuchUpload", Message: "gone"}
	case c.Op == "HeadObject":
		return &faults.Error{Status: 404, Code: "NotFound"}
	}
	return nil
}

// Two resolvers, one completing while the other undoes by mistake; the completion arrives at each moment of
// the undo. No record may be lost or doubled, and the owner of the then idle shards reads them again.
func TestCompletionArrivesDuringAnUndo(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"mark", "abort journal", "read journal", "abort object", "delete object", "delete journal", "clear"} {
		for _, when := range []string{"before", "after"} {
			t.Run(when+" "+moment, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := New(t, 2)
					w.Put(60)
					var held, reached once
					var over atomic.Bool
					arrive := make(chan struct{})
					w.control(func(c faults.Call, next func()) error {
						at := stepOf(c)
						if sentBy(1, c) && (at == "complete object" || at == "advance") && !over.Load() {
							held.first()
							<-arrive
							return nil
						}
						if sentBy(2, c) && at == moment && reached.first() {
							if when == "after" {
								next()
							}
							over.Store(true)
							close(arrive)
							time.Sleep(3 * time.Second) // the completion comes in
							return nil
						}
						return mistake(c, &over)
					})
					a := w.Start(w.twoOutputs())
					time.Sleep(5 * time.Second)
					set := w.twoOutputs()
					set.MaxLeases = 1
					b := w.Start(set)
					for range 40 {
						time.Sleep(time.Second)
						w.noDoubles("clicks/", "plain/")
					}
					if !reached.happened() || !held.happened() {
						t.Fatal("the race did not happen")
					}
					w.finish(a, b)
				})
			})
		}
	}
}

// A resolver has completed everything and freezes before it advances; meanwhile another one marks the batch
// by mistake (and clears it). The advance that wakes up then must be refused.
func TestAdvanceWakesUpDuringAndAfterAnUndo(t *testing.T) {
	for _, moment := range []string{"mark", "abort journal", "delete object", "clear"} {
		t.Run(moment, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 2)
				w.Put(60)
				var held, reached once
				var over atomic.Bool
				arrive := make(chan struct{})
				w.control(func(c faults.Call, next func()) error {
					at := stepOf(c)
					if sentBy(1, c) && at == "advance" && held.first() {
						<-arrive
						return nil
					}
					if sentBy(2, c) && at == moment && reached.first() {
						next()
						over.Store(true)
						close(arrive)
						time.Sleep(3 * time.Second)
						return nil
					}
					return mistake(c, &over)
				})
				a := w.Start(w.twoOutputs())
				time.Sleep(5 * time.Second)
				set := w.twoOutputs()
				set.MaxLeases = 1
				b := w.Start(set)
				time.Sleep(40 * time.Second)
				if !reached.happened() {
					t.Fatal("the race did not happen")
				}
				w.finish(a, b)
			})
		})
	}
}

// Answers that decide nothing must not lead to an undo: HEAD 403, an error inside a 200, InvalidPart after a
// repeated part upload, conflicts and transactions in progress.
func TestAnswersThatDecideNothing(t *testing.T) {
	cases := map[string]faults.Hook{
		"HEAD 403": func() faults.Hook {
			var lost once
			var heads atomic.Int32
			return func(c faults.Call, next func()) error {
				switch {
				case stepOf(c) == "complete object" && lost.first():
					next()
					return faults.ErrLost // so that NoSuchUpload and HEAD follow
				case c.Op == "HeadObject" && heads.Add(1) < 4:
					return &faults.Error{Status: 403, Code: "Forbidden"}
				}
				return nil
			}
		}(),
		"error inside a 200": func() faults.Hook {
			var n atomic.Int32
			return func(c faults.Call, next func()) error {
				if strings.HasPrefix(stepOf(c), "complete") && n.Add(1)%2 == 1 {
					if n.Load()%4 == 1 {
						next()
					}
					return &faults.Error{Status: 200, Code: "InternalError", Message: "We encountered an internal error. Please try again."}
				}
				return nil
			}
		}(),
		"InvalidPart": func() faults.Hook {
			var n atomic.Int32
			return func(c faults.Call, next func()) error {
				if stepOf(c) == "complete object" && n.Add(1)%2 == 1 {
					return &faults.Error{Status: 400, Code: "InvalidPart", Message: "One or more of the specified parts could not be found."}
				}
				return nil
			}
		}(),
		"conflicts": func() faults.Hook {
			var n atomic.Int32
			return func(c faults.Call, next func()) error {
				if c.Op != "TransactWriteItems" {
					return nil
				}
				switch n.Add(1) % 4 {
				case 1:
					return dynamofake.Canceled("None", "TransactionConflict", "None")
				case 2:
					return dynamofake.InProgress()
				case 3:
					return dynamofake.Throttled()
				}
				return nil
			}
		}(),
		"throttled everywhere": func() faults.Hook {
			var n atomic.Int32
			return func(c faults.Call, next func()) error {
				if n.Add(1)%3 != 0 {
					return nil
				}
				switch c.Service {
				case "s3":
					return &faults.Error{Status: http.StatusServiceUnavailable, Code: "SlowDown"}
				case "dynamodb":
					return dynamofake.Throttled()
				}
				return &faults.Error{Status: 400, Code: "ProvisionedThroughputExceededException"}
			}
		}(),
	}
	for name, hook := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 2)
				w.Put(60)
				var undone atomic.Bool
				var started atomic.Bool
				w.control(func(c faults.Call, next func()) error {
					if stepOf(c) == "mark" {
						undone.Store(true)
					}
					if !started.Load() {
						return nil
					}
					return hook(c, next)
				})
				a := w.Start(w.twoOutputs())
				time.Sleep(time.Second)
				started.Store(true)
				w.Exactly(10*time.Minute, "clicks/", "plain/")
				w.Put(60)
				w.Exactly(10*time.Minute, "clicks/", "plain/")
				started.Store(false)
				w.finish(a)
				if undone.Load() {
					t.Error("a batch was undone")
				}
			})
		})
	}
}

// The journal is deleted while its maker is about to complete the rest: nothing else was completed, so the
// batch is undone and read again.
func TestJournalVanishesBeforeTheRestIsCompleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		w.Put(60)
		var first once
		w.S3.Control("GetObject", func(c faults.Call, next func()) error {
			if stepOf(c) == "read journal" && first.first() {
				req, _ := http.NewRequest(http.MethodDelete, "http://s3/"+strings.TrimPrefix(c.Object, "/"), nil)
				if resp, err := w.net.RoundTrip(req); err != nil || resp.StatusCode != http.StatusNoContent {
					t.Errorf("delete the journal: %v %v", resp, err)
				}
			}
			return nil
		})
		a := w.Start(w.twoOutputs())
		w.Exactly(5*time.Minute, "clicks/", "plain/")
		w.finish(a)
	})
}

// Shards without records end: the batch holds only ends, no journal, and is committed all the same.
func TestBatchWithEndsOnly(t *testing.T) {
	for _, kind := range []string{"no fault", "answer lost", "dies after intent"} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 2)
				var first once
				w.Dynamo.Control("TransactWriteItems", func(c faults.Call, next func()) error {
					if kind == "no fault" || !first.first() {
						return nil
					}
					next()
					if kind == "dies after intent" {
						w.Worker(1).Kill()
					}
					return faults.ErrLost
				})
				a := w.Start(w.twoOutputs())
				w.eventually(time.Minute, "leased", func() bool { return w.ownedBy(a.Name) == 2 })
				w.split(shard(0))
				w.split(shard(1))
				workers := []*Worker{a}
				if kind == "dies after intent" {
					time.Sleep(10 * time.Second)
					workers = []*Worker{w.Start(w.twoOutputs())}
				}
				w.eventually(2*time.Minute, "children leased", func() bool { return w.ownedBy(workers[0].Name) == 4 })
				if n := len(w.S3.Objects(Bucket)); n != 0 {
					t.Errorf("%d objects for no records", n)
				}
				w.Put(40)
				w.finish(workers...)
			})
		})
	}
}
