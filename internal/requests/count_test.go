//go:build !race

package requests

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/endtoend"
	"standpipe/internal/faults"
	"standpipe/sink"
)

// story is an hour of which a window is counted.
type story struct {
	Load
	idle     bool              // no records come
	commits  int               // that are counted
	settings endtoend.Settings // what the Load does not say of the workers
	record   func(n int) []byte
	every    time.Duration // between two records of a shard
}

// count runs workers on the servers in this process, in simulated time, and counts what they send.
func (s story) count(t *testing.T) (c Counts) {
	synctest.Test(t, func(t *testing.T) {
		l := s.withDefaults()
		w := endtoend.New(t, l.Shards)
		w.Log = io.Discard
		answersTakeTime(w)
		put, end := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(put)
			s.feed(t, w, end)
		}()
		set := s.settings
		if set.Outputs == nil {
			set.Outputs = []*sink.Output{w.Output("raw", "raw/", "gzip")} // hours in a prefix would make one object more in each
		}
		set.Interval, set.Failover, set.Size, set.Poll = l.Interval, l.Failover, l.Size, l.Poll
		var workers []*endtoend.Worker
		for range l.Workers {
			workers = append(workers, w.Start(set))
		}
		time.Sleep(30 * time.Second) // leases are divided
		if !s.idle {
			time.Sleep(l.Interval) // each row has a checkpoint
			s.afterCommits(w, 1)
		}
		before, began := taken(w), time.Now()
		if s.idle {
			time.Sleep(30 * time.Second)
		} else {
			s.afterCommits(w, s.commits)
		}
		c = taken(w).minus(before).scaled(float64(time.Hour) / float64(time.Since(began)))
		close(end)
		<-put
		for _, wk := range workers {
			if err := wk.Stop(); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(time.Second) // answers that nobody waits for any more
	})
	return c
}

// afterCommits waits until n batches more have been committed.
func (s story) afterCommits(w *endtoend.World, n int) {
	for want := taken(w).Commits + float64(n); taken(w).Commits < want; {
		time.Sleep(100 * time.Millisecond)
	}
	time.Sleep(min(s.Interval/2, 2*time.Second)) // the last of them too
}

// answersTakeTime makes calls take about as long as they do on AWS.
func answersTakeTime(w *endtoend.World) {
	slow := func(least, most time.Duration) faults.Hook {
		rng := make(chan *rand.Rand, 1)
		rng <- rand.New(rand.NewPCG(1, 2))
		return func(faults.Call, func()) error {
			r := <-rng
			d := least + time.Duration(r.Int64N(int64(most-least)))
			rng <- r
			time.Sleep(d)
			return nil
		}
	}
	w.Kinesis.Control("", slow(5*time.Millisecond, 15*time.Millisecond))
	w.Dynamo.Control("", slow(3*time.Millisecond, 10*time.Millisecond))
	w.S3.Control("", slow(20*time.Millisecond, 60*time.Millisecond))
}

// feed puts records into every shard until the end.
func (s story) feed(t *testing.T, w *endtoend.World, end <-chan struct{}) {
	if s.idle {
		return
	}
	record, every := s.record, s.every
	if record == nil {
		record = func(n int) []byte { return fmt.Appendf(nil, `{"id":%d}`, n) }
	}
	if every == 0 {
		every = s.withDefaults().Poll / 2
	}
	keys, tried := map[string]string{}, 0
	for n := 0; ; {
		for _, key := range keys {
			n++
			if _, _, err := w.Kinesis.Put(endtoend.Stream, key, record(n)); err != nil {
				t.Error(err)
				return
			}
		}
		for ; len(keys) < s.Shards; tried++ { // a key for each shard
			key := fmt.Sprint("key-", tried)
			shard, _, err := w.Kinesis.Put(endtoend.Stream, key, record(n))
			if err != nil {
				t.Error(err)
				return
			}
			keys[shard] = key
		}
		select {
		case <-time.After(every):
		case <-end:
			return
		}
	}
}

// taken is all that the servers have counted.
func taken(w *endtoend.World) Counts {
	units := w.Dynamo.Units()[endtoend.Tables]
	kinesis, s3 := w.Kinesis.Gate.Operations(), w.S3.Operations()
	return Counts{
		Commits: float64(s3["GetObject"]), // of its journal, once
		Objects: float64(s3["CompleteMultipartUpload"] - s3["GetObject"]), WriteUnits: units.Write, ReadUnits: units.Read,
		S3Puts: float64(s3["CreateMultipartUpload"] + s3["UploadPart"] + s3["CompleteMultipartUpload"] + s3["PutObject"] + s3["ListObjectsV2"] + s3["ListMultipartUploads"] + s3["ListParts"]),
		S3Gets: float64(s3["GetObject"] + s3["HeadObject"]), GetRecords: float64(kinesis["GetRecords"]), ListShards: float64(kinesis["ListShards"]),
	}
}

func (c Counts) minus(d Counts) Counts {
	return Counts{c.Commits - d.Commits, c.Objects - d.Objects, c.WriteUnits - d.WriteUnits, c.ReadUnits - d.ReadUnits, c.S3Puts - d.S3Puts, c.S3Gets - d.S3Gets, c.GetRecords - d.GetRecords, c.ListShards - d.ListShards}
}

func (c Counts) scaled(f float64) Counts {
	return Counts{c.Commits * f, c.Objects * f, c.WriteUnits * f, c.ReadUnits * f, c.S3Puts * f, c.S3Gets * f, c.GetRecords * f, c.ListShards * f}
}
