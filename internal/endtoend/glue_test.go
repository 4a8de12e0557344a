package endtoend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
	"standpipe/internal/gluefake"
	"standpipe/sink"
	"standpipe/sink/parquet"
)

// putWide puts n records that also have the key extra.
func (w *World) putWide(n int) {
	w.T.Helper()
	for range n {
		e := w.next()
		e.line = fmt.Sprintf(`{"id":%d,"path":"p","extra":"x%[1]d"}`, e.id)
		w.store(fmt.Sprintf("key-%d", e.id), []byte(e.line), e)
	}
}

// tableOutputs are a Parquet output whose columns come from Glue, with a path for each second, and lines of the same.
func (w *World) tableOutputs() Settings {
	return Settings{Interval: 30 * time.Second, Columns: []string{"table"}, Outputs: []*sink.Output{
		w.parquetOutput("table", "table/second=!{timestamp:ss}/", parquet.FileOptions{}), w.Output("lines", "lines/", "gzip"),
	}}
}

// batches gives, in the order of their cuts, the columns of all files of each batch, as the rows of each show them.
func (w *World) batches() (columns [][]string, causes []string) {
	w.T.Helper()
	type batch struct {
		cut     time.Time
		cause   string
		columns []string
	}
	var all []batch
	for _, o := range w.S3.Objects(Bucket) {
		if !strings.HasPrefix(o.Key, "_standpipe/") {
			continue
		}
		var b batch
		for i, line := range w.ReadLines(o.Key) {
			var j struct {
				Cut                time.Time
				Cause, Output, Key string
			}
			if err := json.Unmarshal([]byte(line), &j); err != nil {
				w.T.Fatal(err)
			}
			if i == 0 {
				b.cut, b.cause = j.Cut, j.Cause
			}
			if j.Output != "table" {
				continue
			}
			for _, row := range w.ReadLines(j.Key) {
				var values map[string]any
				if err := json.Unmarshal([]byte(row), &values); err != nil {
					w.T.Fatal(err)
				}
				var names []string
				for name := range values {
					names = append(names, strings.ToLower(name))
				}
				slices.Sort(names)
				if name := strings.Join(names, " "); !slices.Contains(b.columns, name) {
					b.columns = append(b.columns, name)
				}
			}
		}
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b batch) int { return a.cut.Compare(b.cut) })
	for _, b := range all {
		columns, causes = append(columns, b.columns), append(causes, b.cause)
	}
	return columns, causes
}

// A column that somebody adds to the table while records flow is in the files without a restart. Every batch is written
// with the old columns or with the new ones, in all its files, the open one is cut at once, and no record is lost.
func TestColumnsChangeWhileRecordsFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 3)
		w.PutTable("table")
		first, second := w.Start(w.tableOutputs()), w.Start(w.tableOutputs())
		flow := func(times int) {
			for range times {
				w.putWide(12)
				time.Sleep(5 * time.Second)
			}
		}
		extra, more := gluefake.Column{Name: "extra", Type: "string"}, gluefake.Column{Name: "more", Type: "int"}
		flow(8)
		w.PutTable("table", extra)
		flow(3) // less than an interval, more than between two looks
		if _, causes := w.batches(); !slices.Contains(causes, string(sink.CauseSchema)) {
			t.Errorf("no batch was cut because the columns changed: %v", causes)
		}
		flow(8)
		w.PutTable("table", more, extra)
		flow(8)
		time.Sleep(30 * time.Second)
		w.Exactly(time.Minute, "table/", "lines/")
		for _, wk := range []*Worker{first, second} {
			if err := wk.Stop(); err != nil {
				t.Error(err)
			}
		}
		seen := map[string]int{}
		columns, _ := w.batches()
		for i, c := range columns {
			if len(c) != 1 {
				t.Fatalf("batch %d has files with different columns: %v", i, c)
			}
			seen[c[0]]++
		}
		if len(seen) != 3 || seen["id path"] < 2 || seen["extra id path"] < 2 || seen["extra id more path"] < 2 {
			t.Errorf("batches by their columns: %v", seen)
		}
		values := 0
		for _, line := range w.Lines("table/") {
			var row struct{ Extra *string }
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			if row.Extra != nil {
				values++
			}
		}
		if values < 12*16 || values > 12*21 {
			t.Errorf("%d rows have a value in the new column", values)
		}
	})
}

// Whatever becomes of the table or of Glue itself, records are delivered as before, with the last columns that could be
// used; what is usable again is used.
func TestDeliveryGoesOnWithoutTheTable(t *testing.T) {
	for name, spoil := range map[string]func(*World){
		"gone": func(w *World) { w.Glue.Drop(Bucket, "table") },
		"ORC": func(w *World) {
			w.Glue.Put(Bucket, gluefake.Table{Name: "table", StorageDescriptor: &gluefake.Storage{
				Columns: []gluefake.Column{{Name: "id", Type: "bigint"}}, InputFormat: "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
			}})
		},
		"clash": func(w *World) { w.PutTable("table", gluefake.Column{Name: "Path", Type: "int"}) },
		"down": func(w *World) {
			w.Glue.Control("", func(faults.Call, func()) error { return gluefake.Down() })
		},
		"silent": func(w *World) {
			w.Glue.Control("", func(faults.Call, func()) error {
				time.Sleep(time.Minute)
				return faults.ErrLost
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 2)
				log := &locked{w: &bytes.Buffer{}}
				w.Log = log
				w.PutTable("table")
				wk := w.Start(w.tableOutputs())
				w.putWide(50)
				w.Exactly(time.Minute, "table/", "lines/")
				spoil(w)
				for range 10 {
					w.putWide(20)
					time.Sleep(20 * time.Second)
				}
				w.Exactly(time.Minute, "table/", "lines/")
				columns, _ := w.batches()
				for i, c := range columns {
					if !slices.Equal(c, []string{"id path"}) {
						t.Errorf("batch %d of %s", i, c)
					}
				}
				said := strings.Count(log.String(), "definition is refused") + strings.Count(log.String(), "did not tell")
				if said != 1 {
					t.Errorf("said %d times\n%s", said, log.String())
				}
				if name == "gone" || name == "ORC" || name == "clash" {
					w.PutTable("table", gluefake.Column{Name: "extra", Type: "string"})
					time.Sleep(20 * time.Second)
					w.putWide(20)
					w.Exactly(time.Minute, "table/", "lines/")
					if columns, _ := w.batches(); !slices.Equal(columns[len(columns)-1], []string{"extra id path"}) {
						t.Errorf("the last batch has %v", columns[len(columns)-1])
					}
				}
				if err := wk.Stop(); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Minute) // until the last silent answer has ended
			})
		})
	}
}
