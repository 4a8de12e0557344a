package endtoend

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/consumer"
	"standpipe/internal/faults"
	"standpipe/sink"
	"standpipe/sink/steps"
)

// errorObjects puts objects of one error record each, of the records numbered from 1.
func (w *World) errorObjects(n int) {
	for i := range n {
		w.send("PUT", fmt.Sprintf("errors/processing-failed/%04d", i+1), failed(fmt.Sprintf(`{"id":%d}`, i+1), "Lambda.FunctionError", time.Now()))
	}
}

// each fails the test unless each of the records from 1 to n is there once under each prefix, and nothing else.
func (w *World) each(n int, prefixes ...string) {
	w.T.Helper()
	for _, p := range prefixes {
		got := w.Delivered(p)
		for id := 1; id <= n; id++ {
			if got[id] != 1 {
				w.T.Errorf("record %d is %d times under %s", id, got[id], p)
			}
		}
		if len(got) != n {
			w.T.Errorf("%d records under %s, want %d", len(got), p, n)
		}
	}
}

// A redrive that is killed behind its intent leaves a batch to carry out. A worker does that like any other, without
// knowing what a redrive is, and gives its row no reader.
func TestWorkerFinishesARedrivesBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		set := w.twoOutputs()
		worker := w.Start(set)
		time.Sleep(5 * time.Second)
		w.errorObjects(5)
		var r *redriver
		w.control(func(c faults.Call, next func()) error {
			if c.Header.Get(senderHeader) == "redrive" && stepOf(c) == "complete journal" {
				r.kill()
				if len(w.Lines("clicks/")) > 0 {
					t.Error("visible before anybody has carried it out")
				}
				return faults.ErrLost
			}
			return nil
		})
		r = w.newRedrive("redrive", set, nil)
		go r.begin()
		_, _ = r.wait()
		time.Sleep(30 * time.Second)
		w.each(5, "clicks/", "plain/")
		if n := w.ownedBy(worker.Name); n != 2 {
			t.Errorf("the worker owns %d rows", n)
		}
		w.control(func(faults.Call, func()) error { return nil })
		if report := w.redrive("second", set, nil); report.Records != 0 || report.Finished != 5 {
			t.Errorf("%+v", report)
		}
		if err := worker.Stop(); err != nil {
			t.Error(err)
		}
		w.proved()
	})
}

// An upload of a redrive's batch vanishes before it is completed: the batch is taken back, and redriven anew by the same call.
func TestRedriveWhoseUploadVanished(t *testing.T) {
	for _, journal := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := New(t, 1)
			w.ensure()
			w.errorObjects(5)
			var first once
			w.S3.Control("CompleteMultipartUpload", func(c faults.Call, next func()) error {
				if (stepOf(c) == "complete journal") == journal && first.first() {
					for _, u := range w.S3.Uploads(Bucket) {
						if strings.HasSuffix(c.Object, u.Key) {
							_ = w.S3.Drop(Bucket, u.Key, u.ID)
						}
					}
				}
				return nil
			})
			report, err := w.startRedrive("redrive", w.twoOutputs(), nil).wait()
			t.Logf("%+v %v", report, err)
			last := w.redrive("second", w.twoOutputs(), nil)
			if err == nil && report.Records != 5 || err != nil && last.Records != 5 {
				t.Errorf("%+v, %v; then %+v", report, err, last)
			}
			w.each(5, "clicks/", "plain/")
			w.proved()
		})
	}
}

// Two redrives at once: the second says that the first is at work, and does nothing.
func TestTwoRedrivesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		w.ensure()
		w.errorObjects(5)
		hold := make(chan struct{})
		var first once
		w.S3.Control("GetObject", func(c faults.Call, _ func()) error {
			if c.Header.Get(senderHeader) == "first" && first.first() {
				<-hold
			}
			return nil
		})
		a := w.startRedrive("first", w.twoOutputs(), nil)
		time.Sleep(time.Minute)
		began := time.Now()
		report, err := w.startRedrive("second", w.twoOutputs(), nil).wait()
		var busy *consumer.BusyError
		if !errors.As(err, &busy) || busy.Owner != "first" || report != nil || time.Since(began) > 5*time.Second {
			t.Errorf("after %v: %+v, %v", time.Since(began), report, err)
		}
		close(hold)
		if report, err := a.wait(); err != nil || report.Records != 5 {
			t.Errorf("%+v, %v", report, err)
		}
		w.each(5, "clicks/", "plain/")
		w.proved()
	})
}

// An error object whose batch may still be taken back is left for later: its records would come again.
func TestErrorObjectsOfPendingBatchesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		set := Settings{Outputs: []*sink.Output{w.Output("raw", "clicks/", "gzip")}, Steps: []steps.Step{mended(false)}}
		w.raw([]byte(`{"id":1,"is":"broken"}`))
		w.Dynamo.Control("TransactWriteItems", func(c faults.Call, _ func()) error {
			if stepOf(c) == "advance" && sentBy(1, c) {
				return &faults.Error{Status: 500, Code: "InternalServerError"}
			}
			return nil
		})
		worker := w.Start(set)
		w.eventually(time.Minute, "an error record", func() bool { return len(w.Lines("errors/")) == 1 })
		set.Steps = []steps.Step{mended(true)}
		if r := w.redrive("first", set, nil); r.Records != 0 || r.InFlight != 1 {
			t.Errorf("%+v", r)
		}
		w.Dynamo.Control("TransactWriteItems", func(faults.Call, func()) error { return nil })
		time.Sleep(time.Minute)
		if r := w.redrive("second", set, nil); r.Records != 1 || r.InFlight != 0 {
			t.Errorf("%+v", r)
		}
		w.each(1, "clicks/")
		if err := worker.Stop(); err != nil {
			t.Error(err)
		}
		w.proved()
	})
}

// An interrupted redrive commits what it has read, and the next one does the rest.
func TestInterruptedRedrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		w.ensure()
		w.errorObjects(30)
		var r *redriver
		var n atomic.Int32
		w.S3.Control("GetObject", func(c faults.Call, next func()) error {
			if n.Add(1) == 12 && c.Header.Get(senderHeader) == "first" {
				r.cancel()
			}
			return nil
		})
		r = w.newRedrive("first", w.twoOutputs(), nil)
		go r.begin()
		report, err := r.wait()
		if err == nil || report == nil || !report.Interrupted || report.Records == 0 || report.Records == 30 {
			t.Fatalf("%+v, %v", report, err)
		}
		if got := int64(len(w.Lines("clicks/"))); got != report.Records {
			t.Errorf("%d records are there, the report says %d", got, report.Records)
		}
		if next := w.redrive("second", w.twoOutputs(), nil); next.Records != 30-report.Records {
			t.Errorf("%d records, then %d", report.Records, next.Records)
		}
		w.each(30, "clicks/", "plain/")
		w.proved()
	})
}
