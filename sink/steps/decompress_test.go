package steps

import (
	"bytes"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"standpipe/internal/kinesistest"
	"standpipe/sink"
)

// result is what a test looks at of a record that a step made.
type result struct{ data, raw, after, failure string }

// done gives what a step makes of a record that came as data.
func done(s Each, data []byte) (results []result) {
	s.Do(sink.Record{Data: data, Sequence: "49"}, func(r sink.Record) bool {
		got := result{data: string(r.Data), raw: string(r.Raw), after: r.RawAfter}
		if f := r.Failure; f != nil {
			got.failure = strings.Join([]string{f.Type, f.Code, f.Message, f.Step}, "|")
		}
		results = append(results, got)
		return true
	})
	return results
}

func newDecompress(t testing.TB, format string, limit int64) Each {
	t.Helper()
	s, err := NewDecompress("unpack", format, limit)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func expect(t *testing.T, name string, got []result, want ...result) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %d records %.300q, want %d", name, len(got), got, len(want))
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: record %d is\n%+q, want\n%+q", name, i, got[i], want[i])
		}
	}
}

func TestDecompressGzip(t *testing.T) {
	s := newDecompress(t, "gzip", 20)
	packed := kinesistest.Gzip([]byte(`{"a":1}`))
	expect(t, "gzip", done(s, packed), result{data: `{"a":1}`, raw: string(packed)})
	empty := kinesistest.Gzip(nil)
	expect(t, "gzip of nothing", done(s, empty), result{raw: string(empty)})
	expect(t, "text", done(s, []byte("text")), result{data: "text", failure: "decompression-failed|Decompression failed.|Decompression failed. (no gzip header at byte 0)|unpack"})
	large := kinesistest.Gzip(make([]byte, 21))
	expect(t, "too much", done(s, large), result{data: string(large), failure: "decompression-failed|Decompression failed.|Decompression failed. (unpacks to more than max_bytes, which is 20)|unpack"})
}

func TestDecompressKeepsTheRawOfAnEarlierStep(t *testing.T) {
	newDecompress(t, "gzip", 1024).Do(sink.Record{Data: kinesistest.Gzip([]byte("text")), Raw: []byte("raw"), RawAfter: "split"}, func(r sink.Record) bool {
		if string(r.Data) != "text" || string(r.Raw) != "raw" || r.RawAfter != "split" {
			t.Errorf("got %q, raw %q after %q", r.Data, r.Raw, r.RawAfter)
		}
		return true
	})
}

func TestDecompressRefusesOtherFormats(t *testing.T) {
	if _, err := NewDecompress("unpack", "zip", 1024); err == nil || err.Error() != `must be gzip or cloudwatch_logs, not "zip"` {
		t.Errorf("got %v", err)
	}
}

func TestCloudWatchLogs(t *testing.T) {
	s := newDecompress(t, "cloudwatch_logs", mebibyte)
	for _, c := range []struct {
		name, envelope string
		want           []string // the records' data, "" for one that is dropped
	}{
		{"one message", `{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":1,"message":"text"}]}`, []string{"text"}},
		{"several, and members nobody knows", `{"owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],"policyLevel":"ACCOUNT_LEVEL_POLICY","logEvents":[` +
			`{"id":"1","timestamp":1,"message":"a","extractedFields":{"message":"no","x":[{"message":"no"}]}},{"message":"b"}],"messageType":"DATA_MESSAGE","message":"no"}`, []string{"a", "b"}},
		{"a message that is JSON", `{"messageType":"DATA_MESSAGE","logEvents":[{"message":"{\"path\": \"\\/items\",\"n\":1.0}\n"},{"message":"[]"}]}`, []string{"{\"path\": \"\\/items\",\"n\":1.0}\n", "[]"}},
		{"white space everywhere", " {\n\"messageType\" : \"DATA_MESSAGE\" ,\t\"logEvents\" : [ { \"message\" : \"a\" } , { \"message\" :\r\"b\" } ] } \n", []string{"a", "b"}},
		{"escapes", `{"messageType":"DATA_MESSAGE","logEvents":[{"message":"\u00e9\ud83d\ude00\t\\"},{"message":"\ud800 \"x\""},{"message":"ü"}]}`, []string{"é😀\t\\", "\ufffd \"x\"", "ü"}},
		{"escapes in keys", `{"message\u0054ype":"DATA\u005fMESSAGE","log\u0045vents":[{"m\u0065ssage":"a"},{"message":"b"}]}`, []string{"a", "b"}},
		{"keys twice", `{"messageType":"x","logEvents":[{"message":"no"},7],"logEvents":[{"message":1,"message":"a"},{"message":"no","message":"b"}],"messageType":"DATA_MESSAGE"}`, []string{"a", "b"}},
		{"blank messages", `{"messageType":"DATA_MESSAGE","logEvents":[{"message":""},{"message":"a"},{"message":"\n"},{"message":" b "},{"message":"\u0020\t"}]}`, []string{"", "a", "", " b ", ""}},
	} {
		packed := kinesistest.Gzip([]byte(c.envelope))
		var want []result
		for _, data := range c.want {
			want = append(want, result{data: data, raw: data, after: "unpack"})
		}
		if len(want) == 1 {
			want[0] = result{data: c.want[0], raw: string(packed)}
		}
		expect(t, c.name, done(s, packed), want...)
	}
	expect(t, "no events", done(s, kinesistest.LogEvents()))
	expect(t, "a control message", done(s, kinesistest.LogControl()))
	expect(t, "a control message without events", done(s, kinesistest.Gzip([]byte(`{"messageType":"CONTROL_MESSAGE","logEvents":7}`))))
}

func TestCloudWatchLogsRefuses(t *testing.T) {
	s := newDecompress(t, "cloudwatch_logs", 1000)
	for _, c := range []struct{ envelope, want string }{
		{``, "no JSON object at byte 0 of what was unpacked"},
		{` []`, "no JSON object at byte 1 of what was unpacked"},
		{`{"messageType":"DATA_MESSAGE","logEvents":[]`, "unexpected end inside an object or array at byte 44 of what was unpacked"},
		{`{"messageType":"DATA_MESSAGE","logEvents":[{"message":"a"},]}`, "unexpected character instead of a value at byte 59 of what was unpacked"},
		{`{"messageType":"DATA_MESSAGE","logEvents":[]}{}`, "unexpected character after the object at byte 45 of what was unpacked"},
		{`{"messageType":"DATA_MESSAGE","logEvents":[{"message":"a"},{"message":"\x"}]}`, "invalid escape in a string at byte 71 of what was unpacked"},
		{`{"messageType":"DATA_MESSAGE"}`, "logEvents is no array"},
		{`{"messageType":"DATA_MESSAGE","logEvents":null}`, "logEvents is no array"},
		{`{"messageType":"DATA_MESSAGE","logEvents":[{"message":"a"},"b"]}`, "no log event at byte 59 of what was unpacked"},
		{`{"messageType":"DATA_MESSAGE","logEvents":[{"message":"a"},{"id":"1"}]}`, "no message in the log event at byte 59 of what was unpacked"},
		{`{"messageType":"DATA_MESSAGE","logEvents":[{"message":{"a":1}}]}`, "no message in the log event at byte 43 of what was unpacked"},
		{`{"logEvents":[{"message":"a"}]}`, "messageType is neither DATA_MESSAGE nor CONTROL_MESSAGE"},
		{`{"messageType":"OTHER","logEvents":[]}`, "messageType is neither DATA_MESSAGE nor CONTROL_MESSAGE"},
		{`{"messageType":["DATA_MESSAGE"],"logEvents":[]}`, "messageType is neither DATA_MESSAGE nor CONTROL_MESSAGE"},
		{`{"messageType":"DATA_MESSAGE","messageType":7,"logEvents":[]}`, "messageType is neither DATA_MESSAGE nor CONTROL_MESSAGE"},
		{string(make([]byte, 1001)), "unpacks to more than max_bytes, which is 1000"},
	} {
		packed := kinesistest.Gzip([]byte(c.envelope))
		expect(t, c.envelope, done(s, packed), result{data: string(packed), failure: "decompression-failed|Decompression failed.|" +
			"Decompression failed because input data does not conform to cloudwatch log. (" + c.want + ")|unpack"})
	}
	plain := kinesistest.LogEnvelope("DATA_MESSAGE", "a")
	expect(t, "not packed", done(s, plain), result{data: string(plain), failure: "decompression-failed|Decompression failed.|" +
		"Decompression failed because input data does not conform to cloudwatch log. (no gzip header at byte 0)|unpack"})
}

func TestCloudWatchLogsInAChain(t *testing.T) {
	reg := prometheus.NewRegistry()
	c := NewChain([]Step{newDecompress(t, "cloudwatch_logs", mebibyte)}, sink.NewMemory(1), reg)
	out, free, err := c.Run(t.Context(), "s", records(string(kinesistest.LogEvents("a", "", "b", " ")), string(kinesistest.LogControl()), string(kinesistest.LogEvents("", "c")), string(kinesistest.LogEvents("")), "x"))
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for rec := range out {
		got += string(rec.Data) + " "
	}
	free()
	if got != "a b c x " {
		t.Errorf("got %q", got)
	}
	const want = `
# HELP standpipe_step_records_total Records that a step took, made of them, dropped, and sent to the error output.
# TYPE standpipe_step_records_total counter
standpipe_step_records_total{result="dropped",step="unpack"} 5
standpipe_step_records_total{result="failed",step="unpack"} 1
standpipe_step_records_total{result="made",step="unpack"} 3
standpipe_step_records_total{result="taken",step="unpack"} 5
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "standpipe_step_records_total"); err != nil {
		t.Error(err)
	}
}

// What is unpacked counts as memory while it is on its way to the outputs, and no longer.
func TestDecompressedRecordsAreCounted(t *testing.T) {
	text := strings.Repeat("x", 100_000)
	for _, format := range []string{"gzip", "cloudwatch_logs"} {
		for _, most := range []int{1, 100} {
			memory := sink.NewMemory(mebibyte)
			c := NewChain([]Step{newDecompress(t, format, mebibyte)}, memory, prometheus.NewRegistry())
			out, free, err := c.Run(t.Context(), "s", records(string(kinesistest.LogEvents(text, "b")), "no gzip", string(kinesistest.LogEvents(text))))
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for rec := range out {
				if used := memory.Used(); (rec.Failure == nil) != (used >= int64(len(text))) || used > 3*int64(len(text)) {
					t.Errorf("%s: %d bytes are counted while a record of %d is given", format, used, len(rec.Data))
				}
				if n++; n == most {
					break
				}
			}
			free()
			if n < min(most, 3) || memory.Used() != 0 {
				t.Errorf("%s: %d bytes are counted for ever, after %d records", format, memory.Used(), n)
			}
		}
	}
}

func TestCloudWatchLogsKeepsItsPieces(t *testing.T) {
	s := newDecompress(t, "cloudwatch_logs", mebibyte)
	packed := kinesistest.LogEvents(`{"a":"\"é"}`, "b\n", "c")
	before := bytes.Clone(packed)
	var kept []sink.Record
	for range 3 {
		s.Do(sink.Record{Data: packed}, func(r sink.Record) bool {
			kept = append(kept, r)
			return true
		})
	}
	for i, r := range kept {
		if want := []string{`{"a":"\"é"}`, "b\n", "c"}[i%3]; string(r.Data) != want || cap(r.Data) != len(r.Data) {
			t.Errorf("record %d is %q with room for %d", i, r.Data, cap(r.Data))
		}
	}
	if !bytes.Equal(packed, before) {
		t.Error("changed what it was given")
	}
	n := 0
	if s.Do(sink.Record{Data: packed}, func(sink.Record) bool { n++; return false }) || n != 1 {
		t.Errorf("went on for %d records after it was told to end", n)
	}
}
