package transform

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"standpipe/internal/lambdafake"
	"standpipe/partition"
	"standpipe/sink"
)

// Every rule of Firehose's status model, for the records 0 ("a") and 1 ("b"). ID0 and ID1 stand for their ids.
func TestEveryRuleOfTheResponse(t *testing.T) {
	const (
		ok0    = `{"recordId":"ID0","result":"Ok","data":"QQ=="}`
		ok1    = `{"recordId":"ID1","result":"Ok","data":"Qg=="}`
		a, b   = "A raw a", "B raw b"
		failed = " processing-failed Lambda."
	)
	whole := func(r string) string { return `{"records":[` + r + `]}` }
	both := func(code string) []string { return []string{"a" + failed + code, "b" + failed + code} }
	for _, c := range []struct {
		name, response string
		want           []string
	}{
		{"all are fine", whole(ok0 + "," + ok1), []string{a, b}},
		{"in another order, with white space and other members", " {\n \"other\": {\"records\": 7}, \"records\" : [ " + ok1 + ",\t" + strings.Replace(ok0, "{", `{"x":[{}],`, 1) + "] }\n", []string{a, b}},
		{"escapes in names and values", whole(`{"record\u0049d":"ID0","result":"\u004fk","data":"Q\u0051\u003d="},` + ok1), []string{"\x41 raw a", b}},
		{"dropped leaves nothing, its data does not matter", whole(`{"recordId":"ID0","result":"Dropped","data":7},` + ok1), []string{b}},
		{"dropped without data", whole(`{"recordId":"ID0","result":"Dropped"},` + ok1), []string{b}},
		{"processing failed", whole(`{"recordId":"ID0","result":"ProcessingFailed","data":"QQ=="},` + ok1), []string{"a" + failed + "ProcessingFailedStatus", b}},
		{"a record is missing", whole(ok1), []string{"a" + failed + "MissingRecordId", b}},
		{"no records", whole(""), both("MissingRecordId")},
		{"no member records", `{}`, both("MissingRecordId")},
		{"records is null", `{"records":null}`, both("MissingRecordId")},
		{"records is an object", `{"records":{"recordId":"ID0"}}`, both("MissingRecordId")},
		{"names are told apart by case", `{"Records":[` + ok0 + `]}`, both("MissingRecordId")},
		{"the last member of a name counts", `{"records":[],"records":[` + ok0 + "," + ok1 + `]}`, []string{a, b}},
		{"a record twice", whole(ok0 + "," + ok1 + "," + ok0), []string{"a" + failed + "DuplicatedRecordId", b}},
		{"a record twice, once dropped", whole(ok0 + `,{"recordId":"ID0","result":"Dropped"},` + ok1), []string{"a" + failed + "DuplicatedRecordId", b}},
		{"unknown ids are ignored", whole(ok0 + `,{"recordId":"x","result":"Ok","data":"QQ=="},{"recordId":"x","result":7},` + ok1), []string{a, b}},
		{"ids of other types are unknown", whole(ok0 + `,{"recordId":0,"result":"Ok"},{"recordId":null},{},null,7,[],"ID1"`), []string{a, "b" + failed + "MissingRecordId"}},
		{"result is unknown", whole(`{"recordId":"ID0","result":"ok","data":"QQ=="},` + ok1), []string{"a" + failed + "InvalidReturnFormat", b}},
		{"result is missing", whole(`{"recordId":"ID0","data":"QQ=="},` + ok1), []string{"a" + failed + "InvalidReturnFormat", b}},
		{"result is no string", whole(`{"recordId":"ID0","result":["Ok"],"data":"QQ=="},` + ok1), []string{"a" + failed + "InvalidReturnFormat", b}},
		{"no data", whole(`{"recordId":"ID0","result":"Ok"},` + ok1), []string{"a" + failed + "InvalidReturnFormat", b}},
		{"data is null", whole(`{"recordId":"ID0","result":"Ok","data":null},` + ok1), []string{"a" + failed + "InvalidReturnFormat", b}},
		{"data is empty", whole(`{"recordId":"ID0","result":"Ok","data":""},` + ok1), []string{" raw a", b}},
		{"data is no base64", whole(`{"recordId":"ID0","result":"Ok","data":"{}"},` + ok1), []string{"a" + failed + "InvalidReturnFormat", b}},
		{"data is no string", whole(`{"recordId":"ID0","result":"Ok","data":{"a":1}},` + ok1), []string{"a" + failed + "InvalidReturnFormat", b}},
		{"not JSON", "<html>", both("JsonProcessingException")},
		{"broken JSON", whole(ok0)[:40], both("JsonProcessingException")},
		{"more than one value", whole(ok0) + "{}", both("JsonProcessingException")},
		{"nothing", "", both("JsonProcessingException")},
		{"null", "null", both("JsonProcessingException")},
		{"an array", "[" + ok0 + "]", both("JsonProcessingException")},
		{"a text", `"` + strings.Repeat("x", 100) + `"`, both("JsonProcessingException")},
		{"partition keys", whole(`{"recordId":"ID0","result":"Ok","data":"QQ==","metadata":{"partitionKeys":{"year":"2026","\u0063":"\u00e9","year":"2027","none":null,"empty":""}}},` + ok1), []string{a + " year=2027 c=é empty=", b}},
		{"no partition keys", whole(`{"recordId":"ID0","result":"Ok","data":"QQ==","metadata":{"partitionKeys":null}},` + strings.Replace(ok1, "{", `{"metadata":null,`, 1)), []string{a, b}},
		{"a partition key is a number", whole(`{"recordId":"ID0","result":"Ok","data":"QQ==","metadata":{"partitionKeys":{"year":2026}}},` + ok1), []string{"a metadata-extraction-failed DynamicPartitioning.MetadataExtractionFailed", b}},
		{"partition keys are no object", whole(`{"recordId":"ID0","result":"Ok","data":"QQ==","metadata":{"partitionKeys":["year"]}},` + ok1), []string{"a metadata-extraction-failed DynamicPartitioning.MetadataExtractionFailed", b}},
		{"metadata is no object", whole(`{"recordId":"ID0","result":"Ok","data":"QQ==","metadata":"year"},` + ok1), []string{"a metadata-extraction-failed DynamicPartitioning.MetadataExtractionFailed", b}},
		{"partition keys of what is dropped do not matter", whole(`{"recordId":"ID0","result":"Dropped","metadata":7},` + ok1), []string{b}},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls := 0
			bench := newBench(t, func(payload []byte) ([]byte, error) {
				calls++
				var e lambdafake.Event
				if err := json.Unmarshal(payload, &e); err != nil {
					return nil, err
				}
				return []byte(strings.NewReplacer("ID0", e.Records[0].RecordID, "ID1", e.Records[1].RecordID).Replace(c.response)), nil
			})
			out := bench.must(records("a", "b")...)
			if got := allShown(out); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if calls != 1 {
				t.Errorf("a response is final, but there were %d calls", calls)
			}
			for _, rec := range out {
				if f := rec.Failure; f != nil && (f.Attempts != 1 || f.LambdaARN != arn || f.Step != "tidy") {
					t.Errorf("failure %+v", f)
				}
			}
		})
	}
}

// The messages are Firehose's.
func TestMessagesOfFailures(t *testing.T) {
	for code, want := range map[string]string{
		`{"recordId":"ID0","result":"ProcessingFailed"}`: "ProcessingFailed status set for record",
		`{}`:                                    "One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids.",
		`{"recordId":"ID0"},{"recordId":"ID0"}`: "Multiple records were returned with the same record Id. Ensure that the Lambda function returns a unique record Id for each record.",
		`{"recordId":"ID0","result":"Ok"}`:      "The data field cannot be null when the SourceType is DirectPut or KinesisStreamAsSource and processing result is Ok. The value field cannot be null when the SourceType is MSKAsSource and processing result is Ok.",
		`]`:                                     "There was an error parsing returned records from the Lambda function. Ensure that the returned records follow the status model required by Amazon Data Firehose.",
		`{"recordId":"ID0","result":"Ok","data":"","metadata":{"partitionKeys":{"` + strings.Repeat("\u00e9", 99) + `":1}}}`: `The value of partition key "` + strings.Repeat(`\u00e9`, 16) + `" that the Lambda function returned is no string.`,
	} {
		b := newBench(t, func(payload []byte) ([]byte, error) {
			var e lambdafake.Event
			err := json.Unmarshal(payload, &e)
			return []byte(`{"records":[` + strings.ReplaceAll(code, "ID0", e.Records[0].RecordID) + `]}`), err
		})
		if got := b.must(records("a")...)[0].Failure.Message; got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

// What an error record would show of a record stays what it was, and everything else that stands behind it too.
func TestRecordsKeepWhatStandsBehindThem(t *testing.T) {
	b := newBench(t, lambdafake.Each(func(r lambdafake.Record) lambdafake.Result {
		res := r.Ok([]byte("new"))
		res.Metadata = &lambdafake.Metadata{PartitionKeys: map[string]string{"k": "v"}}
		return res
	}))
	query := []sink.KeyValue{{Key: partition.Key{Source: partition.Query, Name: "k"}, Value: "q"}}
	earlier, piece, empty := record(1, "data"), record(2, "data"), record(3, "")
	earlier.Raw, earlier.Keys = []byte("packed"), query[:1:1]
	piece.Raw, piece.RawAfter, piece.SubSequence = piece.Data, "split", 7
	empty.Data = nil
	bad := record(4, "bad")
	bad.Failure = &sink.Failure{Code: "Standpipe.Split"}
	out := b.must(earlier, bad, piece, empty)
	want := []string{"new raw packed partitionKeyFromQuery k=q k=v", "bad  Standpipe.Split", "new raw data k=v", "new raw  k=v"}
	if got := allShown(out); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if p := out[2]; p.RawAfter != "split" || p.SubSequence != 7 || p.Sequence != piece.Sequence || !p.Arrival.Equal(arrived) || out[3].Raw == nil {
		t.Errorf("%+v", p)
	}
}

// A response as large and as odd as a function can make it is read in a moment.
func TestHostileResponsesAreReadQuickly(t *testing.T) {
	many := func(n int, f func(int) string) string {
		var s strings.Builder
		for i := range n {
			if i > 0 {
				s.WriteByte(',')
			}
			s.WriteString(f(i))
		}
		return s.String()
	}
	const room = maxPayload - 1000
	for name, response := range map[string]string{
		"deep":           `{"records":` + strings.Repeat("[", room/2) + strings.Repeat("]", room/2) + "}",
		"deep, unclosed": strings.Repeat(`{"records":[`, room/12),
		"many records":   `{"records":[` + many(room/3, func(int) string { return "{}" }) + `]}`,
		"many members":   `{"records":[{` + many(room/10, func(int) string { return `"data":7` }) + `}]}`,
		"many keys": `{"records":[{"recordId":"ID0","result":"Ok","data":"","metadata":{"partitionKeys":{` +
			many(room/16, func(i int) string { return fmt.Sprintf(`"%07d":"v"`, i) }) + `}}}]}`,
		"one record, again and again": `{"records":[` + many(room/80, func(int) string { return `{"recordId":"ID0"}` }) + `]}`,
		"a long id":                   `{"records":[{"recordId":"` + strings.Repeat(`\n`, room/2) + `"}]}`,
	} {
		b := newBench(t, func(payload []byte) ([]byte, error) {
			var e lambdafake.Event
			err := json.Unmarshal(payload, &e)
			return []byte(strings.ReplaceAll(response, "ID0", e.Records[0].RecordID)), err
		})
		began := time.Now()
		out := b.must(records("a")...)
		took := time.Since(began)
		t.Logf("%s: %d bytes in %s", name, len(response), took)
		if took > 10*time.Second || len(out) != 1 {
			t.Errorf("%s: %d records after %s", name, len(out), took)
		}
	}
}

func FuzzResponse(f *testing.F) {
	f.Add([]byte(`{"records":[{"recordId":"ID","result":"Ok","data":"QQ==","metadata":{"partitionKeys":{"a":"b"}}}]}`))
	f.Add([]byte(`{"records":[[],{},"",1,null,{"recordId":"\u0000","data":"=","result":"Dropped"}]}`))
	l := New("tidy", Options{Function: arn, BufferSize: 1 << 20})
	f.Fuzz(func(t *testing.T, response []byte) {
		g := l.newGroup("s")
		g.add(sink.Record{Data: []byte("x"), Sequence: "1"}, &idMaker{})
		response = []byte(strings.ReplaceAll(string(response), "ID", g.entries[0].id))
		a := &answer{step: l, response: response, attempts: 1}
		out := a.apply(g)
		var strict struct {
			Records []struct{ RecordID, Result string }
		}
		if len(out) > 1 || json.Valid(response) && utf8.Valid(response) && a.code != "" && json.Unmarshal(response, &strict) == nil && response[0] == '{' {
			t.Errorf("%q gives %+v, %s", response, out, a.code)
		}
		if len(out) == 1 && out[0].Failure == nil && out[0].Raw == nil {
			t.Errorf("%q: the record's own bytes are lost", response)
		}
	})
}
