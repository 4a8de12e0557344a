package endtoend

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
	"standpipe/internal/kinesistest"
	"standpipe/sink/steps"
)

func decompressed(t testing.TB, format string) steps.Step {
	t.Helper()
	s, err := steps.NewDecompress("unpack", format, 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func splitBy(t testing.TB, by string) steps.Step {
	t.Helper()
	s, err := steps.NewSplit("split-"+by, by, "", 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// putPacked stores a Kinesis record that data makes of the lines of n new user records.
func (w *World) putPacked(n int, data func(lines []string) []byte) {
	w.T.Helper()
	var entries []*entry
	var lines []string
	for range n {
		e := w.next()
		entries, lines = append(entries, e), append(lines, e.line)
	}
	w.store(fmt.Sprintf("key-%d", entries[0].id), data(lines), entries...)
}

// putRefused stores a Kinesis record with a part, made from a number, that belongs into the error output, and n good lines.
func (w *World) putRefused(n int, part func(id int) string, data func(part string, lines []string) []byte) {
	w.T.Helper()
	bad := w.next()
	bad.bad, bad.line = true, part(bad.id)
	entries, lines := []*entry{bad}, []string(nil)
	for range n {
		e := w.next()
		entries, lines = append(entries, e), append(lines, e.line)
	}
	w.store(fmt.Sprintf("key-%d", bad.id), data(bad.line, lines), entries...)
}

// whileWorkersDie has workers run the steps over what put puts, again and again. The first dies before its promise, the
// second in the middle of carrying one out, the third finishes. Everything put must be delivered exactly once; look is then
// told how often put was called.
func whileWorkersDie(t *testing.T, chain []steps.Step, put func(w *World), look func(w *World, times int)) {
	whileWorkersDieOn(t, 2, func(*World) Settings { return Settings{Steps: chain} }, put, look)
}

// whileWorkersDieOn is the same of a stream of so many shards and of workers that are set up otherwise.
func whileWorkersDieOn(t *testing.T, shards int, settings func(*World) Settings, put func(w *World), look func(w *World, times int)) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, shards)
		set := settings(w)
		check := w.Watch("clicks/")
		var mu sync.Mutex
		died := 0
		w.control(check.Hook(func(c faults.Call, next func()) error {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case died == 0 && stepOf(c) == "intent":
			case died == 1 && stepOf(c) == "complete object":
				next()
			default:
				return nil
			}
			died++
			check.Died(workerName(died))
			go w.Worker(died).Kill()
			return faults.ErrBroken
		}))
		times := 0
		for n := 1; n <= 3; n++ {
			put(w)
			wk := w.Start(set)
			put(w)
			times += 2
			if n < 3 {
				w.eventually(2*time.Minute, fmt.Sprintf("death %d", n), func() bool { mu.Lock(); defer mu.Unlock(); return died >= n })
				wk.Gone()
				continue
			}
			w.eventually(5*time.Minute, "all of it", check.Done)
			if err := wk.Stop(); err != nil {
				t.Error(err)
			}
		}
		for _, v := range check.Final() {
			t.Error(v)
		}
		look(w, times)
	})
}

// refused is what a test looks at of an error record.
type refused struct {
	RawData, ErrorCode, ErrorMessage string
	AttemptsMade                     int
	ArrivalTimestamp                 int64
	ShardID, SequenceNumber          string
	SubSequenceNumber                int
	Part                             *int
	Step, RawDataAfter               string
}

func (w *World) refused(prefix string) (list []refused) {
	w.T.Helper()
	for _, line := range w.Lines(prefix) {
		var r refused
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			w.T.Fatal(err)
		}
		raw, err := base64.StdEncoding.DecodeString(r.RawData)
		if err != nil || r.AttemptsMade != 1 || r.ArrivalTimestamp == 0 || !strings.HasPrefix(r.ShardID, "shardId-") || r.SequenceNumber == "" {
			w.T.Errorf("error record %s", line)
		}
		r.RawData = string(raw)
		list = append(list, r)
	}
	return list
}

func TestCloudWatchLogsWhileWorkersDie(t *testing.T) {
	put := func(w *World) {
		for range 3 {
			w.putPacked(3, func(lines []string) []byte { return kinesistest.LogEvents(lines...) })
			w.putPacked(1, func(lines []string) []byte { return kinesistest.LogEvents(lines...) })
			w.putPacked(4, func(lines []string) []byte {
				return kinesistest.LogEvents("", lines[0]+"\n"+lines[1], "\n", lines[2]+lines[3])
			})
			w.store("control", kinesistest.LogControl())
			w.store("nothing", kinesistest.LogEvents())
		}
		w.putPacked(4, func(lines []string) []byte {
			return kinesistest.Aggregate(user(string(kinesistest.LogEvents(lines[:2]...))), user(string(kinesistest.LogEvents(lines[2:]...))))
		})
		w.putRefused(2, func(id int) string { return fmt.Sprintf("no json %d", id) }, func(part string, lines []string) []byte {
			return kinesistest.LogEvents(lines[0], part, lines[1])
		})
		w.putRefused(0, func(id int) string { return string(kinesistest.LogEnvelope("DATA_MESSAGE", fmt.Sprint(id))) }, func(part string, _ []string) []byte { return []byte(part) })
		w.putRefused(0, func(id int) string { return string(kinesistest.LogEvents(fmt.Sprint(id))[:60]) + fmt.Sprint(id) }, func(part string, _ []string) []byte { return []byte(part) })
	}
	whileWorkersDie(t, []steps.Step{decompressed(t, "cloudwatch_logs"), splitBy(t, "json")}, put, func(w *World, times int) {
		packed := w.refused("errors/decompression-failed/")
		if len(packed) != 2*times {
			t.Errorf("%d records could not be decompressed, want %d", len(packed), 2*times)
		}
		for _, r := range packed {
			if r.ErrorCode != "Decompression failed." || !strings.HasPrefix(r.ErrorMessage, "Decompression failed because input data does not conform to cloudwatch log. (") ||
				r.Step != "unpack" || r.Part != nil || r.RawDataAfter != "" {
				t.Errorf("%+v", r)
			}
		}
		broken := w.refused("errors/processing-failed/")
		if len(broken) != times {
			t.Errorf("%d messages could not be split, want %d", len(broken), times)
		}
		for _, r := range broken {
			if r.ErrorCode != "Standpipe.Split" || r.ErrorMessage != "unexpected character instead of a value at byte 0" || !strings.HasPrefix(r.RawData, "no json ") ||
				r.Step != "split-json" || r.Part == nil || *r.Part != 1 || r.RawDataAfter != "unpack" {
				t.Errorf("%+v", r)
			}
		}
	})
}

func TestSplitWhileWorkersDie(t *testing.T) {
	put := func(w *World) {
		for range 3 {
			w.putPacked(3, func(lines []string) []byte { return []byte(strings.Join(lines, "")) })
			w.putPacked(5, func(lines []string) []byte {
				return []byte("[" + strings.Join(lines[:3], ", ") + "]\n[" + lines[3] + "] " + lines[4])
			})
			w.store("nothing", []byte("[]"))
		}
		w.putRefused(0, func(id int) string { return fmt.Sprintf(`{"id":%d}{"id":`, id) }, func(part string, _ []string) []byte { return []byte(part) })
	}
	whileWorkersDie(t, []steps.Step{splitBy(t, "json"), splitBy(t, "array")}, put, func(w *World, times int) {
		broken := w.refused("errors/processing-failed/")
		if len(broken) != times {
			t.Errorf("%d records could not be split, want %d", len(broken), times)
		}
		for _, r := range broken {
			if r.ErrorCode != "Standpipe.Split" || !strings.HasPrefix(r.ErrorMessage, "unexpected end of a value at byte ") || !strings.HasPrefix(r.RawData, `{"id":`) ||
				r.Step != "split-json" || r.Part != nil || r.RawDataAfter != "" {
				t.Errorf("%+v", r)
			}
		}
	})
}
