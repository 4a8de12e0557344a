package consumer

import (
	"bytes"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"standpipe/internal/faults"
	"standpipe/internal/kinesisfake"
	"standpipe/internal/spoil"
)

// encoded is a CBOR text or bytes with lengths, as the library writes it.
func encoded(t testing.TB, v any) []byte {
	t.Helper()
	b, err := cbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type members = map[string]any

func TestCBORRequest(t *testing.T) {
	for _, want := range []getRecordsRequest{
		{Limit: 10000, ShardIterator: "iterator"},
		{Limit: 7, ShardIterator: strings.Repeat("i", 300), StreamARN: "arn:aws:kinesis:eu-west-1:1:stream/clicks"},
		{ShardIterator: strings.Repeat("i", 70_000)},
	} {
		var got getRecordsRequest
		if err := cbor.Unmarshal(want.encodeCBOR(), &got); err != nil || got != want {
			t.Errorf("got %+v, want %+v: %v", got, want, err)
		}
	}
}

func TestCBORAnswer(t *testing.T) {
	body := encoded(t, members{
		"MillisBehindLatest": 1500, "NextShardIterator": "next", "New": []any{1, -1, 1.5, nil, true, members{"a": []byte("b")}, cbor.Tag{Number: 32, Content: "u"}},
		"ChildShards": []any{members{"ShardId": "c1", "ParentShards": []string{"s"}, "HashKeyRange": members{"StartingHashKey": "0"}}, members{"ShardId": nil}},
		"Records": []any{
			members{"Data": []byte(`{"a":1}`), "SequenceNumber": "17", "PartitionKey": "kä", "ApproximateArrivalTimestamp": cbor.Tag{Number: 1, Content: uint64(1787036486712)}, "EncryptionType": "KMS"},
			members{"Data": "eyJiIjoyfQ==", "SequenceNumber": "19"},
			members{"Data": nil, "SequenceNumber": "18", "PartitionKey": nil, "ApproximateArrivalTimestamp": nil},
		},
	})
	var got response
	if err := decodeCBOR(body, &got); err != nil {
		t.Fatal(err)
	}
	if got.MillisBehind != 1500 || got.Next != "next" || !got.HasNext || !reflect.DeepEqual(got.Children, []string{"c1"}) {
		t.Errorf("got %+v", got)
	}
	want := []kinesisRecord{{Data: []byte(`{"a":1}`), Sequence: "17", PartitionKey: "kä", Arrival: time.UnixMilli(1787036486712)}, {Data: []byte(`{"b":2}`), Sequence: "19"}, {Sequence: "18"}}
	if !reflect.DeepEqual(got.Records, want) {
		t.Errorf("got %+v", got.Records)
	}
	if at := bytes.Index(body, []byte(`{"a":1}`)); &got.Records[0].Data[0] != &body[at] || cap(got.Records[0].Data) != 7 {
		t.Error("the data of a record are not a clipped part of the body")
	}
}

// Strings, arrays and maps may come without their lengths, and strings in chunks.
func TestCBORWithoutLengths(t *testing.T) {
	body, _ := hex.DecodeString("bf" + "6752" + hex.EncodeToString([]byte("ecords")) + "9f" + "bf" +
		"6444617461" + "5f" + "4161" + "42" + "6263" + "40" + "ff" + // Data: "a" "bc" ""
		"6e" + hex.EncodeToString([]byte("SequenceNumber")) + "7f" + "6131" + "6132" + "ff" + "ff" + "ff" + "ff")
	var got response
	if err := decodeCBOR(body, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Records) != 1 || string(got.Records[0].Data) != "abc" || got.Records[0].Sequence != "12" || got.HasNext {
		t.Errorf("got %+v", got)
	}
}

// Kinesis sends whole milliseconds; emulators also seconds, as the RFC has them.
func TestCBORTimes(t *testing.T) {
	want := time.UnixMilli(1787036486712)
	for name, at := range map[string]any{
		"milliseconds": cbor.Tag{Number: 1, Content: uint64(1787036486712)}, "without tag": uint64(1787036486712), "fraction of seconds": cbor.Tag{Number: 1, Content: 1787036486.712},
		"milliseconds, floating": 1787036486712.0,
	} {
		var got response
		if err := decodeCBOR(encoded(t, members{"Records": []any{members{"SequenceNumber": "1", "ApproximateArrivalTimestamp": at}}}), &got); err != nil || !got.Records[0].Arrival.Equal(want) {
			t.Errorf("%s: %v, %+v", name, err, got.Records)
		}
	}
	var got response
	if err := decodeCBOR(encoded(t, members{"Records": []any{members{"SequenceNumber": "1", "ApproximateArrivalTimestamp": 1787036486}}}), &got); err != nil || got.Records[0].Arrival.Unix() != 1787036486 {
		t.Errorf("seconds: %v, %+v", err, got.Records)
	}
	for _, bad := range []any{"now", math.NaN(), math.Inf(1), 1e300, uint64(math.MaxUint64), true, []int{1},
		math.MaxInt64, math.MinInt64, 253402300800000, -62135596800001, 9.3e9, -9.3e9, 9223372036000, -9223372036001, 10_000_000_000} {
		if err := decodeCBOR(encoded(t, members{"Records": []any{members{"SequenceNumber": "1", "ApproximateArrivalTimestamp": bad}}}), &got); err == nil {
			t.Errorf("%v is taken for a time: %v", bad, got.Records)
		}
	}
}

func TestBrokenCBORIsRefused(t *testing.T) {
	good := encoded(t, members{"NextShardIterator": "next", "Records": []any{members{"SequenceNumber": "1", "Data": []byte("abc")}}})
	for n := range good {
		var got response
		if err := decodeCBOR(bytes.Clone(good[:n]), &got); err == nil {
			t.Errorf("took the first %d of %d bytes: %+v", n, len(good), got)
		}
	}
	deep := members{}
	for range 100 {
		deep = members{"a": deep}
	}
	for name, body := range map[string][]byte{
		"two answers":             append(bytes.Clone(good), good...),
		"no map":                  encoded(t, []int{1}),
		"no list":                 encoded(t, members{"Records": 1}),
		"no record":               encoded(t, members{"Records": []int{1}}),
		"no sequence number":      encoded(t, members{"Records": []any{members{"Data": []byte("a")}}}),
		"an empty one":            encoded(t, members{"Records": []any{members{"SequenceNumber": ""}}}),
		"data as text":            encoded(t, members{"Records": []any{members{"SequenceNumber": "1", "Data": "abc"}}}),
		"data as number":          encoded(t, members{"Records": []any{members{"SequenceNumber": "1", "Data": 7}}}),
		"iterator as bytes":       encoded(t, members{"NextShardIterator": []byte("n")}),
		"a key that is no text":   {0xa1, 0x01, 0x01},
		"a break":                 {0xff},
		"a break as value":        {0xbf, 0x61, 'a', 0xff},
		"a length beyond the end": {0xa1, 0x61, 'a', 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"a map beyond the end":    {0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"too deep":                encoded(t, members{"New": deep}),
		"invalid UTF-8":           append([]byte("\xa1\x71NextShardIterator\x61"), 0xff),
	} {
		var got response
		if err := decodeCBOR(bytes.Clone(body), &got); err == nil || !strings.HasPrefix(err.Error(), "decode GetRecords answer: ") {
			t.Errorf("%s: %v, %+v", name, err, got)
		}
	}
}

// The service that does not understand CBOR is asked in JSON, in the end without trying first.
func TestCBORIsGivenUp(t *testing.T) {
	for name, refuse := range map[string]roundTrip{
		"refused":   respond(400, -1, strings.NewReader(`{"__type":"SerializationException"}`)),
		"no answer": respond(500, 0, strings.NewReader("")),
		"other type": func(r *http.Request) (*http.Response, error) {
			resp := cborAnswer(r, 200, encoded(t, members{"NextShardIterator": "next"}))
			resp.Header.Set("Content-Type", "application/cbor")
			return resp, nil
		},
		"other CBOR": func(r *http.Request) (*http.Response, error) { return cborAnswer(r, 200, []byte{0x01}), nil },
	} {
		tried, asked := 0, 0
		api := newRecordsAPI(kinesisOver(roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Header.Get("Content-Type") == cborContentType {
				tried++
				return refuse(r)
			}
			asked++
			return respond(200, int64(len(twoRecords)), strings.NewReader(twoRecords))(r)
		})))
		good := 0
		for range 10 {
			if got, err := api.get(t.Context(), "", "iterator"); err == nil && len(got.Records) == 2 {
				good++
			}
		}
		if tried != 3 || good < 7 || asked != good {
			t.Errorf("%s: tried %d times, %d good answers to %d requests in JSON", name, tried, good, asked)
		}
	}
}

func cborAnswer(r *http.Request, status int, body []byte) *http.Response {
	resp, _ := respond(status, int64(len(body)), bytes.NewReader(body))(r)
	resp.Header.Set("Content-Type", cborContentType)
	return resp
}

// An outage now and then does not make it slow for good, and an emulator may answer in JSON whatever it is asked in.
func TestCBORIsKept(t *testing.T) {
	good := encoded(t, members{"NextShardIterator": "next"})
	n, inJSON := 0, 0
	api := newRecordsAPI(kinesisOver(roundTrip(func(r *http.Request) (*http.Response, error) {
		n++
		switch {
		case r.Header.Get("Content-Type") != cborContentType:
			inJSON++
			return respond(200, -1, strings.NewReader(twoRecords))(r)
		case n%3 == 0:
			return respond(503, 0, strings.NewReader(""))(r)
		}
		return cborAnswer(r, 200, good), nil
	})))
	for range 30 {
		if _, err := api.get(t.Context(), "", "iterator"); err != nil {
			t.Fatal(err)
		}
	}
	if api.speaksJSON() || inJSON == 0 {
		t.Errorf("gave CBOR up after %d outages", inJSON)
	}
	got, err := get(t, respond(200, -1, strings.NewReader(twoRecords)))
	if err != nil || len(got.Records) != 2 {
		t.Errorf("JSON in answer to CBOR: %v", err)
	}
}

// In an outage many shards are refused in a row. That is no reason to speak JSON for good.
func TestCBORIsKeptInAnOutage(t *testing.T) {
	good := encoded(t, members{"NextShardIterator": "next"})
	n := 0
	api := newRecordsAPI(kinesisOver(roundTrip(func(r *http.Request) (*http.Response, error) {
		switch {
		case r.Header.Get("Content-Type") != cborContentType:
			return respond(200, -1, strings.NewReader(twoRecords))(r)
		case n > 0:
			return respond(503, 0, strings.NewReader(""))(r)
		}
		return cborAnswer(r, 200, good), nil
	})))
	for n = range 10 {
		if _, err := api.get(t.Context(), "", "iterator"); err != nil {
			t.Fatal(err)
		}
	}
	if api.speaksJSON() {
		t.Error("gave CBOR up")
	}
}

// A key that is no UTF-8 does not hold up its shard: it becomes what encoding/json makes of it.
func TestCBORPartitionKeyThatIsNoUTF8(t *testing.T) {
	body := []byte("\xa1\x67Records\x82\xa2\x6cPartitionKey\x64a\xed\xa0\x80\x6eSequenceNumber\x611" +
		"\xa2\x6cPartitionKey\x61b\x6eSequenceNumber\x612")
	var got response
	if err := decodeCBOR(body, &got); err != nil {
		t.Fatal(err)
	}
	want := []kinesisRecord{{PartitionKey: "a\ufffd\ufffd\ufffd", Sequence: "1"}, {PartitionKey: "b", Sequence: "2"}}
	if !reflect.DeepEqual(got.Records, want) {
		t.Errorf("got %+v", got.Records)
	}
}

func TestCBORRefusalsKeepTheirTypes(t *testing.T) {
	_, err := get(t, func(r *http.Request) (*http.Response, error) {
		return cborAnswer(r, 400, encoded(t, members{"__type": "ExpiredIteratorException", "message": "Iterator expired.", "other": []int{1}})), nil
	})
	if err == nil || !strings.Contains(err.Error(), "Iterator expired.") {
		t.Error(err)
	}
}

// What the stand-in sends in CBOR is what it sends in JSON.
func TestCBORAnswersAreThoseOfJSON(t *testing.T) {
	srv := kinesisfake.New(kinesisfake.Options{})
	if err := srv.CreateStream("clicks", 1); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 200 {
		data := make([]byte, random.IntN(1<<(i%17)))
		for j := range data {
			data[j] = byte(random.Uint32())
		}
		if _, _, err := srv.Put("clicks", strings.Repeat("kä", 1+random.IntN(80)), data); err != nil {
			t.Fatal(err)
		}
	}
	client := kinesisOver(faults.Transport(map[string]http.Handler{"kinesis": srv}))
	read := func(json bool) *response {
		f := &fetcher{client: client, api: newRecordsAPI(client), stream: streamRef{name: "clicks"}, shard: shardID(0), start: trimHorizon}
		if json {
			f.api.misunderstood.Store(3)
		}
		got, err := f.call(t.Context(), trimHorizon)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got, want := read(false), read(true)
	if len(want.Records) != 200 || !reflect.DeepEqual(got.Records, want.Records) || got.MillisBehind != want.MillisBehind || got.HasNext != want.HasNext {
		t.Errorf("got %d records, want %d", len(got.Records), len(want.Records))
	}
}

// cborReference is what a library makes of an answer.
type cborReference struct {
	MillisBehindLatest int64
	NextShardIterator  string
	Records            []struct {
		Data                         []byte
		SequenceNumber, PartitionKey string
	}
}

func FuzzCBOR(f *testing.F) {
	f.Add(encoded(f, members{"NextShardIterator": "next", "Records": []any{members{"SequenceNumber": "1", "Data": []byte("abc")}}}))
	f.Add([]byte("\xbf\x67Records\x9f\xbf\x64Data\x5f\x41a\xff\x6eSequenceNumber\x7f\x611\xff\xff\xff\xff"))
	f.Add([]byte("\xa1\x61a\xf9\x00\x00"))
	mode, err := cbor.DecOptions{MaxNestedLevels: 4 * cborDepth, MaxArrayElements: math.MaxInt32, MaxMapPairs: math.MaxInt32, ExtraReturnErrors: 0}.DecMode()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		input := bytes.Clone(body)
		var got response
		if decodeCBOR(body, &got) != nil {
			return
		}
		if err := mode.Wellformed(input); err != nil {
			t.Fatalf("took what is not CBOR: %v", err)
		}
		var want cborReference
		if mode.Unmarshal(input, &want) != nil {
			return // of members that stand there twice with other types, and the like
		}
		if len(got.Records) != len(want.Records) {
			return // names that differ in case only
		}
		for i, r := range want.Records {
			if g := got.Records[i]; r.SequenceNumber == g.Sequence && !bytes.Equal(g.Data, r.Data) && len(r.Data) > 0 && len(g.Data) > 0 {
				t.Fatalf("record %d: got %q, want %q", i, g.Data, r.Data)
			}
		}
	})
}

// A record in memory is a hundred times an empty one on the network, so an answer of 32 MB could take gigabytes.
func TestAnswersTakeNoMoreMemoryThanRecordsWereAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		head, record, tail string
		decode             func([]byte, *response) error
		most               int
	}{
		"CBOR, empty":       {"\xa1\x67Records\x9f", "\xa0", "\xff", decodeCBOR, 0},
		"JSON, empty":       {`{"Records":[{}`, ",{}", "]}", decodeJSON, 0},
		"CBOR, with number": {"\xa1\x67Records\x9f", "\xa1\x6eSequenceNumber\x611", "\xff", decodeCBOR, mostRecords},
		"JSON, with number": {`{"Records":[{"SequenceNumber":"1"}`, `,{"SequenceNumber":"1"}`, "]}", decodeJSON, mostRecords},
	} {
		body := []byte(c.head + strings.Repeat(c.record, 4*mostRecords) + c.tail)
		var got response
		if err := c.decode(body, &got); err == nil {
			t.Errorf("%s: took %d records", name, len(got.Records))
		}
		if len(got.Records) != c.most || cap(got.Records) > 2*c.most || cap(got.spans) > 2*c.most {
			t.Errorf("%s: %d records were made, with room for %d", name, len(got.Records), cap(got.Records))
		}
	}
}

func BenchmarkResponseCBOR(b *testing.B) {
	random := rand.New(rand.NewPCG(5, 6))
	var records []any
	for range 4000 {
		data := make([]byte, 242)
		for j := range data {
			data[j] = byte(random.Uint32())
		}
		records = append(records, members{"Data": data, "SequenceNumber": "49590338271490256608559692538361571095921575989000000001", "PartitionKey": "f0a72781-3a69-4bd8-bef0-000000000000",
			"ApproximateArrivalTimestamp": cbor.Tag{Number: 1, Content: uint64(1787036486712)}})
	}
	body := encoded(b, members{"Records": records, "NextShardIterator": "next"})
	var into response
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := decodeCBOR(body, &into); err != nil {
			b.Fatal(err)
		}
	}
}

// An answer costs an allocation for its iterator and one for the strings of all records, however many there are.
func TestAnswersHardlyAllocate(t *testing.T) {
	if spoil.On {
		t.Skip("the race detector allocates")
	}
	body := encoded(t, members{"Records": []any{
		members{"Data": []byte("abc"), "SequenceNumber": "1", "PartitionKey": "k"}, members{"Data": []byte("def"), "SequenceNumber": "2", "PartitionKey": "k"},
	}, "NextShardIterator": "next"})
	var into response
	if n := testing.AllocsPerRun(100, func() {
		if err := decodeCBOR(body, &into); err != nil {
			t.Fatal(err)
		}
	}); n > 2 {
		t.Errorf("%v allocations", n)
	}
}
