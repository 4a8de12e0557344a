package endtoend

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/sink"
	"standpipe/sink/eventtime"
	"standpipe/sink/parquet"
)

// timed has an output file records by the time at .time, which may be a week old and an hour ahead.
func timed(t *testing.T, out *sink.Output, reject bool) *sink.Output {
	t.Helper()
	where, err := eventtime.ParsePath(".time")
	if err != nil {
		t.Fatal(err)
	}
	format, err := eventtime.ParseFormat("auto", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	out.Timestamp = eventtime.New(eventtime.Options{Path: where, Format: format, Oldest: 7 * 24 * time.Hour, Newest: time.Hour})
	out.RejectUntimed = reject
	return out
}

// modern waits for a full hour of a year whose milliseconds are told from seconds by their size; a bubble begins in 2000.
func modern() time.Time {
	then := time.Date(2026, 7, 13, 14, 0, 0, 0, time.UTC)
	time.Sleep(time.Until(then))
	return then
}

// putTimed puts a record with members behind its number.
func (w *World) putTimed(members string) *entry {
	w.T.Helper()
	e := w.next()
	e.line = fmt.Sprintf(`{"id":%d,"path":"/"%s}`, e.id, members)
	w.store(fmt.Sprintf("key-%d", e.id), []byte(e.line), e)
	return e
}

// folders says under which folders the records' numbers lie.
func (w *World) folders(prefix string) map[int]string {
	w.T.Helper()
	found := map[int]string{}
	for _, o := range w.S3.Objects(Bucket) {
		if !strings.HasPrefix(o.Key, prefix) {
			continue
		}
		for _, line := range w.ReadLines(o.Key) {
			var rec struct{ ID int }
			if err := json.Unmarshal([]byte(line), &rec); err != nil {
				w.T.Fatal(err)
			}
			found[rec.ID] = strings.TrimPrefix(path.Dir(o.Key), prefix)
		}
	}
	return found
}

// Records lie under the time of their event, exactly once, although a worker dies; those without a usable time under their
// arrival's, or once in the error output for the output that wants one. Lines and rows alike.
func TestRecordsLieUnderTheTimeOfTheirEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := modern()
		w := New(t, 2)
		at := func(d time.Duration) string { return now.Add(d).Format("2006/01/02/15") }
		text := func(d time.Duration) string { return now.Add(d).Format(`,"time":"2006-01-02T15:04:05.000Z"`) }
		arrival := at(0)
		unusable := map[int]string{} // and what their error records say
		want := map[int]string{}
		put := func(members, folder, complaint string) {
			e := w.putTimed(members)
			want[e.id] = folder
			if complaint != "" {
				unusable[e.id] = complaint
			}
		}
		fill := func() {
			put(text(0), arrival, "")
			put(text(-time.Millisecond), at(-time.Hour), "")
			put(text(-26*time.Hour), at(-26*time.Hour), "")
			put(text(-7*24*time.Hour+time.Minute), at(-7*24*time.Hour), "")
			put(text(59*time.Minute), arrival, "")
			put(text(time.Hour), at(time.Hour), "")
			put(fmt.Sprintf(`,"time":%d`, now.Add(-5*time.Hour).Unix()), at(-5*time.Hour), "")
			put(fmt.Sprintf(`,"time":"%d"`, now.Add(-5*time.Hour).UnixMilli()), at(-5*time.Hour), "")
			put(fmt.Sprintf(`,"time":%d.5,"x":{"time":0}`, now.Add(-3*time.Hour).UnixMicro()), at(-3*time.Hour), "")
			put(text(-8*24*time.Hour), arrival, "more than 168h0m0s before its arrival")
			put(text(2*time.Hour), arrival, "more than 1h0m0s after its arrival")
			put(`,"time":0`, arrival, "found 0, which is 1970-01-01T00:00:00Z, more than")
			put(`,"time":"9999-12-31T23:59:59Z"`, arrival, "which is 9999-12-31T23:59:59Z, more than")
			put(`,"time":253402300800`, arrival, "more than")
			put(`,"time":-1e99`, arrival, "found -1e99, expected seconds")
			put(`,"time":null`, arrival, "nothing is there")
			put(``, arrival, "nothing is there")
			put(`,"time":"soon"`, arrival, `found "soon", expected`)
			put(`,"time":{"at":1}`, arrival, `found {"at":1}, expected`)
		}
		wanted := timed(t, w.Output("wanted", "wanted/!{timestamp:yyyy/MM/dd/HH}/", "gzip"), true)
		rows := timed(t, w.parquetOutput("rows", "rows/!{timestamp:yyyy/MM/dd/HH}/", parquet.FileOptions{}), false)
		strict := timed(t, w.parquetOutput("strict", "strict/!{timestamp:yyyy/MM/dd/HH}/", parquet.FileOptions{}), true)
		set := Settings{Outputs: []*sink.Output{
			timed(t, w.Output("lines", "lines/!{timestamp:yyyy/MM/dd/HH}/", "gzip"), false), wanted, rows, strict, w.Output("arrival", "arrival/!{timestamp:yyyy/MM/dd/HH}/", "none"),
		}}
		fill()
		first := w.Start(set)
		time.Sleep(1900 * time.Millisecond) // within the first batch's interval
		first.Kill()
		second := w.Start(set)
		fill()
		w.raw([]byte("no JSON"))
		w.raw([]byte(`{"id":1`))
		w.Exactly(2*time.Minute, "lines/", "rows/", "arrival/")
		w.eventually(time.Minute, "what is no JSON", func() bool { return len(w.Lines("errors/")) >= 2*len(unusable)+2 })
		if err := second.Stop(); err != nil {
			t.Fatal(err)
		}
		first.Gone()
		w.Exactly(0, "lines/", "rows/", "arrival/")

		for _, prefix := range []string{"lines/", "rows/"} {
			got := w.folders(prefix)
			for id, folder := range want {
				if got[id] != folder {
					t.Errorf("record %s lies under %s%s, want %s", w.truth.byID[id].line, prefix, got[id], folder)
				}
			}
		}
		for _, prefix := range []string{"wanted/", "strict/"} {
			got := w.folders(prefix)
			for id, folder := range want {
				if unusable[id] != "" {
					folder = ""
				}
				if got[id] != folder {
					t.Errorf("record %s lies under %s%q, want %q", w.truth.byID[id].line, prefix, got[id], folder)
				}
			}
			for id, n := range w.Delivered(prefix) {
				if n != 1 {
					t.Errorf("record %d is %d times under %s", id, n, prefix)
				}
			}
		}
		for id, folder := range w.folders("arrival/") {
			if folder != arrival {
				t.Errorf("record %d lies under arrival/%s", id, folder)
			}
		}
		complaints, broken := map[string]int{}, 0
		for _, line := range w.Lines("errors/processing-failed/") {
			var e struct{ RawData, ErrorCode, ErrorMessage, Output string }
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatal(err)
			}
			if e.ErrorCode == "Standpipe.NotJSON" {
				broken++
				continue
			}
			data, err := base64.StdEncoding.DecodeString(e.RawData)
			var rec struct{ ID int }
			if err != nil || json.Unmarshal(data, &rec) != nil || w.truth.byID[rec.ID].line != string(data) {
				t.Fatalf("error record %s", line)
			}
			if e.ErrorCode != "Standpipe.EventTime" || !strings.HasPrefix(e.ErrorMessage, "no usable time at .time: ") || !strings.Contains(e.ErrorMessage, unusable[rec.ID]) || unusable[rec.ID] == "" {
				t.Errorf("error record %s of %s", line, data)
			}
			complaints[fmt.Sprint(rec.ID, e.Output)]++
		}
		for id := range unusable {
			for _, output := range []string{"wanted", "strict"} {
				if n := complaints[fmt.Sprint(id, output)]; n != 1 {
					t.Errorf("record %d is %d times in the error output for %s", id, n, output)
				}
			}
		}
		if broken != 2 || len(complaints) != 2*len(unusable) {
			t.Errorf("%d records are no JSON, %d have no time", broken, len(complaints))
		}
	})
}

// Of several values in a record the first one's time counts for all of them, in rows as in lines.
func TestTheFirstValueOfARecordGivesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := modern()
		w := New(t, 1)
		w.raw(fmt.Appendf(nil, "{\"id\":1,\"time\":%d}\n{\"id\":2,\"time\":%d}\n{\"id\":3}", now.Add(-3*time.Hour).Unix(), now.Unix()))
		wk := w.Start(Settings{Outputs: []*sink.Output{
			timed(t, w.Output("lines", "lines/!{timestamp:yyyy/MM/dd/HH}/", "gzip"), true),
			timed(t, w.parquetOutput("rows", "rows/!{timestamp:yyyy/MM/dd/HH}/", parquet.FileOptions{}), true),
		}})
		w.eventually(time.Minute, "the values", func() bool { return len(w.Lines("lines/"))+len(w.Lines("rows/")) >= 6 })
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
		for _, prefix := range []string{"lines/", "rows/"} {
			for id, folder := range w.folders(prefix) {
				if folder != now.Add(-3*time.Hour).Format("2006/01/02/15") {
					t.Errorf("value %d lies under %s%s", id, prefix, folder)
				}
			}
		}
	})
}

// Whatever times a producer makes up, they open no more paths than the bounds have hours.
func TestHostileTimesOpenFewPaths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		modern()
		w := New(t, 1)
		r := rand.New(rand.NewPCG(7, 8))
		for range 3000 {
			w.putTimed(fmt.Sprintf(`,"time":"%04d-%02d-%02dT%02d:00:00Z"`, r.IntN(10_000), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24)))
		}
		for range 3000 {
			w.putTimed(fmt.Sprintf(`,"time":%d`, r.Uint64()>>r.IntN(64)))
		}
		wk := w.Start(Settings{Outputs: []*sink.Output{timed(t, w.Output("lines", "lines/!{timestamp:yyyy/MM/dd/HH}/", "gzip"), false)}})
		w.Exactly(5*time.Minute, "lines/")
		if err := wk.Stop(); err != nil {
			t.Fatal(err)
		}
		paths := map[string]bool{}
		for _, folder := range w.folders("lines/") {
			paths[folder] = true
		}
		if len(paths) > 7*24+2 {
			t.Errorf("%d paths", len(paths))
		}
	})
}
