package sink

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"standpipe/partition"
	"standpipe/sink/eventtime"
)

// eventTimes finds times at .time, which may be an hour old.
func eventTimes(t testing.TB) *eventtime.Finder {
	t.Helper()
	path, err := eventtime.ParsePath(".time")
	if err != nil {
		t.Fatal(err)
	}
	format, err := eventtime.ParseFormat("auto", nil)
	if err != nil {
		t.Fatal(err)
	}
	return eventtime.New(eventtime.Options{Path: path, Format: format, Oldest: time.Hour})
}

// keys reads records into an output and gives what finds the objects they belong to.
func keys(t testing.TB, out *Output) (key func(*Record) (objectKey, *Failure), s *Sink) {
	t.Helper()
	prefix, err := partition.Parse("x/!{timestamp:HH}/", partition.Data)
	if err != nil {
		t.Fatal(err)
	}
	out.Prefix = prefix
	s = fastSink(t, out, newBlackHole(), 64<<20)
	r := s.Read(t.Context(), "a", 1, "0")
	t.Cleanup(func() {
		r.Close()
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return func(rec *Record) (objectKey, *Failure) { return r.key(0, rec, s) }, s
}

func TestFilingARecordAllocatesNothing(t *testing.T) {
	for name, out := range map[string]*Output{
		"arrival": {}, "event time": {Timestamp: eventTimes(t)},
	} {
		key, _ := keys(t, out)
		rec := &Record{Data: []byte(`{"id":1,"time":"2026-07-13T13:30:00Z"}`), Arrival: time.Date(2026, 7, 13, 13, 45, 0, 0, time.UTC)}
		if n := testing.AllocsPerRun(100, func() { _, _ = key(rec) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// A record without a usable time is filed under its arrival or refused for the output alone, and counted; one that is no JSON is
// left to who refuses it for that, unless nobody does.
func TestRecordsWithoutAUsableTime(t *testing.T) {
	arrival := time.Date(2026, 7, 13, 13, 45, 0, 0, time.UTC)
	for _, c := range []struct {
		data             string
		reject, validate bool
		path, code       string
		reason           eventtime.Reason
	}{
		{`{"time":"2026-07-13T12:59:00Z"}`, true, true, "x/12/", "", ""},
		{`{"time":"2026-07-13T11:59:00Z"}`, true, true, "", "Standpipe.EventTime", eventtime.TooOld},
		{`{"time":"2026-07-13T11:59:00Z"}`, false, true, "x/13/", "", eventtime.TooOld},
		{`{}`, true, true, "", "Standpipe.EventTime", eventtime.Missing},
		{`{}`, false, true, "x/13/", "", eventtime.Missing},
		{`no JSON`, true, true, "x/13/", "", ""},
		{`no JSON`, false, true, "x/13/", "", ""},
		{`no JSON`, true, false, "", "Standpipe.EventTime", eventtime.NotJSON},
		{`no JSON`, false, false, "x/13/", "", eventtime.NotJSON},
	} {
		out := &Output{Timestamp: eventTimes(t), RejectUntimed: c.reject}
		key, s := keys(t, out)
		out.Validate = c.validate
		k, bad := key(&Record{Data: []byte(c.data), Arrival: arrival})
		if k.path != c.path || (bad == nil) != (c.code == "") {
			t.Errorf("%+v: path %q, %+v", c, k.path, bad)
		} else if bad != nil && (bad.Code != c.code || bad.Type != "processing-failed" || bad.Output != "out" || bad.Message == "") {
			t.Errorf("%+v: %+v", c, bad)
		}
		for _, why := range eventtime.Reasons() {
			want := 0.0
			if why == c.reason {
				want = 1
			}
			if got := testutil.ToFloat64(s.metrics.untimed.WithLabelValues("out", string(why))); got != want {
				t.Errorf("%+v: %v records %s", c, got, why)
			}
		}
	}
}

func BenchmarkFiling(b *testing.B) {
	for name, out := range map[string]*Output{"arrival": {}, "event time": {Timestamp: eventTimes(b)}} {
		b.Run(name, func(b *testing.B) {
			key, _ := keys(b, out)
			rec := &Record{Data: []byte(`{"id":1,"time":"2026-07-13T13:30:00Z"}`), Arrival: time.Date(2026, 7, 13, 13, 45, 0, 0, time.UTC)}
			b.ReportAllocs()
			for b.Loop() {
				_, _ = key(rec)
			}
		})
	}
}
