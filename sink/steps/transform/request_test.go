package transform

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"standpipe/internal/lambdafake"
	"standpipe/sink"
)

var invocationID = regexp.MustCompile(`"invocationId":"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"`)

// The request is Firehose's, member by member, as captures of real ones have it; see testdata/request.json. UPDATE=1 writes the
// file anew.
func TestRequestIsFirehoses(t *testing.T) {
	var got []byte
	var event lambdafake.Event
	b := newBench(t, func(payload []byte) ([]byte, error) {
		got = slices.Clone(payload)
		return []byte(`{"records":[]}`), json.Unmarshal(payload, &event)
	})
	plain, empty, second := record(1, `{"a":"<é>"}`), record(2, ""), record(2, "x")
	plain.PartitionKey = "k\"é\u2028"
	second.SubSequence = 1
	failed := record(3, "no")
	failed.Failure = &sink.Failure{Code: "Standpipe.BadAggregate"}
	piece, piece2 := record(4, "one"), record(4, "two")
	b.must(plain, empty, second, failed, piece, piece2)

	shape := invocationID.ReplaceAll(got, []byte(`"invocationId":"UUID"`))
	file := filepath.Join("testdata", "request.json")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, append(shape, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(shape)+"\n" != string(want) {
		t.Errorf("got\n%s\nwant\n%s", shape, want)
	}
	r := event.Records[0]
	if len(event.Records) != 5 || r.Kinesis.PartitionKey != plain.PartitionKey || string(r.Data) != string(plain.Data) || r.Arrival != arrived.UnixMilli() || r.Kinesis.SequenceNumber != plain.Sequence {
		t.Errorf("a function in Go sees %+v", event)
	}
}

// Each attempt is a new invocation of the same records.
func TestAttemptsDifferInTheirInvocationAlone(t *testing.T) {
	var ids []string
	var bodies []string
	b := newBench(t, func(payload []byte) ([]byte, error) {
		ids = append(ids, string(invocationID.Find(payload)))
		bodies = append(bodies, string(invocationID.ReplaceAll(payload, nil)))
		return nil, &lambdafake.Failed{Type: "TypeError"}
	}, func(o *Options) { o.Retries = 1 })
	b.must(records("a", "b")...)
	b.must(records("a", "b")...) // they are read again
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 4 {
		t.Errorf("invocations %q", ids)
	}
	if len(slices.Compact(bodies)) != 1 {
		t.Errorf("requests %q", bodies)
	}
}

// A call takes so many bytes of records as the buffer's size; one record that is larger goes alone.
func TestGroupsByBufferSize(t *testing.T) {
	var mu sync.Mutex
	var sizes []string
	b := newBench(t, lambdafake.Whole(func(e lambdafake.Event) ([]lambdafake.Result, error) {
		mu.Lock()
		defer mu.Unlock()
		var n []int
		for _, r := range e.Records {
			n = append(n, len(r.Data))
		}
		sizes = append(sizes, fmt.Sprint(n))
		return nil, nil
	}), func(o *Options) { o.BufferSize, o.Parallel = 10, 1 })
	in := records("12345", "1234", "1", "1", "12345678901", "1234567890", "")
	b.must(in...)
	if want := []string{"[5 4 1]", "[1]", "[11]", "[10 0]"}; !reflect.DeepEqual(sizes, want) {
		t.Errorf("got %v, want %v", sizes, want)
	}
}

// A request is never larger than AWS Lambda takes, by not one byte, whatever the records.
func TestRequestsStayWithinSixMegabytes(t *testing.T) {
	var mu sync.Mutex
	var calls, largest, got int
	b := newBench(t, func(payload []byte) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		calls++
		largest = max(largest, len(payload))
		got += strings.Count(string(payload), "recordId")
		return []byte(`{"records":[]}`), nil
	}, func(o *Options) { o.BufferSize = 3 << 20 })
	var tiny []sink.Record
	for i := range 40_000 { // 400 bytes of request each
		tiny = append(tiny, record(i%10_000, "x"))
	}
	b.must(tiny...)
	if calls < 3 || got != len(tiny) || largest > maxPayload || largest < maxPayload-1000 {
		t.Errorf("%d calls of up to %d bytes for %d records", calls, largest, got)
	}

	// The edge: what just fits, and a byte more.
	fits := func(n int) (ok bool) {
		g := b.newGroup("shardId-000000000002")
		g.add(record(0, strings.Repeat("x", n)), &idMaker{})
		if g.sent == 1 && len(g.payload([16]byte{})) != g.size {
			t.Fatalf("a request of %d bytes is taken for one of %d", len(g.payload([16]byte{})), g.size)
		}
		return g.sent == 1
	}
	low, high := 0, maxPayload
	for high-low > 1 {
		if mid := (low + high) / 2; fits(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	calls, largest = 0, 0
	out := b.must(records(strings.Repeat("x", low), strings.Repeat("x", high), "y")...)
	if calls != 2 || largest > maxPayload || largest < maxPayload-4 {
		t.Errorf("%d calls of up to %d bytes", calls, largest)
	}
	f := out[1].Failure
	if out[0].Failure.Code != missing || f.Code != tooLarge || len(out[1].Data) != high || f.Attempts != 0 || out[2].Failure.Code != missing {
		t.Errorf("%+v, %+v, %+v", out[0].Failure, f, out[2].Failure)
	}
	if want := fmt.Sprintf("The record of %d bytes makes a request of %d bytes, AWS Lambda takes 6291456.", high, largest+4); f.Message != want {
		t.Errorf("got %q, want %q", f.Message, want)
	}
}

// The ids of a request's records are unique, also of those that a step before made of one.
func TestIDsAreUnique(t *testing.T) {
	var m idMaker
	seen := map[string]bool{}
	for _, rec := range []sink.Record{record(1, ""), record(1, ""), {Sequence: record(1, "").Sequence, SubSequence: 1}, {Sequence: record(1, "").Sequence, SubSequence: 1}, record(2, ""), record(2, "")} {
		id := m.of(&rec)
		if seen[id] {
			t.Errorf("%s is there twice", id)
		}
		seen[id] = true
	}
	if !seen["49546986683135544286507457936321625675700192471156780001000000"] || !seen["49546986683135544286507457936321625675700192471156780001000001.1"] {
		t.Errorf("%v", seen)
	}
	for sub, want := range map[int]string{0: "7000000", 10: "7000010", 99999: "7099999", 123456: "7123456", 1234567: "71234567"} {
		if id := m.of(&sink.Record{Sequence: "7", SubSequence: sub}); id != want {
			t.Errorf("got %s, want %s", id, want)
		}
	}
}

// Records in whatever order, as a redrive has them, get ids of their own too.
func TestIDsOfRecordsInAnyOrder(t *testing.T) {
	b := newBench(t, upper)
	in := []sink.Record{record(1, "a"), record(2, "b"), record(1, "c"), {Data: []byte("d")}, record(2, "e"), {Data: []byte("f")}, record(1, "g")}
	if got := strings.Join(allShown(b.must(in...)), ","); got != "A raw a,B raw b,C raw c,D raw d,E raw e,F raw f,G raw g" {
		t.Errorf("got %s", got)
	}
}
