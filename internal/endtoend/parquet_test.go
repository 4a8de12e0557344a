package endtoend

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
	"standpipe/internal/kinesistest"
	"standpipe/sink"
	"standpipe/sink/parquet"
)

// parquetOutput makes a Parquet output with columns for what Put puts.
func (w *World) parquetOutput(name, pre string, layout parquet.FileOptions) *sink.Output {
	w.T.Helper()
	schema, err := parquet.ParseSchema([]parquet.Column{{Name: "id", Type: "bigint"}, {Name: "path", Type: "string"}}, parquet.Options{})
	if err != nil {
		w.T.Fatal(err)
	}
	format, err := parquet.NewFormat(schema, layout)
	if err != nil {
		w.T.Fatal(err)
	}
	out := w.Output(name, pre, "")
	out.Parquet = format
	return out
}

// What one worker was killed over and another finished is in Parquet files exactly once, whatever their codec, beside
// lines of the same records.
func TestParquetArrivesExactlyOnce(t *testing.T) {
	for _, codec := range []string{"snappy", "zstd", "gzip", "none"} {
		t.Run(codec, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := New(t, 2)
				set := Settings{Outputs: []*sink.Output{w.parquetOutput("table", "table/", parquet.FileOptions{Codec: codec}), w.Output("lines", "lines/", "gzip")}}
				w.Put(300)
				first := w.Start(set)
				time.Sleep(1900 * time.Millisecond) // within the first batch's interval
				first.Kill()
				second := w.Start(set)
				w.Put(300)
				w.Exactly(2*time.Minute, "table/", "lines/")
				if err := second.Stop(); err != nil {
					t.Fatal(err)
				}
				first.Gone()
				w.Exactly(0, "table/", "lines/")
				w.stored("table/", ".parquet", "application/vnd.apache.parquet", "")
			})
		})
	}
}

// Parquet files survive what lines survive: each step of commit and undo failing in each way that leaves its outcome
// open, and its worker dying.
func TestParquetThroughFaults(t *testing.T) {
	for _, step := range []string{"CreateMultipartUpload", "UploadPart", "intent", "complete object", "advance"} {
		for _, kind := range []string{"answer lost", "dies before", "dies after"} {
			t.Run(step+"/"+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := New(t, 2)
					outputs := []*sink.Output{w.parquetOutput("table", "clicks/", parquet.FileOptions{}), w.Output("plain", "plain/", "none")}
					w.Put(40)
					var fault once
					w.control(func(c faults.Call, next func()) error {
						if stepOf(c) != step && c.Op != step || !fault.first() {
							return nil
						}
						if kind != "dies before" {
							next()
						}
						if kind != "answer lost" {
							w.Worker(1).Kill()
						}
						return faults.ErrLost
					})
					victim := w.Start(Settings{Outputs: outputs})
					time.Sleep(5 * time.Second)
					second := w.Start(Settings{Outputs: outputs})
					w.Put(40)
					w.Exactly(3*time.Minute, "clicks/", "plain/")
					if !fault.happened() {
						t.Fatal("the step was never reached")
					}
					if kind == "answer lost" {
						if err := victim.Stop(); err != nil {
							t.Error(err)
						}
					} else {
						victim.Gone()
					}
					if err := second.Stop(); err != nil {
						t.Error(err)
					}
					w.Exactly(0, "clicks/", "plain/")
				})
			})
		}
	}
}

// A record that fits one output and not the other is delivered to the one and, in Firehose's shape, in the error
// output for the other; what is no JSON is there once.
func TestRecordsThatDoNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		misfits := []string{`{"id":"many"}`, `[[1]]`, `42`, `{"id":9223372036854775808}`}
		for _, data := range misfits {
			w.raw([]byte(data))
		}
		w.raw([]byte(`{"id":`))
		w.raw([]byte{0xf3, 0x89, 0x9a, 0xc2})
		w.raw([]byte(" "))
		w.raw(kinesistest.Undecodable())
		w.Put(20)
		wk := w.Start(Settings{Outputs: []*sink.Output{
			w.parquetOutput("table", "table/", parquet.FileOptions{}), w.Output("lines", "lines/", "gzip"), w.parquetOutput("other", "other/", parquet.FileOptions{}),
		}})
		w.eventually(2*time.Minute, "20 rows", func() bool { return len(w.Lines("table/")) >= 20 })
		if got := len(w.Lines("lines/")); got != 20+len(misfits) {
			t.Errorf("%d lines", got)
		}
		if table, other := len(w.Lines("table/")), len(w.Lines("other/")); table != 20 || other != 20 {
			t.Errorf("%d and %d rows", table, other)
		}
		seen := map[string]int{}
		for _, line := range w.Lines("errors/format-conversion-failed/") {
			var e struct {
				RawData, LastErrorCode, LastErrorMessage, SequenceNumber, ShardID, Output string
				AttemptsMade                                                              int
				ArrivalTimestamp, AttemptEndingTimestamp                                  int64
			}
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatal(err)
			}
			raw, err := base64.StdEncoding.DecodeString(e.RawData)
			if err != nil || e.LastErrorCode != parquet.CodeMalformedData || e.LastErrorMessage == "" || e.SequenceNumber == "" || e.ShardID == "" || e.AttemptsMade != 1 || e.ArrivalTimestamp == 0 || !strings.Contains(line, `"dataCatalogTable":null,`) {
				t.Errorf("error record %s", line)
			}
			seen[e.Output+" "+string(raw)]++
		}
		for _, data := range misfits {
			for _, output := range []string{"table", "other"} {
				if key := output + " " + data; seen[key] != 1 {
					t.Errorf("%d error records of %s", seen[key], key)
				}
				delete(seen, output+" "+data)
			}
		}
		if len(seen) > 0 {
			t.Errorf("error records of %v", seen)
		}
		if got := len(w.Lines("errors/processing-failed/")); got != 4 {
			t.Errorf("%d records that are no JSON", got)
		}
		if err := wk.Stop(); err != nil {
			t.Error(err)
		}
	})
}

// A Parquet output alone tells what is no JSON in Firehose's words.
func TestNoJSONForParquetAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		w.raw([]byte("no json"))
		w.raw(nil)
		w.Put(5)
		wk := w.Start(Settings{Outputs: []*sink.Output{w.parquetOutput("table", "table/", parquet.FileOptions{}), w.parquetOutput("other", "other/", parquet.FileOptions{})}})
		w.Exactly(time.Minute, "table/", "other/")
		codes := map[string]int{}
		for _, line := range w.Lines("errors/format-conversion-failed/") {
			var e struct{ LastErrorCode, Output string }
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatal(err)
			}
			codes[e.LastErrorCode+e.Output]++
		}
		if len(codes) != 2 || codes[parquet.CodeParseError] != 1 || codes[parquet.CodeMalformedData] != 1 {
			t.Errorf("errors %v", codes)
		}
		if err := wk.Stop(); err != nil {
			t.Error(err)
		}
	})
}

// Large files leave in parts while they are written, and objects that memory has no room for are closed early; the
// journals tell rows and sizes.
func TestLargeParquetLeavesInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		const records = 400
		for i := range records {
			e := w.next()
			noise := strings.Repeat(fmt.Sprintf("%d-%x;", i, i*7919), 4000) // some 40 KB
			e.line = fmt.Sprintf(`{"id":%d,"path":%q}`, e.id, noise)
			w.store("k", []byte(e.line), e)
		}
		wk := w.Start(Settings{
			Outputs:  []*sink.Output{w.parquetOutput("table", "table/", parquet.FileOptions{Codec: "none", RowGroup: 2 << 20})},
			Interval: time.Minute,
		})
		w.Exactly(5*time.Minute, "table/")
		if err := wk.Stop(); err != nil {
			t.Error(err)
		}
		most := 0
		rows := int64(0)
		for _, o := range w.S3.Objects(Bucket) {
			if !strings.HasPrefix(o.Key, "_standpipe/") {
				continue
			}
			for _, line := range w.ReadLines(o.Key) {
				var object struct {
					Output                  string
					Parts                   []struct{}
					Records, Size, Raw_size int64
				}
				if err := json.Unmarshal([]byte(line), &object); err != nil {
					t.Fatal(err)
				}
				if object.Output == "table" {
					most = max(most, len(object.Parts))
					rows += object.Records
				}
			}
		}
		if rows != records || most < 2 {
			t.Errorf("the journals tell %d rows, and %d parts at most", rows, most)
		}
	})
}
