package endtoend

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
	"standpipe/internal/gluefake"
	"standpipe/sink"
	"standpipe/sink/parquet"
)

// registeredOutputs are lines and a Parquet table, each registered in Glue, with a partition for every second.
func (w *World) registeredOutputs() Settings {
	return Settings{Interval: 10 * time.Second, Failover: failover, Catalog: []string{"raw", "table"}, Outputs: []*sink.Output{
		w.Output("raw", "raw/minute=!{timestamp:mm}/second=!{timestamp:ss}/", "gzip"), w.parquetOutput("table", "table/second=!{timestamp:ss}/", parquet.FileOptions{}),
	}}
}

// catalogued waits until every partition of both tables is registered.
func (w *World) catalogued(limit time.Duration) {
	w.T.Helper()
	w.eventually(limit, "register every partition", func() bool {
		raw, _ := w.Unregistered("raw", "raw/")
		table, _ := w.Unregistered("table", "table/")
		return len(raw)+len(table) == 0
	})
}

// neverEmpty fails the test when a partition is registered whose objects are not visible.
func (w *World) neverEmpty() {
	w.Glue.Control("BatchCreatePartition", func(_ faults.Call, next func()) error {
		next()
		for _, name := range []string{"raw", "table"} {
			if _, empty := w.Unregistered(name, name+"/"); len(empty) > 0 {
				w.T.Errorf("%v are registered without an object", empty)
			}
		}
		return nil
	})
}

// Tables are created, and each partition is registered once its objects are visible, by one call for many.
func TestPartitionsAreRegistered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 3)
		w.neverEmpty()
		first, second := w.Start(w.registeredOutputs()), w.Start(w.registeredOutputs())
		for range 20 {
			w.Put(6)
			time.Sleep(2 * time.Second)
		}
		w.Exactly(time.Minute, "raw/", "table/")
		w.catalogued(10 * time.Second)
		raw, there := w.Glue.Table(Bucket, "raw")
		if !there || raw.TableType != "EXTERNAL_TABLE" || raw.StorageDescriptor.SerdeInfo.SerializationLibrary != "org.openx.data.jsonserde.JsonSerDe" || raw.StorageDescriptor.Location != "s3://lake/raw/" || len(raw.PartitionKeys) != 2 {
			t.Errorf("table %+v", raw)
		}
		for values, p := range w.Glue.Partitions(Bucket, "raw") {
			minute, second, _ := strings.Cut(values, "/")
			if want := "s3://lake/raw/minute=" + minute + "/second=" + second + "/"; p.StorageDescriptor.Location != want || len(p.StorageDescriptor.Columns) != 2 {
				t.Errorf("partition %s: %+v", values, p)
			}
		}
		calls := w.Glue.Operations()["BatchCreatePartition"]
		if n := len(w.Glue.Partitions(Bucket, "raw")) + len(w.Glue.Partitions(Bucket, "table")); n < 30 || calls > 40 {
			t.Errorf("%d partitions by %d calls", n, calls)
		}
		time.Sleep(5 * time.Minute)
		if again := w.Glue.Operations()["BatchCreatePartition"]; again > calls+4 {
			t.Errorf("%d calls when nothing was new", again-calls)
		}
		for _, wk := range []*Worker{first, second} {
			if err := wk.Stop(); err != nil {
				t.Error(err)
			}
		}
	})
}

// A worker dies between a commit and the registration of its partitions, or another finishes its batch: whoever comes
// next finds them in the journals.
func TestWorkerDiesBeforeItRegisters(t *testing.T) {
	for _, step := range []string{"BatchCreatePartition before", "BatchCreatePartition after", "CreateTable before", "CreateTable after", "advance after", "complete object after"} {
		t.Run(step, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 2)
				w.neverEmpty()
				last := strings.LastIndexByte(step, ' ')
				op, when := step[:last], step[last+1:]
				var fault once
				die := func(next func()) error {
					if when == "after" {
						next()
					}
					w.Worker(1).Kill()
					return faults.ErrLost
				}
				w.control(func(c faults.Call, next func()) error {
					if stepOf(c) != op || !fault.first() {
						return nil
					}
					return die(next)
				})
				var remove func()
				if op == "BatchCreatePartition" || op == "CreateTable" {
					remove = w.Glue.Control(op, func(_ faults.Call, next func()) error {
						if !fault.first() {
							return nil
						}
						remove()
						return die(next)
					})
				}
				w.Put(20)
				w.Start(w.registeredOutputs())
				w.eventually(time.Minute, "the worker dies", func() bool { return fault.happened() })
				w.Worker(1).Gone()
				// Its successor has nothing of its own that would lead it to those partitions.
				second := w.Start(w.registeredOutputs())
				w.Exactly(time.Minute, "raw/", "table/")
				w.catalogued(2 * search)
				if err := second.Stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A worker that lives finds what another left unregistered, without a start.
func TestTheLivingRegisterForTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 2)
		w.neverEmpty()
		var fault once
		w.Glue.Control("BatchCreatePartition", func(c faults.Call, _ func()) error {
			if c.Header.Get(senderHeader) != "worker-1" {
				return nil
			}
			if fault.first() {
				w.Worker(1).Kill()
			}
			return faults.ErrLost
		})
		w.Start(w.registeredOutputs())
		second := w.Start(w.registeredOutputs())
		time.Sleep(10 * time.Second) // each has a shard
		w.Put(40)
		w.Exactly(time.Minute, "raw/", "table/")
		w.catalogued(3 * search)
		if !fault.happened() {
			t.Error("the first worker registered nothing")
		}
		w.Worker(1).Gone()
		if err := second.Stop(); err != nil {
			t.Error(err)
		}
	})
}

// While Glue is away records are delivered as before; one log line says what waits, and everything is registered when it
// is back, also when the worker was replaced meanwhile.
func TestDeliveryGoesOnWithoutGlue(t *testing.T) {
	for name, answer := range map[string]error{"down": gluefake.Down(), "denied": gluefake.Denied(), "throttled": gluefake.Throttled(), "unreachable": faults.ErrLost} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 2)
				log := &locked{w: &bytes.Buffer{}}
				w.Log = log
				var away atomic.Bool
				away.Store(true)
				w.Glue.Control("", func(faults.Call, func()) error {
					if away.Load() {
						return answer
					}
					return nil
				})
				wk := w.Start(w.registeredOutputs())
				for range 8 {
					w.Put(10)
					time.Sleep(5 * time.Second)
				}
				w.Exactly(15*time.Second, "raw/", "table/")
				if n := strings.Count(log.String(), "can not be registered in Glue"); n != 2 { // an output each
					t.Errorf("said %d times\n%s", n, log.String())
				}
				if err := wk.Stop(); err != nil {
					t.Error(err)
				}
				wk = w.Start(w.registeredOutputs())
				time.Sleep(time.Minute)
				away.Store(false)
				w.catalogued(6 * time.Minute)
				if err := wk.Stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// The partitions of the last batch, which a stop commits, are registered before the worker ends; one that finds Glue away
// does not wait long.
func TestStopRegistersTheLastBatch(t *testing.T) {
	for _, away := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := New(t, 2)
			set := w.registeredOutputs()
			set.Interval = time.Hour
			wk := w.Start(set)
			w.Put(10)
			time.Sleep(10 * time.Second)
			if away {
				w.Glue.Control("", func(faults.Call, func()) error { return gluefake.Down() })
			}
			began := time.Now()
			if err := wk.Stop(); err != nil {
				t.Error(err)
			}
			w.Exactly(0, "raw/", "table/")
			missing, _ := w.Unregistered("raw", "raw/")
			if took := time.Since(began); away != (len(missing) > 0) || took > 6*time.Second {
				t.Errorf("away %v: %v are missing after %v", away, missing, took)
			}
		})
	}
}

// A mark in the bucket tells the next start where to begin.
func TestRegisteredMarkIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		wk := w.Start(w.registeredOutputs())
		w.Put(10)
		w.Exactly(time.Minute, "raw/", "table/")
		w.catalogued(10 * time.Second)
		time.Sleep(2 * search)
		if err := wk.Stop(); err != nil {
			t.Error(err)
		}
		for _, name := range []string{"raw", "table"} {
			lines := w.ReadLines("_standpipe/test/registered/" + name + ".json")
			var m struct {
				Table string
				Until time.Time
			}
			if err := json.Unmarshal([]byte(strings.Join(lines, "")), &m); err != nil || m.Table != "lake."+name || time.Since(m.Until) < 47*time.Hour || time.Since(m.Until) > 49*time.Hour {
				t.Errorf("mark %v: %v", lines, err)
			}
		}
	})
}
