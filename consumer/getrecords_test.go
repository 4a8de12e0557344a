package consumer

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"
	"github.com/fxamacker/cbor/v2"

	"standpipe/internal/faults"
	"standpipe/internal/kinesisfake"
)

// roundTrip answers every request by a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func respond(status int, length int64, body io.Reader) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, ContentLength: length, Body: io.NopCloser(body), Request: r,
			Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}}, nil
	}
}

func get(t *testing.T, rt roundTrip) (*response, error) {
	t.Helper()
	return newRecordsAPI(kinesisOver(rt)).get(t.Context(), "", "iterator")
}

func TestGetRecordsDecodesWhatItGets(t *testing.T) {
	for name, length := range map[string]int64{"with length": int64(len(twoRecords)), "chunked": -1} {
		got, err := get(t, respond(200, length, strings.NewReader(twoRecords)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(got.Records) != 2 || string(got.Records[0].Data) != `{"a":1}` || got.Next == "" || got.MillisBehind != 1500 {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// What is not a whole good answer must be an error: an empty answer in its place would look like a shard
// that is at its end.
func TestGetRecordsRefusesBrokenAnswers(t *testing.T) {
	huge := `{"NextShardIterator":"` + strings.Repeat("x", maxBody) + `"}`
	whole := int64(len(twoRecords))
	cases := map[string]func() roundTrip{
		"500":               func() roundTrip { return respond(500, -1, strings.NewReader(`{"__type":"InternalFailure"}`)) },
		"500 without body":  func() roundTrip { return respond(500, 0, strings.NewReader("")) },
		"502 with a page":   func() roundTrip { return respond(502, -1, strings.NewReader("<html>")) },
		"no body":           func() roundTrip { return respond(200, 0, strings.NewReader("")) },
		"a page":            func() roundTrip { return respond(200, -1, strings.NewReader("<html>hello</html>")) },
		"half an answer":    func() roundTrip { return respond(200, -1, strings.NewReader(twoRecords[:200])) },
		"longer than sent":  func() roundTrip { return respond(200, whole+10, strings.NewReader(twoRecords)) },
		"shorter than sent": func() roundTrip { return respond(200, whole-10, strings.NewReader(twoRecords)) },
		"huge, chunked":     func() roundTrip { return respond(200, -1, strings.NewReader(huge)) },
		"huge, with length": func() roundTrip { return respond(200, int64(len(huge)), strings.NewReader(huge)) },
		"breaks off": func() roundTrip {
			return respond(200, -1, io.MultiReader(strings.NewReader(twoRecords[:200]), broken{}))
		},
		"breaks off promised": func() roundTrip {
			return respond(200, whole, io.MultiReader(strings.NewReader(twoRecords[:200]), broken{}))
		},
		"no connection": func() roundTrip {
			return func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }
		},
	}
	for name, make := range cases {
		if got, err := get(t, make()); err == nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// The errors that the fetcher tells apart keep their types, with or without the service's name before them.
func TestGetRecordsKeepsTheErrorTypes(t *testing.T) {
	for body, is := range map[string]func(error) bool{
		`{"__type":"ExpiredIteratorException","message":"Iterator expired."}`:                                                 errorIs[*types.ExpiredIteratorException],
		`{"__type":"com.amazonaws.kinesis.v20131202#ExpiredIteratorException","message":"Iterator expired."}`:                 errorIs[*types.ExpiredIteratorException],
		`{"__type":"ProvisionedThroughputExceededException","message":"Rate exceeded"}`:                                       errorIs[*types.ProvisionedThroughputExceededException],
		`{"__type":"com.amazonaws.kinesis.v20131202#ProvisionedThroughputExceededException","message":"Rate exceeded for s"}`: errorIs[*types.ProvisionedThroughputExceededException],
		`{"__type":"ResourceNotFoundException","message":"no such shard"}`:                                                    errorIs[*types.ResourceNotFoundException],
		`{"__type":"InvalidArgumentException","message":"Invalid ShardIterator."}`:                                            errorIs[*types.InvalidArgumentException],
		`{"__type":"KMSThrottlingException","message":"slow"}`:                                                                errorIs[*types.KMSThrottlingException],
		`{"__type":"UnrecognizedClientException","message":"The security token included in the request is invalid."}`: func(err error) bool {
			var api smithy.APIError
			return errors.As(err, &api) && api.ErrorCode() == "UnrecognizedClientException"
		},
	} {
		answer := func(r *http.Request) (*http.Response, error) {
			return respond(400, int64(len(body)), strings.NewReader(body))(r)
		}
		if _, err := get(t, answer); err == nil || !is(err) {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

func errorIs[T error](err error) bool {
	var e T
	return errors.As(err, &e)
}

// The answer that the SDK gets when it is asked again may be a good one.
func TestGetRecordsAskedAgainThroughTheSDK(t *testing.T) {
	var n atomic.Int32
	got, err := get(t, func(r *http.Request) (*http.Response, error) {
		if n.Add(1) == 1 {
			return respond(500, -1, strings.NewReader(""))(r)
		}
		return respond(200, int64(len(twoRecords)), strings.NewReader(twoRecords))(r)
	})
	if err != nil {
		t.Fatal(err)
	}
	want, err := get(t, respond(200, -1, strings.NewReader(twoRecords)))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Records) != 2 || got.Next != want.Next || !got.HasNext || got.MillisBehind != want.MillisBehind {
		t.Fatalf("got %+v", got)
	}
	for i := range want.Records {
		g, w := got.Records[i], want.Records[i]
		if !bytes.Equal(g.Data, w.Data) || g.Sequence != w.Sequence || g.PartitionKey != w.PartitionKey || !g.Arrival.Equal(w.Arrival) {
			t.Errorf("record %d is %+v, want %+v", i, g, w)
		}
	}
}

// The request is what the SDK would send, signed.
func TestGetRecordsRequest(t *testing.T) {
	_, err := get(t, func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.Header.Get("X-Amz-Target") != "Kinesis_20131202.GetRecords" || !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") ||
			r.Header.Get("Content-Type") != cborContentType || string(body) != "\xa2\x65Limit\x19\x27\x10\x6dShardIterator\x68iterator" {
			t.Errorf("request is %s %v %s", r.Method, r.Header, body)
		}
		return respond(200, -1, strings.NewReader(twoRecords))(r)
	})
	if err != nil {
		t.Error(err)
	}
}

// Another account's stream is named by its ARN in every request.
func TestStreamByARN(t *testing.T) {
	var mu sync.Mutex
	var bodies []string
	srv := kinesisfake.New(kinesisfake.Options{})
	if err := srv.CreateStream("clicks", 1); err != nil {
		t.Fatal(err)
	}
	srv.Control("", func(c faults.Call, _ func()) error {
		mu.Lock()
		defer mu.Unlock()
		body := c.Body
		if c.Op == "GetRecords" {
			var in getRecordsRequest
			if err := cbor.Unmarshal(body, &in); err != nil {
				return err
			}
			body, _ = json.Marshal(in)
		}
		bodies = append(bodies, c.Op+" "+string(body))
		return nil
	})
	client := kinesisOver(faults.Transport(map[string]http.Handler{"kinesis": srv}))
	stream := streamRef{name: "clicks", arn: kinesisfake.ARN("clicks")}
	if _, err := listShards(t.Context(), client, stream, nil); err != nil {
		t.Fatal(err)
	}
	f := &fetcher{client: client, api: newRecordsAPI(client), stream: stream, shard: shardID(0), start: trimHorizon}
	if _, err := f.call(t.Context(), trimHorizon); err != nil {
		t.Fatal(err)
	}
	c := New(Options{Stream: "clicks", ARN: stream.arn, Kinesis: client})
	if _, err := c.describe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(bodies) != 4 {
		t.Errorf("%d requests", len(bodies))
	}
	for _, b := range bodies {
		if !strings.Contains(b, `"StreamARN":"`+stream.arn+`"`) || strings.Contains(b, "StreamName") {
			t.Errorf("request %s", b)
		}
	}
}
