package consumer

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/awslabs/kinesis-aggregation/go/v2/deaggregator"
	"google.golang.org/protobuf/encoding/protowire"

	"standpipe/sink"
)

var kplArrival = time.UnixMilli(1675146135164)

const kplSequence = "49590338271490256608559692538361571095921575989136588898"

// kplRecord is a user record to be aggregated; hashKey is empty where the producer gave none.
type kplRecord struct{ key, hashKey, data string }

// kplMessage is the message of an aggregate, with a key in the tables for each record.
func kplMessage(users ...kplRecord) []byte {
	var message []byte
	hashKeys := uint64(0)
	for i, user := range users {
		message = protowire.AppendTag(message, 1, protowire.BytesType)
		message = protowire.AppendString(message, user.key)
		record := protowire.AppendVarint([]byte{1 << 3}, uint64(i))
		if user.hashKey != "" {
			message = protowire.AppendTag(message, 2, protowire.BytesType)
			message = protowire.AppendString(message, user.hashKey)
			record = protowire.AppendVarint(append(record, 2<<3), hashKeys)
			hashKeys++
		}
		record = protowire.AppendTag(record, 3, protowire.BytesType)
		record = protowire.AppendString(record, user.data)
		message = protowire.AppendTag(message, 3, protowire.BytesType)
		message = protowire.AppendBytes(message, record)
	}
	return message
}

// kplAggregate puts the magic number and the digest around a message.
func kplAggregate(message []byte) []byte {
	digest := md5.Sum(message)
	return slices.Concat([]byte(aggregateMagic), message, digest[:])
}

// libraryDeaggregate is what AWS's own library makes of data: user records, or an error, or a panic told as one.
func libraryDeaggregate(data []byte) (users [][]byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			users, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	out, err := deaggregator.DeaggregateRecords([]types.Record{{Data: data}})
	for _, r := range out {
		users = append(users, r.Data)
	}
	return users, err
}

func dataOf(list []sink.Record) (data [][]byte) {
	for _, r := range list {
		data = append(data, r.Data)
	}
	return data
}

// gather appends the user records in data to dst.
func gather(dst []sink.Record, data []byte, arrival time.Time, sequence, key string, hashRange *HashRange, drop bool) ([]sink.Record, int) {
	outside, more := deaggregate(data, arrival, sequence, key, hashRange, drop, false, func(r sink.Record) bool {
		dst = append(dst, r)
		return true
	})
	if !more {
		panic("ended early")
	}
	return dst, outside
}

func TestKPLOpensAnAggregate(t *testing.T) {
	data := kplAggregate(kplMessage(
		kplRecord{"a", "", `{"n":0}`}, kplRecord{"b", "7", `{"n":1}`}, kplRecord{"c", "", ""}))
	before := sink.Record{Sequence: "before"}
	got, outOfRange := gather([]sink.Record{before}, data, kplArrival, kplSequence, "a", nil, true)
	if outOfRange != 0 || len(got) != 4 || got[0].Sequence != "before" {
		t.Fatalf("got %d records after the one before, %d out of range", len(got)-1, outOfRange)
	}
	for i, want := range []string{`{"n":0}`, `{"n":1}`, ""} {
		r := got[i+1]
		if string(r.Data) != want || r.SubSequence != i || r.Sequence != kplSequence || !r.Arrival.Equal(kplArrival) || r.Failure != nil {
			t.Errorf("record %d: got %+v", i, r)
		}
	}
	first := bytes.Index(data, []byte(`{"n":0}`))
	if &got[1].Data[0] != &data[first] || cap(got[1].Data) != len(got[1].Data) {
		t.Error("the data of a user record is not a clipped part of the input")
	}
	if users, err := libraryDeaggregate(data); err != nil || !slices.EqualFunc(users, dataOf(got[1:]), bytes.Equal) {
		t.Errorf("the library reads %q, %v", users, err)
	}
}

func TestKPLPlainRecords(t *testing.T) {
	aggregate := kplAggregate(kplMessage(kplRecord{"a", "", "x"}))
	wrongDigest := bytes.Clone(aggregate)
	wrongDigest[len(wrongDigest)-1] ^= 1
	for name, data := range map[string][]byte{
		"nothing":                nil,
		"JSON":                   []byte(`{"a":1}`),
		"the magic alone":        []byte(aggregateMagic),
		"an empty message":       kplAggregate(nil),
		"one byte short":         aggregate[:len(aggregate)-1],
		"another magic":          append([]byte{0xf3, 0x89, 0x9a, 0xc3}, aggregate[4:]...),
		"a digest that is wrong": wrongDigest,
	} {
		got, _ := gather(nil, data, kplArrival, kplSequence, "a", &HashRange{}, true)
		if len(got) != 1 || !bytes.Equal(got[0].Data, data) || got[0].Failure != nil || got[0].SubSequence != 0 {
			t.Errorf("%s: got %+v, want it as one record", name, got)
		}
		if users, err := libraryDeaggregate(data); err != nil || len(users) != 1 || !bytes.Equal(users[0], data) {
			t.Errorf("%s: the library reads %q, %v", name, users, err)
		}
	}
}

func TestKPLAggregateInAnAggregateStaysClosed(t *testing.T) {
	inner := kplAggregate(kplMessage(kplRecord{"a", "", "x"}))
	got, _ := gather(nil, kplAggregate(kplMessage(kplRecord{"b", "", string(inner)})), kplArrival, kplSequence, "a", nil, false)
	if len(got) != 1 || !bytes.Equal(got[0].Data, inner) || got[0].Failure != nil {
		t.Errorf("got %+v, want the inner aggregate as it is", got)
	}
}

func TestKPLTablesMayFollowTheRecords(t *testing.T) {
	message := []byte("\x1a\x05\x08\x00\x1a\x01x" + "\x0a\x01k") // records, then partition_key_table
	got, _ := gather(nil, kplAggregate(message), kplArrival, kplSequence, "a", nil, false)
	if len(got) != 1 || string(got[0].Data) != "x" {
		t.Errorf("got %+v, want x", got)
	}
}

func TestKPLBadAggregates(t *testing.T) {
	good := string(kplMessage(kplRecord{"a", "", "x"}))
	for _, test := range []struct{ name, message, want string }{
		{"no records", "\x0a\x01k", "no user records in the aggregate"},
		{"partition key index beyond the table", "\x0a\x01k\x1a\x05\x08\x07\x1a\x01x", "partition key 7 named in a table of 1"},
		{"no partition key table", "\x1a\x05\x08\x00\x1a\x01x", "partition key 0 named in a table of 0"},
		{"largest index there is", "\x0a\x01k\x1a\x0e\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x1a\x01x",
			"partition key 18446744073709551615 named in a table of 1"},
		{"hash key index beyond the table", "\x0a\x01k\x1a\x07\x08\x00\x10\x01\x1a\x01x", "explicit hash key 1 named in a table of 0"},
		{"no data", good + "\x1a\x02\x08\x00", "no data in user record 1"},
		{"no partition key", good + "\x1a\x03\x1a\x01x", "no partition key in user record 1"},
		{"data of another type", good + "\x1a\x04\x08\x00\x18\x05", "no data in user record 1"},
		{"tag without key", good + "\x1a\x07\x08\x00\x1a\x01x\x22\x00", "invalid tag in user record 1"},
		{"broken tag", good + "\x1a\x08\x08\x00\x1a\x01x\x22\x01\x0a", "invalid tag in user record 1"},
		{"length beyond the end", good + "\x1a\xff\xff\xff\xff\x07x", "invalid protobuf field in the aggregate"},
		{"data length beyond the end", good + "\x1a\x05\x08\x00\x1a\x7fx", "invalid protobuf field in user record 1"},
		{"field number 0", good + "\x00\x00", "invalid protobuf field in the aggregate"},
		{"group without end", good + "\x2b", "invalid protobuf field in the aggregate"},
		{"not protobuf", "{\"a\":1}", "invalid protobuf field in the aggregate"},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := kplAggregate([]byte(test.message))
			got, outOfRange := gather(nil, data, kplArrival, kplSequence, "a", &HashRange{}, true)
			if len(got) != 1 || outOfRange != 0 || !bytes.Equal(got[0].Data, data) || got[0].Sequence != kplSequence {
				t.Fatalf("got %+v, want the whole aggregate as one record", got)
			}
			want := sink.Failure{Type: "processing-failed", Code: "Standpipe.BadAggregate", Message: "decode KPL aggregate: " + test.want}
			if got[0].Failure == nil || *got[0].Failure != want {
				t.Errorf("got failure %+v, want %+v", got[0].Failure, want)
			}
			// The library panics, refuses the whole batch, or loses the record, except where it reads no hash keys.
			if users, err := libraryDeaggregate(data); err == nil && len(users) > 0 && !strings.HasPrefix(test.want, "explicit") {
				t.Errorf("the library reads %q: this aggregate is not bad", users)
			}
		})
	}
}

func TestKPLLibraryReadsWhatItsOwnMessagesSay(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		b := make([]byte, random.IntN(n))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return string(b)
	}
	for range 200 {
		users := make([]kplRecord, 1+random.IntN(50))
		for i := range users {
			users[i] = kplRecord{key: text(20), data: text(300)}
			if random.IntN(2) == 0 {
				users[i].hashKey = fmt.Sprint(random.Uint64())
			}
		}
		data := kplAggregate(kplMessage(users...))
		got, _ := gather(nil, data, kplArrival, kplSequence, "a", nil, false)
		want, err := libraryDeaggregate(data)
		if err != nil || len(want) != len(users) || !slices.EqualFunc(want, dataOf(got), bytes.Equal) {
			t.Fatalf("%d records: got %d, the library %d (%v)", len(users), len(got), len(want), err)
		}
	}
}

func TestKPLRecordsOutsideTheShardsRange(t *testing.T) {
	hash := func(key string) string {
		digest := md5.Sum([]byte(key))
		return new(big.Int).SetBytes(digest[:]).String()
	}
	users := []kplRecord{
		{"inside", "", "0"},
		{"outside", "", "1"},
		{"outside", hash("inside"), "2"},
		{"inside", hash("outside"), "3"},
		{"outside", "not a number", "4"},
		{"outside", "340282366920938463463374607431768211456", "5"}, // 2^128 is no hash key either
	}
	data := kplAggregate(kplMessage(users...))
	only, err := ParseHashRange(hash("inside"), hash("inside"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		key       string
		hashRange *HashRange
		drop      bool
		want      string
		outside   int
	}{
		{"a", nil, true, "012345", 0},
		{"a", &only, false, "012345", 2},
		{"a", &only, true, "0245", 2},
		{"", &only, true, "012345", 0}, // the service chose the shard
	} {
		got, outside := gather(nil, data, kplArrival, kplSequence, test.key, test.hashRange, test.drop)
		var delivered string
		for _, r := range got {
			delivered += string(r.Data)
			if fmt.Sprint(r.SubSequence) != string(r.Data) {
				t.Errorf("record %s has index %d", r.Data, r.SubSequence)
			}
		}
		if delivered != test.want || outside != test.outside {
			t.Errorf("key %q, range %v, drop %v: got %s with %d outside, want %s with %d",
				test.key, test.hashRange, test.drop, delivered, outside, test.want, test.outside)
		}
	}
	// More keys than fit the fixed tables.
	users = slices.Repeat(users, 300)
	if got, outside := gather(nil, kplAggregate(kplMessage(users...)), kplArrival, kplSequence, "a", &only, true); len(got) != 1200 || outside != 600 {
		t.Errorf("1800 records: got %d and %d outside, want 1200 and 600", len(got), outside)
	}
}

func TestKPLHashKeysAreDecimal(t *testing.T) {
	const top = "340282366920938463463374607431768211455"
	for _, good := range []string{"0", "1", "18446744073709551615", "18446744073709551616", "170141183460469231731687303715884105728", top, "007"} {
		key, ok := parseHashKey([]byte(good))
		want, _ := new(big.Int).SetString(good, 10)
		if !ok || new(big.Int).SetBytes(key[:]).Cmp(want) != 0 {
			t.Errorf("%s: got %x, %v", good, key, ok)
		}
	}
	for _, bad := range []string{"", "-1", "+1", "1.0", " 1", "0x10", "340282366920938463463374607431768211456", "999999999999999999999999999999999999999", top + "0"} {
		if key, ok := parseHashKey([]byte(bad)); ok {
			t.Errorf("%q: got %x, want it refused", bad, key)
		}
	}
	for _, bad := range []struct{ start, end, want string }{
		{"x", "1", `parse starting hash key "x": not a decimal number below 2^128`},
		{"1", "", `parse ending hash key "": not a decimal number below 2^128`},
		{"2", "1", `parse hash key range: starting hash key 2 is above ending hash key 1`},
	} {
		if _, err := ParseHashRange(bad.start, bad.end); err == nil || err.Error() != bad.want {
			t.Errorf("%s to %s: got error %v, want %s", bad.start, bad.end, err, bad.want)
		}
	}
	all, err := ParseHashRange("0", top)
	if err != nil || !all.contains([16]byte{}) || !all.contains(md5.Sum(nil)) || !all.contains([16]byte(bytes.Repeat([]byte{255}, 16))) {
		t.Errorf("the whole range does not contain all keys: %v", err)
	}
}

func TestKPLAllocatesNothingForGoodInput(t *testing.T) {
	users := slices.Repeat([]kplRecord{{"key", "5", `{"a":1}`}}, 200)
	data := kplAggregate(kplMessage(users...))
	n := 0
	count := func(sink.Record) bool { n++; return true }
	if allocs := testing.AllocsPerRun(100, func() {
		deaggregate(data, kplArrival, kplSequence, "a", &HashRange{}, false, false, count)
	}); allocs != 0 || n != 101*200 {
		t.Errorf("got %v allocations a run, want none", allocs)
	}
}

// Whoever gets the records may end it at any of them, also among those that lie outside the range.
func TestKPLEndsWhereItIsToldTo(t *testing.T) {
	data := kplAggregate(kplMessage(slices.Repeat([]kplRecord{{"a", "3", "inside"}, {"a", "5", "outside"}}, 3)...))
	for _, drop := range []bool{false, true} {
		for stop := 1; stop <= 3; stop++ {
			n := 0
			_, more := deaggregate(data, kplArrival, kplSequence, "a", &HashRange{End: [16]byte{15: 4}}, drop, false, func(sink.Record) bool {
				n++
				return n < stop
			})
			if n != stop || more {
				t.Errorf("drop %v: told to end at record %d, got %d; more is %v", drop, stop, n, more)
			}
		}
	}
}

// An aggregate is as large as a record can be and holds nothing but headers: what is yielded is not gathered.
func TestKPLOfTinyRecordsTakesNoMemory(t *testing.T) {
	message := []byte("\x0a\x01k")
	for len(message) < 10<<20-64 {
		message = append(message, "\x1a\x04\x08\x00\x1a\x00"...)
	}
	data := kplAggregate(message)
	n := 0
	count := func(sink.Record) bool { n++; return true }
	bytes := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n = 0
			deaggregate(data, kplArrival, kplSequence, "a", &HashRange{}, false, false, count)
		}
	}).AllocedBytesPerOp()
	if n != (10<<20-64-3+5)/6 || bytes > 1<<10 {
		t.Errorf("%d user records took %d bytes", n, bytes)
	}
}

func FuzzKPL(f *testing.F) {
	f.Add(kplMessage(kplRecord{"a", "", "x"}, kplRecord{"b", "7", ""}))
	f.Add([]byte("\x0a\x01k\x1a\x05\x08\x07\x1a\x01x"))
	f.Add([]byte("\x1a\x07\x08\x00\x1a\x01x\x22\x00\x0a\x01k"))
	f.Add([]byte("\x0a\x01k\x1a\x0a\x08\x00\x08\x00\x1a\x01x\x2b\x08\x00\x2c"))
	f.Add([]byte("\x0a\x01k\x1a\x0b\x08\x00\x1a\x01x\x22\x04\x0a\x00\x12\x00"))
	f.Fuzz(func(t *testing.T, message []byte) {
		data := kplAggregate(message)
		got, _ := gather(nil, data, kplArrival, kplSequence, "a", &HashRange{End: [16]byte{0x80}}, false)
		want, err := libraryDeaggregate(data)
		if len(got) == 0 || len(got) > 1+len(message)/6 {
			t.Fatalf("got %d records of %d bytes", len(got), len(message))
		}
		if got[0].Failure == nil {
			if err != nil || !slices.EqualFunc(want, dataOf(got), bytes.Equal) {
				t.Fatalf("got %q, the library %q, %v", dataOf(got), want, err)
			}
			return
		}
		if len(got) != 1 || !bytes.Equal(got[0].Data, data) {
			t.Fatalf("got %+v, want the whole aggregate", got)
		}
		// The library does not look at hash keys; all else that it reads must be readable here.
		if err == nil && len(want) > 0 && !strings.Contains(got[0].Failure.Message, "explicit hash key") {
			t.Fatalf("got %s, the library reads %q", got[0].Failure.Message, want)
		}
	})
}

func BenchmarkKPL(b *testing.B) {
	users := make([]kplRecord, 100)
	for i := range users {
		users[i] = kplRecord{key: fmt.Sprintf("f0a72781-3a69-4bd8-bef0-%012d", i), data: strings.Repeat(`{"a":"b"}`, 30)}
	}
	data := kplAggregate(kplMessage(users...))
	half := &HashRange{End: [16]byte{0x80}}
	for _, bench := range []struct {
		name      string
		hashRange *HashRange
	}{{"range=unknown", nil}, {"range=known", half}} {
		b.Run(bench.name, func(b *testing.B) {
			var dst []sink.Record
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = gather(dst[:0], data, kplArrival, kplSequence, "a", bench.hashRange, false)
			}
		})
	}
	b.Run("library", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := libraryDeaggregate(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// User records carry the partition keys of their own, wherever the table stands and in whatever order they name them;
// without being asked for, none is made.
func TestKPLPartitionKeys(t *testing.T) {
	var users []kplRecord
	var want []string
	for i := range 2000 {
		key := fmt.Sprint("key-", i*7%600, strings.Repeat("x", i%3))
		users, want = append(users, kplRecord{key, "", "x"}), append(want, key)
	}
	message := kplMessage(users...)
	var keys, records []byte
	for rest := message; len(rest) > 0; {
		field, next, _ := nextField(rest)
		part := rest[:len(rest)-len(next)]
		if field.isBytes(1) {
			keys = append(keys, part...)
		} else {
			records = append(records, part...)
		}
		rest = next
	}
	for name, m := range map[string][]byte{"between": message, "first": slices.Concat(keys, records), "last": slices.Concat(records, keys)} {
		var got []string
		deaggregate(kplAggregate(m), kplArrival, kplSequence, "outer", nil, false, true, func(r sink.Record) bool {
			got = append(got, r.PartitionKey)
			return true
		})
		if !slices.Equal(got, want) {
			t.Errorf("table %s: got %d keys, other ones", name, len(got))
		}
		deaggregate(kplAggregate(m), kplArrival, kplSequence, "outer", nil, false, false, func(r sink.Record) bool {
			if r.PartitionKey != "" {
				t.Errorf("table %s: got %q, which nobody asked for", name, r.PartitionKey)
			}
			return r.PartitionKey == ""
		})
	}
	deaggregate([]byte("plain"), kplArrival, kplSequence, "outer", nil, false, false, func(r sink.Record) bool {
		if r.PartitionKey != "outer" {
			t.Errorf("a plain record has key %q", r.PartitionKey)
		}
		return true
	})
}
