package kinesisfake

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"standpipe/internal/faults"
)

func TestSequenceNumbersHave56DigitsAndComeBack(t *testing.T) {
	for _, s := range []sequence{
		{epoch: 1_466_000_000}, {epoch: 1_764_000_000, shard: 31, index: 77, seconds: 1_764_000_123},
		{epoch: mask36, shard: math.MaxUint32, index: lastIndex, seconds: mask36},
	} {
		text := s.String()
		if got, ok := parseSequence(text); !ok || got != s || len(text) != 56 {
			t.Errorf("%+v is %s, read as %+v", s, text, got)
		}
		hex := fmt.Sprintf("2%09x%x%016x00%09x%08x2", s.epoch, s.shard&15, s.index, s.seconds, s.shard)
		if want, _ := new(big.Int).SetString(hex, 16); want.String() != text {
			t.Errorf("%+v is %s, want %s", s, text, want)
		}
	}
	// Numbers that the service made, from the developer guides of Kinesis and Lambda.
	for text, want := range map[string]sequence{
		"49544985256907370027570885864065577703022652638596431874": {epoch: 1415670039, index: 0x32003d1f4, seconds: 1431623575},
		"49590338271490256608559692538361571095921575989136588898": {epoch: 1542776258, shard: 6, index: 0x67648a17, seconds: 1545084650},
	} {
		if s, ok := parseSequence(text); !ok || s != want || s.String() != text {
			t.Errorf("%s was read as %+v, want %+v", text, s, want)
		}
	}
	for _, text := range []string{"", "0", strings.Repeat("9", 56), strings.Repeat("4", 56), strings.Repeat("4", 55) + "x"} {
		if s, ok := parseSequence(text); ok {
			t.Errorf("%q was read as %+v", text, s)
		}
	}
}

func TestSequenceNumbersGrowWithIndexAndEpoch(t *testing.T) {
	last := ""
	for _, s := range []sequence{
		{epoch: 10, shard: 5, seconds: 10}, {epoch: 10, shard: 5, index: 1, seconds: 99}, {epoch: 10, shard: 5, index: 2, seconds: 20},
		{epoch: 10, shard: 5, index: lastIndex}, {epoch: 11, shard: 0}, {epoch: 11, shard: 0, index: 1},
	} {
		if text := s.String(); text <= last {
			t.Errorf("%+v is not above the one before", s)
		} else {
			last = text
		}
	}
}

func TestHashRangesTileTheSpace(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 99, 1000} {
		next := hashKey{}
		for i := range n {
			lo, hi := evenRange(i, n)
			if lo != next || hi.less(lo) {
				t.Fatalf("range %d of %d is %s to %s", i, n, lo, hi)
			}
			mid := middle(lo, hi)
			want := new(big.Int).Add(lo.big(), new(big.Int).Rsh(new(big.Int).Sub(hi.big(), lo.big()), 1))
			if want.Add(want, big.NewInt(1)).Cmp(mid.big()) != 0 {
				t.Fatalf("middle of %s and %s is %s", lo, hi, mid)
			}
			next = hi.plus(1)
		}
		if next != (hashKey{}) {
			t.Errorf("%d ranges end at %s", n, next)
		}
	}
	// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html names the ranges of three shards.
	if lo, _ := evenRange(1, 3); lo.String() != "113427455640312821154458202477256070485" {
		t.Errorf("the second of three begins at %s", lo)
	}
}

func TestHashKeysAreReadStrictly(t *testing.T) {
	for _, good := range []string{"0", "1", "340282366920938463463374607431768211455"} {
		if h, ok := parseHash(good); !ok || h.String() != good {
			t.Errorf("%s was read as %s", good, h)
		}
	}
	for _, bad := range []string{"", "00", "-1", "0x1", "340282366920938463463374607431768211456", strings.Repeat("9", 40)} {
		if h, ok := parseHash(bad); ok {
			t.Errorf("%s was read as %s", bad, h)
		}
	}
	if got := hashOf("").String(); got != "281949768489412648962353822266799178366" { // d41d8cd98f00b204e9800998ecf8427e
		t.Errorf("MD5 of nothing is %s", got)
	}
}

func TestArrivalIsWrittenAsTheServiceDoes(t *testing.T) {
	for ms, want := range map[int64]string{
		1441215410867: "1.441215410867E9", 1764000000000: "1.764E9", 2000000000000: "2.0E9", 1441215410800: "1.4412154108E9", 5: "0.005",
	} {
		got := string(appendArrival(nil, ms))
		if got != want {
			t.Errorf("%d ms is %s, want %s", ms, got, want)
		}
		if f, err := strconv.ParseFloat(got, 64); err != nil || int64(math.Round(f*1000)) != ms {
			t.Errorf("%s reads as %v, %v", got, f, err)
		}
	}
}

func TestSlabsGiveBackWhatTheyGot(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	var l recordLog
	var want [][]byte
	for i := range 3000 {
		size := rng.IntN(300)
		if i%1500 == 7 {
			size = 2 << 20
		}
		data := bytes.Repeat([]byte{byte(i)}, size)
		want = append(want, data)
		l.append(int64(1000+i/10), fmt.Sprint("key", i), data)
	}
	for range 300 {
		from, limit, most := rng.IntN(len(want)), 1+rng.IntN(1000), 1+rng.IntN(3<<20)
		segments, count, size := l.take(uint64(from), limit, most)
		i := from
		for _, seg := range segments {
			for k := range seg.ends {
				ms, key, data := seg.record(k)
				if ms != int64(1000+i/10) || string(key) != fmt.Sprint("key", i) || !bytes.Equal(data, want[i]) {
					t.Fatalf("record %d is %d %s, %d bytes", i, ms, key, len(data))
				}
				size -= len(key) + len(data)
				i++
			}
		}
		if i-from != count || count > limit || count == 0 || size != 0 {
			t.Fatalf("from %d with limit %d: %d records, counted %d, %d bytes off", from, limit, i-from, count, size)
		}
	}
	for _, ms := range []int64{0, 1000, 1001, 1150, 1299, 1300} {
		at := l.firstAt(0, ms)
		if want := min(uint64(max(0, ms-1000))*10, l.n); at != want {
			t.Errorf("first at %d is %d, want %d", ms, at, want)
		}
	}
}

func TestSmallRecordsAreCheapInMemory(t *testing.T) {
	var l recordLog
	const n, size = 100_000, 100
	for range n {
		l.append(1, "12345678", make([]byte, size))
	}
	held := 0
	for _, s := range l.slabs {
		held += cap(s.bytes) + 4*cap(s.ends)
	}
	if over := held/n - size - 8; over > 32 {
		t.Errorf("%d bytes a record beside key and data", over)
	}
}

func TestRequestAboveTenMebibytesIsRefusedWhole(t *testing.T) {
	s := New(Options{})
	if err := s.CreateStream("s", 1); err != nil {
		t.Fatal(err)
	}
	put := func(sizes ...int) error {
		in := struct {
			target
			Records []putEntry
		}{target: target{StreamName: "s"}}
		for _, n := range sizes {
			in.Records = append(in.Records, putEntry{Data: make([]byte, n), PartitionKey: "k"})
		}
		_, err := s.putRecords(time.Now(), &in)
		return err
	}
	if err := put(5<<20, 5<<20-2); err != nil {
		t.Error(err)
	}
	var refusal *faults.Error
	if err := put(5<<20, 5<<20-1); !errors.As(err, &refusal) || refusal.Code != "InvalidArgumentException" {
		t.Errorf("a byte more: %v", err)
	}
	if shards, err := s.Shards("s"); err != nil || shards[0].Records != 2 {
		t.Errorf("%d records stored, %v", shards[0].Records, err)
	}
}

func BenchmarkGetRecords(b *testing.B) {
	s := New(Options{Limits: &Limits{}})
	if err := s.CreateStream("s", 1); err != nil {
		b.Fatal(err)
	}
	data := bytes.Repeat([]byte("x"), 300)
	for range maxGetRecords {
		if _, _, err := s.Put("s", "key", data); err != nil {
			b.Fatal(err)
		}
	}
	it := iterator{streamID: 1, issued: time.Now(), stream: "s"}.encode(kindIterator)
	body := fmt.Sprintf(`{"ShardIterator":%q}`, it)
	b.SetBytes(maxGetRecords * 300)
	for b.Loop() {
		a, err := serveGetRecords(s, time.Now(), strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		a.release()
	}
}

func BenchmarkPut(b *testing.B) {
	s := New(Options{})
	if err := s.CreateStream("s", 8); err != nil {
		b.Fatal(err)
	}
	data := bytes.Repeat([]byte("x"), 300)
	for b.Loop() {
		if _, _, err := s.Put("s", "key", data); err != nil {
			b.Fatal(err)
		}
	}
}
