package sink

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

type errorLine struct {
	RawData, ErrorCode, ErrorMessage, ShardID, SequenceNumber string
	AttemptsMade, SubSequenceNumber                           int
	ArrivalTimestamp, AttemptEndingTimestamp                  int64
}

func TestErrorRecordIsOneLineOfJSON(t *testing.T) {
	arrival, now := time.UnixMilli(1_675_146_135_164), time.UnixMilli(1_675_146_200_000)
	for _, data := range []string{"", "plain", "two\nlines\n", "\xff\x00\xfe", strings.Repeat("x", 1<<20)} {
		rec := &Record{Data: []byte(data), Arrival: arrival, Sequence: "4959", SubSequence: 3}
		line := appendErrorRecord([]byte("before\n"), rec, &Failure{Type: "processing-failed", Code: "Standpipe.NotJSON", Message: "invalid \"x\"\nat \xff byte <7>"}, "shardId-000000000001", now)
		line, ok := bytes.CutPrefix(line, []byte("before\n"))
		if !ok || bytes.Count(line, []byte("\n")) != 1 || line[len(line)-1] != '\n' {
			t.Fatalf("line is %.200q", line)
		}
		var got errorLine
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&got); err != nil {
			t.Fatal(err)
		}
		raw, err := base64.StdEncoding.DecodeString(got.RawData)
		if err != nil || string(raw) != data {
			t.Errorf("raw data is %.100q, %v", raw, err)
		}
		got.RawData = ""
		want := errorLine{ErrorCode: "Standpipe.NotJSON", ErrorMessage: "invalid \"x\"\nat \ufffd byte <7>", ShardID: "shardId-000000000001", SequenceNumber: "4959",
			AttemptsMade: 1, SubSequenceNumber: 3, ArrivalTimestamp: 1_675_146_135_164, AttemptEndingTimestamp: 1_675_146_200_000}
		if got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
}

// A record that can not be delivered commits with its batch, in the path of its failure; the rest is delivered.
func TestRejectedRecordsGoToTheErrorOutput(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		r := b.read("a")
		resp := b.response(r, 1, 50)
		records := slices.Collect(resp.Records)
		at := records[0].Arrival
		resp.Records = slices.Values(append(records,
			Record{Data: []byte("not JSON"), Arrival: at, Sequence: "1"},
			Record{Data: nil, Arrival: at, Sequence: "1", SubSequence: 1},
			Record{Data: []byte(`{}`), Arrival: at, Sequence: "1", SubSequence: 2, Failure: &Failure{Type: "bad-aggregate", Code: "Standpipe.BadAggregate", Message: "cut short"}}))
		if err := r.Append(t.Context(), resp); err != nil {
			t.Fatal(err)
		}
		b.stop()
		synctest.Wait()
		b.wantAll(r)
		lines := map[string]int{}
		for key, o := range b.store.objects {
			if strings.HasPrefix(key, "errors/") {
				dir := key[:strings.LastIndexByte(key, '/')]
				lines[dir] += bytes.Count(o.data, []byte("\n"))
			}
		}
		if len(lines) != 2 || lines["errors/processing-failed"] != 2 || lines["errors/bad-aggregate"] != 1 {
			t.Errorf("error output holds %v", lines)
		}
	})
}

// TestErrorRecordSaysWhereItFailed: members of steps and outputs are there where there is something to say.
func TestErrorRecordSaysWhereItFailed(t *testing.T) {
	at := time.UnixMilli(1_675_146_135_164)
	rec := &Record{Data: []byte("{}"), Raw: []byte("raw"), RawAfter: "split", Part: 2, Arrival: at, Sequence: "49"}
	for want, f := range map[string]*Failure{
		`{"rawData":"cmF3","errorCode":"Lambda.FunctionError","errorMessage":"m","attemptsMade":4,"arrivalTimestamp":1675146135164,"attemptEndingTimestamp":1675146135164,` +
			`"lambdaARN":"arn:f","shardId":"s","sequenceNumber":"49","subSequenceNumber":0,"part":2,"step":"reshape","rawDataAfter":"split"}`: {
			Type: "processing-failed", Code: "Lambda.FunctionError", Message: "m", Attempts: 4, LambdaARN: "arn:f", Step: "reshape"},
		`{"attemptsMade":1,"arrivalTimestamp":1675146135164,"lastErrorCode":"DataFormatConversion.MalformedData","lastErrorMessage":"m","attemptEndingTimestamp":1675146135164,` +
			`"rawData":"cmF3","sequenceNumber":"49","subSequenceNumber":0,"dataCatalogTable":null,"shardId":"s","part":2,"rawDataAfter":"split","output":"rows"}`: {
			Type: conversionFailed, Code: "DataFormatConversion.MalformedData", Message: "m", Output: "rows"},
	} {
		if got := strings.TrimSuffix(string(appendErrorRecord(nil, rec, f, "s", at)), "\n"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
