package redrive

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"standpipe/partition"
	"standpipe/sink"
)

// shapes are error records of Firehose, as its documents and its users show them, and of Standpipe.
var shapes = map[string]struct {
	key, record string
	want        parsed
}{
	"processing-failed of 2026": {"firehose/processing-failed/2026/09/10/04/stream-1-x",
		`{"rawData":"RkFJTCB0aGlzIG9uZQo=","errorCode":"Lambda.ProcessingFailedStatus","errorMessage":"ProcessingFailed status set for record","attemptsMade":1,"arrivalTimestamp":1789014240448,"attemptEndingTimestamp":1789014301529,"lambdaARN":"arn:aws:lambda:us-west-2:123456789012:function:probe"}`,
		expect("processing-failed", "Lambda.ProcessingFailedStatus", "FAIL this one\n", 1789014240448, sink.Record{})},
	"processing-failed of 2021": {"errors/stream-1-x",
		`{"attemptsMade":4,"arrivalTimestamp":1622242573374,"errorCode":"Lambda.InvokeAccessDenied","errorMessage":"Access was denied.","attemptEndingTimestamp":1622242649990,"rawData":"eyJhIjoxfQ==","lambdaArn":"arn"}`,
		expect("processing-failed", "Lambda.InvokeAccessDenied", `{"a":1}`, 1622242573374, sink.Record{})},
	"numbers as strings": {"errors/stream-1-x",
		`{"attemptsMade":"4","arrivalTimestamp":"1622242573374","errorCode":"Lambda.FunctionError","errorMessage":"m","attemptEndingTimestamp":"1622242649990","rawData":"","lambdaARN":"arn"}`,
		expect("processing-failed", "Lambda.FunctionError", "", 1622242573374, sink.Record{})},
	"format-conversion-failed as it is written": {"x/format-conversion-failedstream-1-x",
		`{"attemptsMade":1,"arrivalTimestamp":1789560304000,"lastErrorCode":"DataFormatConversion.MalformedData","lastErrorMessage":"The record was empty or contained only whitespace.","attemptEndingTimestamp":1789560360000,"rawData":"","sequenceNumber":"49671234567890","subSequenceNumber":0,"dataCatalogTable":{"catalogId":"123456789012","databaseName":"db","tableName":"events","region":"us-west-2","versionId":"LATEST","roleArn":"arn"}}`,
		expect("format-conversion-failed", "DataFormatConversion.MalformedData", "", 1789560304000, sink.Record{Sequence: "49671234567890"})},
	"format-conversion-failed as the page has it": {"x",
		`{"attemptsMade":1,"arrivalTimestamp":1789560304000,"ErrorCode":"DataFormatConversion.ParseError","ErrorMessage":"m","attemptEndingTimestamp":1789560360000,"rawData":"e30=","sequenceNumber":49671234567890,"subSequenceNumber":"3","dataCatalogTable":{"catalogArn":"arn"}}`,
		expect("format-conversion-failed", "DataFormatConversion.ParseError", "{}", 1789560304000, sink.Record{Sequence: "49671234567890", SubSequence: 3})},
	"metadata-extraction-failed": {"x",
		`{"attemptsMade":1,"arrivalTimestamp":1789560304000,"errorCode":"DynamicPartitioning.MetadataExtractionFailed","errorMessage":"partitionKeys values must not be null or empty","attemptEndingTimestamp":1789560360000,"rawData":"e30="}`,
		expect("metadata-extraction-failed", "DynamicPartitioning.MetadataExtractionFailed", "{}", 1789560304000, sink.Record{})},
	"decompression-failed": {"x",
		`{"rawData":"H4sI","errorCode":"Decompression failed.","errorMessage":"Decompression failed because input data does not conform to cloudwatch log.","attemptsMade":1,"arrivalTimestamp":1789560304000,"attemptEndingTimestamp":1789560360000}`,
		expect("decompression-failed", "Decompression failed.", "\x1f\x8b\x08", 1789560304000, sink.Record{})},
	"ours, behind a step, for one output": {"errors/processing-failed/year=2026/standpipe-clicks-x.ndjson.gz",
		`{"rawData":"e30=","errorCode":"Standpipe.JQ","errorMessage":"m","attemptsMade":1,"arrivalTimestamp":1789560304000,"attemptEndingTimestamp":1789560360000,"shardId":"shardId-000000000002","sequenceNumber":"4967","subSequenceNumber":1,"part":7,"step":"jq","rawDataAfter":"split","partitionKeys":{"partitionKeyFromQuery:customer":"c:1"},"output":"raw"}`,
		expect("processing-failed", "Standpipe.JQ", "{}", 1789560304000, sink.Record{Sequence: "4967", SubSequence: 1, Part: 7, RawAfter: "split",
			Keys:     []sink.KeyValue{{Key: partition.Key{Source: partition.Query, Name: "customer"}, Value: "c:1"}},
			Redriven: &sink.Redriven{Shard: "shardId-000000000002", Output: "raw"}})},
}

func expect(kind, code, data string, at int64, rec sink.Record) parsed {
	rec.Data, rec.Arrival = []byte(data), millis(at)
	if rec.Redriven == nil {
		rec.Redriven = &sink.Redriven{}
	}
	return parsed{kind, code, rec}
}

func show(p parsed) string {
	rd := p.rec.Redriven
	p.rec.Redriven = nil
	return fmt.Sprintf("%q %q %q %v %+v %+v", p.kind, p.code, p.rec.Data, p.rec.Arrival, p.rec, *rd)
}

func TestShapesOfErrorRecords(t *testing.T) {
	for name, s := range shapes {
		got, err := parse([]byte(s.record), s.key)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if show(got) != show(s.want) {
			t.Errorf("%s:\n got %s\nwant %s", name, show(got), show(s.want))
		}
	}
}

func TestWhatIsNoErrorRecord(t *testing.T) {
	for record, want := range map[string]string{
		`{}`:                                 "it has no rawData: it is no error record",
		`{"rawData":"e30="}`:                 "it has no errorCode: it is no error record",
		`{"rawData":"e30=","errorCode":"x"}`: "it has no arrivalTimestamp",
		`{"rawData":"e30=","errorCode":"x","arrivalTimestamp":-1}`:                              "its arrivalTimestamp -1 is no time in milliseconds",
		`{"rawData":"e30=","errorCode":"x","arrivalTimestamp":99999999999999999}`:               "its arrivalTimestamp 99999999999999999 is no time in milliseconds",
		`{"rawData":"e3","errorCode":"x","arrivalTimestamp":1}`:                                 "its rawData is no base64",
		`{"rawData":"e30=","errorCode":"x","arrivalTimestamp":"yesterday"}`:                     `it is no error record: "yesterday" is no whole number`,
		`{"rawData":5,"errorCode":"x","arrivalTimestamp":1}`:                                    "its rawData is a number",
		`{"rawData":"e30=","errorCode":{"secret":"value"},"arrivalTimestamp":1,"output":"raw"}`: "its errorCode is a object",
	} {
		if _, err := parse([]byte(record), "k"); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", record, err, want)
		}
	}
}

// read gives what stands in a file, in short.
func readAll(t *testing.T, in io.Reader, limit int) (got []string) {
	t.Helper()
	v := newValues(in)
	v.limit = limit
	for {
		x, err := v.next()
		if err == io.EOF {
			return got
		}
		if err != nil {
			return append(got, err.Error())
		}
		got = append(got, fmt.Sprintf("%d-%d line %d %s%s", x.at, x.end, x.line, x.data, x.fault))
	}
}

func TestValuesOfAFile(t *testing.T) {
	const none = "it is no JSON object"
	for text, want := range map[string][]string{
		"":                                nil,
		" \r\n\t":                         nil,
		`{"a":1}`:                         {`0-7 line 1 {"a":1}`},
		"{}\n{}\r\n\n{}":                  {"0-2 line 1 {}", "3-5 line 2 {}", "8-10 line 4 {}"},
		"{}{} {}":                         {"0-2 line 1 {}", "2-4 line 1 {}", "5-7 line 1 {}"},
		"\xef\xbb\xbf{}":                  {"3-5 line 1 {}"},
		"{\n \"a\": {\n}}\n{}":            {"0-12 line 1 {\n \"a\": {\n}}", "13-15 line 4 {}"},
		"5\n{}":                           {"0-1 line 1 " + none, "2-4 line 2 {}"},
		"no {}\n{}":                       {"0-5 line 1 " + none, "6-8 line 2 {}"},
		"{\"a\":\n{}":                     {"0-5 line 1 it is no JSON: unexpected end inside an object or array at byte 8", "6-8 line 2 {}"},
		"{\"a\":1\n{\"b\":2}\n":           {"0-6 line 1 it is no JSON: unexpected character instead of , or } in an object at byte 7", "7-14 line 2 {\"b\":2}"},
		`{"a":tru}{"b":2}{"c":"}{"}`:      {"0-9 line 1 it is no JSON: unexpected character instead of a value at byte 5", `9-16 line 1 {"b":2}`, `16-26 line 1 {"c":"}{"}`},
		"{\"a\":\"" + "x\n\"}\n{}":        {"0-7 line 1 it is no JSON: control character in a string at byte 7", "8-10 line 2 " + none, "11-13 line 3 {}"},
		strings.Repeat("x", 300) + "\n{}": {"0-300 line 1 " + none, "301-303 line 2 {}"},
		`{"a":"` + strings.Repeat("x", 300) + "\"}\n{}": {"0-308 line 1 it has more than 200 bytes", "309-311 line 2 {}"},
		"{}\n{\"a\":\"\xff\"}\n{}":                      {"0-2 line 1 {}", "3-12 line 2 it is no JSON: invalid UTF-8 in a string at byte 6", "13-15 line 3 {}"},
		"{}[{}]":                                        {"0-2 line 1 {}", "2-6 line 1 " + none},
		`{"a":1}}{"b":2}`:                               {`0-7 line 1 {"a":1}`, "7-8 line 1 " + none, `8-15 line 1 {"b":2}`},
	} {
		for name, in := range map[string]io.Reader{"whole": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text))} {
			if got := readAll(t, in, 200); !slices.Equal(got, want) {
				t.Errorf("%.60q %s:\n got %q\nwant %q", text, name, got, want)
			}
		}
	}
	broken := io.MultiReader(strings.NewReader("{}\n{\"a\""), iotest.ErrReader(io.ErrUnexpectedEOF))
	if got := readAll(t, broken, 200); !slices.Equal(got, []string{"0-2 line 1 {}", "unexpected EOF"}) {
		t.Errorf("a file that is cut short: %q", got)
	}
}

// FuzzErrorObject: whatever stands in an object, every byte of it is given once, as a value, as something else, or as white
// space; and what is parsed makes the same error record again.
func FuzzErrorObject(f *testing.F) {
	for _, s := range shapes {
		f.Add([]byte(s.record+s.record+"\n"+s.record), s.key)
		f.Add([]byte(s.record[:len(s.record)/2]+"\n"+s.record), s.key)
	}
	f.Add([]byte("{\"rawData\""), "x.gz")
	f.Fuzz(func(t *testing.T, data []byte, key string) {
		read := func(in io.Reader) (list []string) {
			v := newValues(in)
			v.limit = 1 << 12
			for at := int64(0); ; {
				x, err := v.next()
				if err == io.EOF {
					x.at, x.end = int64(len(data)), int64(len(data))
				} else if err != nil {
					t.Fatal(err)
				}
				if x.at < at || x.end < x.at || x.end == x.at && err == nil || x.end > int64(len(data)) || len(bytes.Trim(data[at:x.at], " \t\r\n\xef\xbb\xbf")) > 0 {
					t.Fatalf("%+v behind %d in %q", x, at, data)
				}
				if err == io.EOF {
					return list
				}
				at = x.end
				list = append(list, fmt.Sprintf("%d-%d %d %s", x.at, x.end, x.line, x.fault))
				if x.fault != "" {
					continue
				}
				if p, err := parse(x.data, key); err == nil && (!slices.Contains(Types, p.kind) || p.code == "" || p.rec.Redriven == nil) {
					t.Fatalf("%q is %+v", x.data, p)
				}
			}
		}
		if a, b := read(bytes.NewReader(data)), read(iotest.HalfReader(bytes.NewReader(data))); !slices.Equal(a, b) {
			t.Fatalf("%q, and read in pieces %q", a, b)
		}
		if r, err := content(key, bytes.NewReader(data)); err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(r, 1<<20))
			_ = r.Close()
		}
	})
}

// Codecs are told by content, whatever the name says.
func TestContentIsUnpacked(t *testing.T) {
	const text = "{\"a\":1}\n"
	packed := func(w func(io.Writer) io.WriteCloser, times int) []byte {
		var b bytes.Buffer
		for range times {
			z := w(&b)
			_, _ = z.Write([]byte(text))
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
		}
		return b.Bytes()
	}
	gz := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	zst := func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }
	raw := s2.EncodeSnappy(nil, []byte(text))
	xerial := append([]byte("\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00"), append([]byte{byte(len(raw))}, raw...)...)
	hadoop := append([]byte{0, 0, 0, byte(len(text)), 0, 0, 0, byte(len(raw))}, raw...)
	for name, data := range map[string][]byte{
		"a": []byte(text), "b.gz": []byte(text), "c": packed(gz, 1), "d.txt": packed(gz, 3), "e": packed(zst, 1), "f": xerial, "g.snappy": hadoop, "h.snappy": xerial,
	} {
		r, err := content(name, bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := io.ReadAll(r)
		if err != nil || strings.ReplaceAll(string(got), text, "") != "" || len(got) == 0 {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := content("x", bytes.NewReader([]byte("\x1f\x8bno gzip"))); err == nil {
		t.Error("damaged gzip is unpacked")
	}
}

func TestRanges(t *testing.T) {
	var r ranges
	for _, s := range []span{{10, 20}, {30, 40}, {20, 25}, {5, 6}, {50, 60}, {26, 52}, {0, 5}} {
		r.add(s)
	}
	if want := (ranges{{0, 6}, {10, 25}, {26, 60}}); !slices.Equal(r, want) {
		t.Fatalf("got %v, want %v", r, want)
	}
	for at, want := range map[int64]bool{0: true, 5: true, 6: false, 9: false, 10: true, 24: true, 25: false, 26: true, 59: true, 60: false} {
		if r.hold(at) != want {
			t.Errorf("%d: %v", at, !want)
		}
	}
	if (ranges)(nil).hold(0) {
		t.Error("nothing holds something")
	}
}
