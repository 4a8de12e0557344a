package steps

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"

	"standpipe/internal/kinesistest"
	"standpipe/sink"
)

// referenceMessages reads an envelope with encoding/json.
func referenceMessages(data []byte) (messages []string, control, ok bool) {
	var members map[string]json.RawMessage
	if !utf8.Valid(data) || json.Unmarshal(data, &members) != nil || members == nil {
		return nil, false, false
	}
	var kind any
	_ = json.Unmarshal(members["messageType"], &kind)
	if kind == "CONTROL_MESSAGE" {
		return nil, true, true
	}
	var events []map[string]json.RawMessage
	if kind != "DATA_MESSAGE" || json.Unmarshal(members["logEvents"], &events) != nil || events == nil {
		return nil, false, false
	}
	for _, e := range events {
		var message any
		_ = json.Unmarshal(e["message"], &message)
		text, isText := message.(string)
		if !isText {
			return nil, false, false
		}
		if blank([]byte(text)) {
			text = ""
		}
		messages = append(messages, text)
	}
	return messages, false, true
}

func FuzzCloudWatchLogs(f *testing.F) {
	f.Add(kinesistest.LogEnvelope("DATA_MESSAGE", "a", `{"b":"c\n"}`, "", "é😀"))
	f.Add(kinesistest.LogEnvelope("CONTROL_MESSAGE", "a"))
	for _, seed := range []string{
		`{"messageType":"DATA_MESSAGE","logEvents":[{"message":"\ud800\ud83d\ude00\\"},{"message":" "}],"x":{"logEvents":[]}}`,
		`{"log\u0045vents":[{"m\u0065ssage":"a","message":"b"}],"messageType":"DATA_\u004dESSAGE","messageType":"DATA_MESSAGE"}`,
		`{"messageType":"DATA_MESSAGE","logEvents":null}`, `null`, ` {} `, `{"messageType":"DATA_MESSAGE","logEvents":[null,{}]}`,
	} {
		f.Add([]byte(seed))
	}
	s := newDecompress(f, "cloudwatch_logs", mebibyte)
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) > 10_000 || len(data) > mebibyte {
			t.Skip("more than encoding/json reads, or than the step takes")
		}
		want, control, ok := referenceMessages(data)
		var got []string
		failed := false
		s.Do(sink.Record{Data: kinesistest.Gzip(data)}, func(r sink.Record) bool {
			failed = failed || r.Failure != nil
			got = append(got, string(r.Data))
			return true
		})
		if failed == ok {
			t.Fatalf("failed: %v, encoding/json takes it: %v", failed, ok)
		}
		if failed {
			return
		}
		if control && len(got) != 0 || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("got  %q\nwant %q (control: %v)", got, want, control)
		}
	})
}

// Hostile records take time and memory by their length.
func TestCloudWatchLogsHostile(t *testing.T) {
	size := much
	limit := 2 * size
	s := newDecompress(t, "cloudwatch_logs", int64(limit))
	for name, envelope := range map[string]string{
		"brackets":       strings.Repeat("[", size),
		"deep":           `{"x":` + strings.Repeat("[", size/2) + strings.Repeat("]", size/2) + `,"messageType":"DATA_MESSAGE","logEvents":[]}`,
		"empty messages": `{"messageType":"DATA_MESSAGE","logEvents":[` + strings.Repeat(`{"message":""},`, size/15) + `{"message":"a"}]}`,
		"no messages":    `{"messageType":"DATA_MESSAGE","logEvents":[` + strings.Repeat(`{},`, size/3) + `{}]}`,
		"many lists":     `{"messageType":"DATA_MESSAGE",` + strings.Repeat(`"logEvents":[{"message":"a"}],`, size/30) + `"x":1}`,
		"escapes":        `{"messageType":"DATA_MESSAGE","logEvents":[{"message":"` + strings.Repeat(`\u00e9`, size/6) + `"}]}`,
		"escaped keys":   `{` + strings.Repeat(`"\u00e9":1,`, size/11) + `"messageType":"DATA_MESSAGE","logEvents":[]}`,
		"a bomb":         strings.Repeat(" ", 8*size),
	} {
		packed := kinesistest.Gzip([]byte(envelope))
		records := 0
		got := allocated(func() {
			s.Do(sink.Record{Data: packed}, func(sink.Record) bool { records++; return true })
		})
		if most := int64(7*min(len(envelope), limit)) + 8*int64(len(packed)) + mebibyte; got > most {
			t.Errorf("%s: %d bytes became %d records and took %d bytes, more than %d", name, len(envelope), records, got, most)
		}
	}
}

// accessLogs is a record of access logs as they come from CloudWatch Logs.
func accessLogs(n int) (packed []byte, unpacked int) {
	var messages []string
	for i := range n {
		messages = append(messages, fmt.Sprintf(`{"requestId": "f0a72781-3a69-4bd8-bef0-%012x", "ip": "15.165.43.%d", "user": "-", "requestTime": %d, `+
			`"httpMethod": "GET", "resourcePath": "/random/strings", "status": %d, "protocol": "HTTP/1.1", "responseLength": %d}`, i*7919, i%256, 1675146135164+int64(i*37), 200+i%5*50, i*31%997))
	}
	envelope := kinesistest.LogEnvelope("DATA_MESSAGE", messages...)
	return kinesistest.Gzip(envelope), len(envelope)
}

func BenchmarkDecompress(b *testing.B) {
	for _, n := range []int{1, 20, 1000} {
		packed, unpacked := accessLogs(n)
		for _, format := range []string{"gzip", "cloudwatch_logs"} {
			b.Run(fmt.Sprintf("%s/%d-events", format, n), func(b *testing.B) {
				s := newDecompress(b, format, 64*mebibyte)
				b.SetBytes(int64(unpacked))
				b.ReportAllocs()
				for b.Loop() {
					s.Do(sink.Record{Data: packed}, func(r sink.Record) bool {
						if r.Failure != nil {
							b.Fatal(r.Failure.Message)
						}
						return true
					})
				}
			})
		}
		b.Run(fmt.Sprintf("plain-gunzip/%d-events", n), func(b *testing.B) {
			r, err := gzip.NewReader(bytes.NewReader(packed))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(unpacked))
			for b.Loop() {
				if err := r.Reset(bytes.NewReader(packed)); err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
