package consumer

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

// twoRecords is an answer as the service sends it.
const twoRecords = `{"MillisBehindLatest":1500,"NextShardIterator":"AAAAAAAAAAE+x/y=","Records":[` +
	`{"ApproximateArrivalTimestamp":1.675146135164E9,"Data":"eyJhIjoxfQ==","PartitionKey":"key-1","SequenceNumber":"49590338271490256608559692538361571095921575989136588898"},` +
	`{"ApproximateArrivalTimestamp":1675146136.5,"Data":"","EncryptionType":"KMS","PartitionKey":"key-2","SequenceNumber":"49590338271490256608559692538361571095921575989136588899"}]}`

func decoded(t *testing.T, body string) response {
	t.Helper()
	var got response
	if err := decodeJSON([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	got.spans = nil
	return got
}

func TestResponseOfTheService(t *testing.T) {
	body := []byte(twoRecords)
	var got response
	if err := decodeJSON(body, &got); err != nil {
		t.Fatal(err)
	}
	if got.MillisBehind != 1500 || got.Next != "AAAAAAAAAAE+x/y=" || !got.HasNext || len(got.Records) != 2 || len(got.Children) != 0 {
		t.Fatalf("got %+v", got)
	}
	first, second := got.Records[0], got.Records[1]
	if string(first.Data) != `{"a":1}` || first.PartitionKey != "key-1" || !strings.HasSuffix(first.Sequence, "898") || first.Arrival.UnixMilli() != 1675146135164 {
		t.Errorf("first record: got %+v", first)
	}
	if len(second.Data) != 0 || second.PartitionKey != "key-2" || !strings.HasSuffix(second.Sequence, "899") || second.Arrival.UnixMilli() != 1675146136500 {
		t.Errorf("second record: got %+v", second)
	}
	if at := strings.Index(twoRecords, "eyJ"); &first.Data[0] != &body[at] || cap(first.Data) != len(first.Data) {
		t.Error("the data of a record are not a clipped part of the body")
	}
}

func TestResponseAtTheShardsEnd(t *testing.T) {
	for _, body := range []string{
		`{"ChildShards":[{"HashKeyRange":{"EndingHashKey":"9","StartingHashKey":"0"},"ParentShards":["shardId-0"],"ShardId":"shardId-1"},` +
			`{"ShardId":"shardId-2","ParentShards":["shardId-0","shardId-9"]}],"MillisBehindLatest":0,"Records":[]}`,
		` { "Records" : null , "NextShardIterator" : null , "New" : [ { "a" : [ "]}" , -1.5e3 , true ] } , "\"" ] ,` +
			"\n\t\"ChildShards\" : [ { \"ShardId\" : \"shardId\\u002d1\" } , { \"ShardId\" : \"shardId-2\" } ] } \r\n",
	} {
		got := decoded(t, body)
		if got.HasNext || got.Next != "" || len(got.Records) != 0 || !reflect.DeepEqual(got.Children, []string{"shardId-1", "shardId-2"}) {
			t.Errorf("%s: got %+v", body, got)
		}
	}
}

func TestResponseWithEscapesAndNulls(t *testing.T) {
	got := decoded(t, `{"\u0052ecords":[{"Data":"\/\/8\u003d","SequenceNumber":"\u0031","PartitionKey":"k\u00e9\ud83d\ude00","Other":"\n\\"},`+
		`{"SequenceNumber":"2","Data":null,"PartitionKey":null,"ApproximateArrivalTimestamp":null},{"SequenceNumber":"3","Data":"AA==","PartitionKey":"`+"\u20ac"+`"}]}`)
	want := []kinesisRecord{
		{Data: []byte{0xff, 0xff}, Sequence: "1", PartitionKey: "k\u00e9\U0001f600"},
		{Sequence: "2"},
		{Data: []byte{0}, Sequence: "3", PartitionKey: "\u20ac"},
	}
	if !reflect.DeepEqual(got.Records, want) {
		t.Errorf("got %+v\nwant %+v", got.Records, want)
	}
}

func TestResponseTimes(t *testing.T) {
	for text, nanos := range map[string]int64{
		"0":                           0,
		"1675146135":                  1675146135_000000000,
		"1675146135.164":              1675146135_164000000,
		"1.7E9":                       1700000000_000000000,
		"1.675146135164e+09":          1675146135_164000000,
		"1675146135164E-3":            1675146135_164000000,
		"1675146135.123456789":        1675146135_123456789,
		"1675146135.1234567899":       1675146135_123456789,
		"1675146135.12345678999999":   1675146135_123456789,
		"16751461351640000000000e-13": 1675146135_164000000,
		"0.0000000000000000000001675146135164e31": 1675146135_164000000,
		"1e-400":              0,
		"0e400":               0,
		"1e-9999999999999999": 0,
		"-1.5":                -1_500000000,
	} {
		body := fmt.Sprintf(`{"Records":[{"SequenceNumber":"1","ApproximateArrivalTimestamp":%s}]}`, text)
		if got := decoded(t, body).Records[0].Arrival; got.UnixNano() != nanos {
			t.Errorf("%s: got %d ns, want %d", text, got.UnixNano(), nanos)
		}
	}
}

func TestResponseRefusesWhatIsNone(t *testing.T) {
	record := func(member string) string { return `{"Records":[{"SequenceNumber":"1",` + member + `}]}` }
	for _, test := range []struct{ body, want string }{
		{``, "no object at byte 0 of 0"},
		{`null`, "no object at byte 0 of 4"},
		{`[]`, "no object at byte 0 of 2"},
		{`{`, "no string where one belongs at byte 1 of 1"},
		{`{"a"}`, "no : after a name at byte 4 of 5"},
		{`{"a":1,}`, "no string where one belongs at byte 7 of 8"},
		{`{"a":1`, "no , or } after a member at byte 6 of 6"},
		{`{"a":[1}]}`, "invalid value at byte 5 of 10"},
		{`{"a":01}`, "invalid value at byte 5 of 8"},
		{`{"a":"\x"}`, "invalid escape in a string at byte 6 of 10"},
		{`{"a":"`, "no end of a string at byte 5 of 6"},
		{`{}{}`, "unexpected character after the answer at byte 2 of 4"},
		{`{"Records":{}}`, "no array where a list belongs at byte 11 of 14"},
		{`{"Records":[null]}`, "no object where a record belongs at byte 12 of 18"},
		{`{"Records":[{"SequenceNumber":"1"} 2]}`, "no , or ] after an element at byte 35 of 38"},
		{`{"Records":[{"Data":"AA=="}]}`, "no SequenceNumber in a record at byte 27 of 29"},
		{`{"Records":[{"SequenceNumber":1}]}`, "no string where one belongs at byte 30 of 34"},
		{`{"ChildShards":["shardId-1"]}`, "no object where a child shard belongs at byte 16 of 29"},
		{`{"MillisBehindLatest":"1"}`, "no number in range where one belongs at byte 22 of 26"},
		{`{"MillisBehindLatest":9223372036854775808}`, "no number in range where one belongs at byte 22 of 42"},
		{record(`"Data":1`), "no string where one belongs at byte 41 of 45"},
		{record(`"Data":"AA=="`)[:45], "no end of a string at byte 41 of 45"},
		{record(`"Data":"A"`), "invalid base64 in the Data of record 0"},
		{record(`"Data":"AAA-"`), "invalid base64 in the Data of record 0"},
		{record(`"Data":"AA=A"`), "invalid base64 in the Data of record 0"},
		{record(`"Data":"=AAA"`), "invalid base64 in the Data of record 0"},
		{record(`"Data":"AA==AAAA"`), "invalid base64 in the Data of record 0"},
		{record(`"Data":"AAAAAAAAAAA\u0021"`), "invalid base64 in a record's Data at byte 42 of 63"},
		{record("\"PartitionKey\":\"a\tb\""), "control character in a string at byte 51 of 57"},
		{record(`"ApproximateArrivalTimestamp":"NaN"`), "no number in range where one belongs at byte 64 of 72"},
		{record(`"ApproximateArrivalTimestamp":1.`), "no number in range where one belongs at byte 64 of 69"},
		{record(`"ApproximateArrivalTimestamp":1e`), "no number in range where one belongs at byte 64 of 69"},
		{record(`"ApproximateArrivalTimestamp":1e5.0`), "no number in range where one belongs at byte 64 of 72"},
		{record(`"ApproximateArrivalTimestamp":1e10`), "no number in range where one belongs at byte 64 of 71"},
	} {
		var got response
		err := decodeJSON([]byte(test.body), &got)
		if want := "decode GetRecords answer: " + test.want; err == nil || err.Error() != want {
			t.Errorf("%s: got error %v, want %s", test.body, err, want)
		}
	}
}

func TestResponseChangesNothingBeforeItHasCheckedAll(t *testing.T) {
	for cut := range len(twoRecords) {
		body := []byte(twoRecords[:cut])
		var got response
		if err := decodeJSON(body, &got); err == nil {
			t.Fatalf("accepted the first %d bytes", cut)
		}
		if string(body) != twoRecords[:cut] {
			t.Fatalf("cut at %d: changed the body", cut)
		}
	}
}

func TestResponseReuse(t *testing.T) {
	var got response
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		body := largeAnswer(random, random.IntN(30), 50)
		want := decoded(t, string(body))
		if err := decodeJSON(body, &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Records) != len(want.Records) || len(want.Records) > 0 && !reflect.DeepEqual(got.Records, want.Records) || got.Next != want.Next {
			t.Fatalf("reused: got %+v\nwant %+v", got, want)
		}
		for _, r := range got.Records[len(got.Records):cap(got.Records)] {
			if r.Data != nil {
				t.Fatal("an earlier body is kept alive")
			}
		}
	}
	body := largeAnswer(random, 100, 200)
	scratch := bytes.Clone(body)
	if allocs := testing.AllocsPerRun(20, func() {
		copy(scratch, body)
		if err := decodeJSON(scratch, &got); err != nil {
			t.Fatal(err)
		}
	}); allocs > 2 { // the iterator, and the strings of all records
		t.Errorf("got %v allocations an answer, want 2", allocs)
	}
}

func TestResponseBase64IsThatOfTheStandardLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for length := range 300 {
		data := make([]byte, length)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		encoded := base64.StdEncoding.AppendEncode(nil, data)
		buffer := bytes.Clone(encoded)
		if n, ok := decodeBase64(buffer); !ok || !bytes.Equal(buffer[:n], data) {
			t.Fatalf("%s: got %x, %v, want %x", encoded, buffer[:n], ok, data)
		}
		for range 20 {
			if length == 0 {
				break
			}
			broken := bytes.Clone(encoded)
			broken[random.IntN(len(broken))] = "=-A\x80 "[random.IntN(5)]
			want, err := base64.StdEncoding.DecodeString(string(broken))
			text := string(broken)
			if n, ok := decodeBase64(broken); ok != (err == nil) || ok && !bytes.Equal(broken[:n], want) {
				t.Fatalf("%q: got %x, %v, the standard library %x, %v", text, broken[:n], ok, want, err)
			}
		}
	}
}

// wire answers every request with one body and keeps the content type of the request.
type wire struct {
	body        string
	contentType string
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	w.contentType = r.Header.Get("Content-Type")
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {w.contentType}},
		Body:       io.NopCloser(strings.NewReader(w.body)),
		Request:    r,
	}, nil
}

func TestResponseIsWhatTheSDKReads(t *testing.T) {
	w := &wire{body: twoRecords}
	client := kinesis.New(kinesis.Options{
		Region: "eu-west-1", HTTPClient: w,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	})
	want, err := client.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: aws.String("i")})
	if err != nil {
		t.Fatal(err)
	}
	if w.contentType != "application/x-amz-json-1.1" {
		t.Errorf("the SDK asks for %s: decodeJSON reads AWS JSON 1.1 only", w.contentType)
	}
	got := decoded(t, twoRecords)
	if got.Next != *want.NextShardIterator || got.MillisBehind != *want.MillisBehindLatest || len(got.Records) != len(want.Records) {
		t.Fatalf("got %+v, the SDK %+v", got, want)
	}
	for i, r := range want.Records {
		g := got.Records[i]
		if !bytes.Equal(g.Data, r.Data) || g.PartitionKey != *r.PartitionKey || g.Sequence != *r.SequenceNumber || !g.Arrival.Equal(*r.ApproximateArrivalTimestamp) {
			t.Errorf("record %d: got %+v, the SDK %+v", i, g, r)
		}
	}
}

// referenceAnswer reads a body with encoding/json; ok is false for one that it refuses or that is not of the shape that
// decodeJSON promises to read.
func referenceAnswer(body []byte) (want response, ok bool) {
	var answer *struct {
		Records []*struct {
			Data                        []byte
			PartitionKey                string
			SequenceNumber              string
			ApproximateArrivalTimestamp *json.Number
		}
		NextShardIterator  string
		MillisBehindLatest int64
		ChildShards        []*struct{ ShardId string }
	}
	if json.Unmarshal(body, &answer) != nil || answer == nil || !exactNames(json.NewDecoder(bytes.NewReader(body))) {
		return want, false
	}
	want = response{Next: answer.NextShardIterator, HasNext: answer.NextShardIterator != "", MillisBehind: answer.MillisBehindLatest}
	for _, r := range answer.Records {
		if r == nil || r.SequenceNumber == "" {
			return want, false
		}
		record := kinesisRecord{Data: r.Data, PartitionKey: r.PartitionKey, Sequence: r.SequenceNumber}
		if r.ApproximateArrivalTimestamp != nil {
			text := r.ApproximateArrivalTimestamp.String()
			_, exponent, _ := strings.Cut(strings.ToLower(text), "e")
			// json.Number takes a string too, and a big.Rat of a large exponent takes minutes.
			if bytes.Contains(body, []byte(`"`+text+`"`)) || len(text) > 40 || len(exponent) > 4 {
				return want, false
			}
			seconds, isNumber := new(big.Rat).SetString(text)
			if !isNumber {
				return want, false
			}
			nanos := new(big.Rat).Mul(seconds, big.NewRat(1e9, 1))
			whole := new(big.Int).Quo(nanos.Num(), nanos.Denom())
			if !whole.IsInt64() {
				return want, false
			}
			record.Arrival = time.Unix(0, whole.Int64())
		}
		want.Records = append(want.Records, record)
	}
	for _, child := range answer.ChildShards {
		if child == nil {
			return want, false
		}
		if child.ShardId != "" {
			want.Children = append(want.Children, child.ShardId)
		}
	}
	return want, true
}

// exactNames reports whether no object has a name twice or one that differs from a known one by its case only.
func exactNames(decoder *json.Decoder) bool {
	known := []string{"Records", "Data", "PartitionKey", "SequenceNumber", "ApproximateArrivalTimestamp",
		"NextShardIterator", "MillisBehindLatest", "ChildShards", "ShardId"}
	var seen []map[string]bool // one for each container, nil for an array
	name := false              // whether a name comes next
	for {
		token, err := decoder.Token()
		if err != nil {
			return errors.Is(err, io.EOF)
		}
		switch token {
		case json.Delim('{'):
			seen, name = append(seen, map[string]bool{}), true
			continue
		case json.Delim('['):
			seen, name = append(seen, nil), false
			continue
		case json.Delim('}'), json.Delim(']'):
			seen = seen[:len(seen)-1]
		default:
			if text, isText := token.(string); isText && name {
				for _, k := range known {
					if text != k && strings.EqualFold(text, k) {
						return false
					}
				}
				if seen[len(seen)-1][text] {
					return false
				}
				seen[len(seen)-1][text], name = true, false
				continue
			}
		}
		name = len(seen) > 0 && seen[len(seen)-1] != nil
	}
}

func FuzzResponse(f *testing.F) {
	f.Add([]byte(twoRecords))
	f.Add([]byte(`{"Records":[{"Data":"\/\/8\u003d","SequenceNumber":"\u0031","PartitionKey":"k\u00e9","Other":["\n",{}]}],"ChildShards":[{"ShardId":"s"}]}`))
	f.Add([]byte(`{"Records":[{"Data":null,"SequenceNumber":"2","ApproximateArrivalTimestamp":1.25e-3}],"MillisBehindLatest":-1,"NextShardIterator":"a` + "\xff" + `"}`))
	f.Add([]byte(` { "Records" : [ ] , "NextShardIterator" : null , "MillisBehindLatest" : null } `))
	f.Add([]byte(`{"Records":[{"Data":"AAAA\r\nAAAAAAAA","SequenceNumber":"3"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		want, ok := referenceAnswer(body)
		input := bytes.Clone(body)
		var got response
		err := decodeJSON(body, &got)
		if !ok {
			if err == nil && !json.Valid(input) {
				t.Fatal("accepted what is not JSON")
			}
			return
		}
		if err != nil {
			t.Fatalf("got error %v, encoding/json reads %+v", err, want)
		}
		if got.Next != want.Next || got.HasNext != want.HasNext || got.MillisBehind != want.MillisBehind || len(got.Records) != len(want.Records) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
		for i, r := range want.Records {
			g := got.Records[i]
			if !bytes.Equal(g.Data, r.Data) || g.PartitionKey != r.PartitionKey || g.Sequence != r.Sequence || !g.Arrival.Equal(r.Arrival) {
				t.Fatalf("record %d: got %+v, want %+v", i, g, r)
			}
		}
		if strings.Join(got.Children, "\n") != strings.Join(want.Children, "\n") {
			t.Fatalf("got children %q, want %q", got.Children, want.Children)
		}
	})
}

// largeAnswer is an answer of n records of size bytes each.
func largeAnswer(random *rand.Rand, n, size int) []byte {
	body := []byte(`{"MillisBehindLatest":0,"NextShardIterator":"AAAAAAAAAAE","Records":[`)
	for i := range n {
		data := make([]byte, size)
		for j := range data {
			data[j] = byte(random.Uint32())
		}
		if i > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"ApproximateArrivalTimestamp":1.675146135%03dE9,"Data":"%s","PartitionKey":"f0a72781-3a69-4bd8-bef0-%012d",`+
			`"SequenceNumber":"49590338271490256608559692538361571095921575989%09d"}`, i%1000, base64.StdEncoding.EncodeToString(data), i, i)
	}
	return append(body, `]}`...)
}

func BenchmarkResponse(b *testing.B) {
	for _, size := range []int{242, 10_000} {
		body := largeAnswer(rand.New(rand.NewPCG(5, 6)), 1_000_000/size, size)
		b.Run(fmt.Sprintf("record=%d", size), func(b *testing.B) {
			scratch := make([]byte, len(body))
			var into response
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				copy(scratch, body)
				if err := decodeJSON(scratch, &into); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("record=%d/encoding/json", size), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				var into struct{ Records []struct{ Data []byte } }
				if err := json.Unmarshal(body, &into); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
