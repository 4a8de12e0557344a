package endtoend

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/kinesistest"
)

// hostile is a record and what has to become of it: these lines, or an error record for each of these pieces of it.
type hostile struct {
	data   []byte
	lines  []string
	errors []string
}

// hostilely puts the records, lets a worker carry them, and wants of each line and error record as many as there must
// be: no more, no less, and nothing else.
func (w *World) hostilely(records map[string]hostile) {
	w.T.Helper()
	wantLines, wantErrors := map[string]int{}, map[string]int{}
	var last string
	for _, h := range records {
		_, last = w.raw(h.data)
		for _, l := range h.lines {
			wantLines[l]++
		}
		for _, e := range h.errors {
			wantErrors[e]++
		}
	}
	wk := w.Start(Settings{})
	w.eventually(5*time.Minute, "all records", func() bool { return w.leases()[shard(0)][1] == last })
	if err := wk.Stop(); err != nil {
		w.T.Fatal(err)
	}
	lines, rejected := map[string]int{}, map[string]int{}
	for _, l := range w.Lines("clicks/") {
		lines[l]++
	}
	for _, l := range w.Lines("errors/processing-failed/") {
		var e struct{ RawData []byte }
		if err := json.Unmarshal([]byte(l), &e); err != nil {
			w.T.Fatal(err)
		}
		rejected[string(e.RawData)]++
	}
	for what, got := range map[string][2]map[string]int{"line": {lines, wantLines}, "error record": {rejected, wantErrors}} {
		for _, text := range append(keysOf(got[0]), keysOf(got[1])...) {
			if got[0][text] != got[1][text] {
				w.T.Errorf("%s %.60q is there %d times, want %d", what, text, got[0][text], got[1][text])
			}
		}
	}
}

func keysOf(m map[string]int) (keys []string) {
	for k := range maps.Keys(m) {
		keys = append(keys, k)
	}
	return keys
}

// What producers write into records can not be taken for what Standpipe writes for itself.
func TestRecordsThatLookLikeOurOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		good := func(s string) hostile { return hostile{data: []byte(s), lines: []string{s}} }
		bad := func(s string) hostile { return hostile{data: []byte(s), errors: []string{s}} }
		answer := fmt.Sprintf(`{"Records":[{"Data":"%s","PartitionKey":"","SequenceNumber":"0"}],"NextShardIterator":"%s","MillisBehindLatest":0}`,
			base64.StdEncoding.EncodeToString([]byte(`{"id":1}`)), shard(0))
		w.hostilely(map[string]hostile{
			"a GetRecords answer":          good(answer),
			"the record of an envelope":    good(`{"Data":null,"PartitionKey":"","SequenceNumber":"0"}`),
			"the envelope's sequence":      good("0"),
			"a shard's name":               bad(shard(0)),
			"a finished shard":             bad("SHARD_END"),
			"an error record":              good(`{"rawData":"eA==","errorCode":"Standpipe.NotJSON","errorMessage":"x","attemptsMade":1,"arrivalTimestamp":1,"attemptEndingTimestamp":1,"shardId":"shardId-000000000000","sequenceNumber":"1","subSequenceNumber":0}`),
			"a journal":                    {data: []byte("{\"version\":1,\"batch\":\"b\",\"shards\":0,\"objects\":0}\n{\"bucket\":\"lake\",\"key\":\"clicks/x\"}\n"), lines: []string{`{"version":1,"batch":"b","shards":0,"objects":0}`, `{"bucket":"lake","key":"clicks/x"}`}},
			"a prefix expression":          good(`"!{firehose:error-output-type}/!{timestamp:yyyy}"`),
			"a format of printf":           good(`{"%s%d%n":"%!s(MISSING)"}`),
			"a gzip member":                bad("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
			"a lease row":                  good(`{"leaseKey":"shardId-000000000000","checkpoint":"SHARD_END"}`),
			"an error of Kinesis":          good(`{"__type":"ExpiredIteratorException","message":"x"}`),
			"an error of the KCL":          bad("panic: runtime error: index out of range"),
			"a CloudWatch control message": good(`{"messageType":"CONTROL_MESSAGE","logEvents":[]}`),
		})
	})
}

// Text at the edges of JSON, UTF-8 and lines.
func TestHostileText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		good := func(s string) hostile { return hostile{data: []byte(s), lines: []string{s}} }
		bad := func(s string) hostile { return hostile{data: []byte(s), errors: []string{s}} }
		huge := strings.Repeat("9", 1<<20)
		values := strings.Repeat("{\"v\":1}", 1000)
		w.hostilely(map[string]hostile{
			"line separators":         good("{\"a\":\"\u2028\u2029\u0085\"}"),
			"escaped separators":      good(`{"b":"\n\r\u000a\u2028"}`),
			"a line end in a string":  bad("{\"c\":\"\n\"}"),
			"NUL":                     bad("{\"d\":\"\x00\"}"),
			"NULs":                    bad(strings.Repeat("\x00", 1000)),
			"NUL after a value":       bad("{}\x00"),
			"an escaped NUL":          good(`{"e":"\u0000"}`),
			"a huge number":           good(huge),
			"a huge exponent":         good(`{"f":1e` + huge[:1000] + `}`),
			"too small for a float":   good(`{"g":-0.0e-99999999999999999999}`),
			"byte-order mark":         {data: []byte("\xef\xbb\xbf{\"h\":1}"), lines: []string{`{"h":1}`}},
			"a mark of UTF-16":        bad("\xff\xfe{\x00}\x00"),
			"nothing but a mark":      bad("\xef\xbb\xbf"),
			"two marks":               bad("\xef\xbb\xbf\xef\xbb\xbf{}"),
			"many values":             {data: []byte(values), lines: strings.Split(strings.TrimSuffix(strings.ReplaceAll(values, "}", "}\n"), "\n"), "\n")},
			"values and rubbish":      bad(values + "x"),
			"a lone surrogate":        good(`{"i":"\ud800"}`),
			"a surrogate in UTF-8":    bad("{\"j\":\"\xed\xa0\x80\"}"),
			"an overlong slash":       bad("{\"k\":\"\xc0\xaf\"}"),
			"the same key often":      good(`{"l":1,"l":2,"l":3}`),
			"keys of objects' bones":  good(`{"__proto__":{"x":1},"constructor":null}`),
			"NaN":                     bad("NaN"),
			"a comment":               bad("{} // x"),
			"other white space":       bad("\u00a0{}"),
			"only line ends":          bad("\r\n\r\n"),
			"a million open brackets": bad(strings.Repeat("[", 1_000_000)),
			"a million brackets":      good(strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000)),
		})
	})
}

// KPL aggregates that no KPL writes.
func TestHostileAggregates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(t, 1)
		one := func(message string) []byte {
			sum := md5.Sum([]byte(message))
			return append([]byte("\xf3\x89\x9a\xc2"+message), sum[:]...)
		}
		bad := func(message string) hostile {
			data := one(message)
			return hostile{data: data, errors: []string{string(data)}}
		}
		const table = "\x0a\x01k"
		tiny := []byte(table)
		var lines []string
		for range 20_000 {
			tiny, lines = append(tiny, "\x1a\x05\x08\x00\x1a\x017"...), append(lines, "7")
		}
		inner := kinesistest.Aggregate(user(`{"inner":1}`))
		far := user(`{"far":1}`)
		far.ExplicitHashKey = "340282366920938463463374607431768211455"
		beyond := user(`{"beyond":1}`)
		beyond.ExplicitHashKey = "999999999999999999999999999999999999999999"
		w.hostilely(map[string]hostile{
			"a length that overflows":         bad(table + "\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x"),
			"a length of 2^63":                bad(table + "\x1a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01x"),
			"a varint without end":            bad(table + "\x1a\x0f\x08" + strings.Repeat("\xff", 14)),
			"an index of 2^64-1":              bad(table + "\x1a\x0f\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x1a\x02{}"),
			"a field number of 0":             bad(table + "\x02\x00"),
			"groups without end":              bad(table + strings.Repeat("\x2b", 100_000)),
			"no user records":                 bad(table),
			"a user record without key":       bad(table + "\x1a\x04\x1a\x02{}"),
			"20,000 tiny user records":        {data: one(string(tiny)), lines: lines},
			"empty user records":              {data: one(table + strings.Repeat("\x1a\x04\x08\x00\x1a\x00", 500)), errors: make([]string, 500)},
			"an aggregate in an aggregate":    {data: kinesistest.Aggregate(kinesistest.UserRecord{PartitionKey: "k", Data: inner}), errors: []string{string(inner)}},
			"hash keys at and beyond the end": {data: kinesistest.Aggregate(far, beyond), lines: []string{`{"far":1}`, `{"beyond":1}`}},
			"a wrong digest":                  {data: append(one(table)[:len(one(table))-1], 0), errors: []string{string(append(one(table)[:len(one(table))-1], 0))}},
			"good and bad together":           {data: kinesistest.Aggregate(user(`{"id":1}`), user("bad"), user("")), lines: []string{`{"id":1}`}, errors: []string{"bad", ""}},
			"one field over and over":         {data: one(table + "\x1a" + string(rune(6)) + "\x08\x00\x1a\x02{}"), lines: []string{"{}"}},
			"large data, twice":               {data: kinesistest.Aggregate(user("1"+string(bytes.Repeat([]byte("0"), 1<<20))), user("x")), lines: []string{"1" + strings.Repeat("0", 1<<20)}, errors: []string{"x"}},
		})
	})
}
