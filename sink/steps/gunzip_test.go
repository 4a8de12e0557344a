package steps

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"standpipe/internal/kinesistest"
)

const mebibyte = 1 << 20

// much is how long hostile records are: what the longest record of Kinesis holds, and less where each byte takes long.
var much = map[bool]int{false: 10 * mebibyte, true: mebibyte / 2}[raced]

func TestGunzip(t *testing.T) {
	a, b, empty := kinesistest.Gzip([]byte("first")), kinesistest.Gzip([]byte("second")), kinesistest.Gzip(nil)
	var headed bytes.Buffer
	w := gzip.NewWriter(&headed)
	w.Name, w.Comment, w.Extra = "name", "comment", []byte("extra")
	_, _ = w.Write([]byte("headed"))
	_ = w.Close()
	random := make([]byte, 300_000)
	for i := range random {
		random[i] = byte(rand.Uint32())
	}
	liar := bytes.Clone(kinesistest.Gzip(bytes.Repeat([]byte("x"), 100_000)))
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"one member":               {a, "first"},
		"two members":              {slices.Concat(a, b), "firstsecond"},
		"empty members in between": {slices.Concat(empty, a, empty, empty, b, empty), "firstsecond"},
		"nothing but empty ones":   {slices.Concat(empty, empty), ""},
		"a header with all fields": {headed.Bytes(), "headed"},
		"random bytes":             {kinesistest.Gzip(random), string(random)},
		"a small last member":      {slices.Concat(liar, a), strings.Repeat("x", 100_000) + "first"},
		"a thousandth of its size": {kinesistest.Gzip(make([]byte, 5*mebibyte)), string(make([]byte, 5*mebibyte))},
	} {
		got, err := gunzip(c.data, 64*mebibyte)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %d bytes and error %v, want %d", name, len(got), err, len(c.want))
		}
		if _, err := gunzip(c.data, int64(len(c.want))); err != nil {
			t.Errorf("%s: exactly the limit: %v", name, err)
		}
		if len(c.want) == 0 {
			continue
		}
		if _, err := gunzip(c.data, int64(len(c.want)-1)); err == nil || err.Error() != fmt.Sprintf("unpacks to more than max_bytes, which is %d", len(c.want)-1) {
			t.Errorf("%s: a byte over the limit: %v", name, err)
		}
	}
}

func TestGunzipRefuses(t *testing.T) {
	good := kinesistest.Gzip([]byte(strings.Repeat("some text, ", 30)))
	n := len(good)
	changed := func(at int, to byte) []byte {
		b := bytes.Clone(good)
		b[at] = to
		return b
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "empty record"},
		{"text", []byte(`{"a":1}`), "no gzip header at byte 0"},
		{"longer text", []byte(`{"messageType":"DATA_MESSAGE"}`), "no gzip header at byte 0"},
		{"one byte of text", []byte("x"), "no gzip header at byte 0"},
		{"half a magic number", good[:1], "unexpected end of a gzip header at byte 1"},
		{"half a header", good[:6], "unexpected end of a gzip header at byte 6"},
		{"another compression", changed(2, 7), "no gzip header at byte 0"},
		{"flags nobody knows", changed(3, 0xe0), "no gzip header at byte 0"},
		{"a header alone", good[:10], "unexpected end of gzip at byte 10"},
		{"no trailer", good[:n-8], fmt.Sprintf("unexpected end of gzip at byte %d", n-8)},
		{"half a trailer", good[:n-1], fmt.Sprintf("unexpected end of gzip at byte %d", n-1)},
		{"a wrong checksum", changed(n-8, good[n-8]+1), fmt.Sprintf("wrong checksum or length of gzip before byte %d", n)},
		{"a wrong length", changed(n-1, 1), fmt.Sprintf("wrong checksum or length of gzip before byte %d", n)},
		{"a block of no kind", changed(10, 0xff), "corrupt gzip before byte 11"},
		{"text behind it", slices.Concat(good, []byte("text")), fmt.Sprintf("something other than gzip follows at byte %d", n)},
		{"a zero behind it", append(bytes.Clone(good), 0), fmt.Sprintf("something other than gzip follows at byte %d", n)},
		{"half a member behind it", slices.Concat(good, good[:12]), fmt.Sprintf("unexpected end of gzip at byte %d", n+12)},
	} {
		if got, err := gunzip(c.data, mebibyte); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %q and error %v, want %s", c.name, got, err, c.want)
		}
	}
	for end := range n {
		if _, err := gunzip(good[:end], mebibyte); err == nil {
			t.Errorf("took the first %d of %d bytes", end, n)
		}
	}
}

// allocated is how many bytes f allocates.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

func TestGunzipTakesMemoryForWhatIsThere(t *testing.T) {
	const reader = 64 << 10 // what every call may need
	bomb := kinesistest.Gzip(make([]byte, 64*mebibyte))
	liar := kinesistest.Gzip([]byte(strings.Repeat("x", 1000)))
	binary.LittleEndian.PutUint32(liar[len(liar)-4:], 1<<30)
	large := slices.Concat(liar[:len(liar)-8], make([]byte, mebibyte), []byte{0xff, 0xff, 0xff, 0x7f})
	text := bytes.Repeat([]byte(`{"requestId":"f0a72781-3a69","status":200}`+"\n"), 100_000)
	for _, c := range []struct {
		name  string
		data  []byte
		limit int64
		most  int64
	}{
		{"a bomb", bomb, 4 * mebibyte, 12 * mebibyte},
		{"a bomb with a small limit", bomb, 1024, 2 << 10},
		{"a small record that says it is large", liar, 64 * mebibyte, 0},
		{"a large record that says it is larger", large, 64 * mebibyte, 0},
		{"a record as they are", kinesistest.Gzip(text), 64 * mebibyte, int64(5 * len(text))},
	} {
		if got := allocated(func() { _, _ = gunzip(c.data, c.limit) }); got > c.most+reader {
			t.Errorf("%s of %d bytes takes %d bytes, more than %d", c.name, len(c.data), got, c.most)
		}
	}
}

// Half a million members of nothing end in the time that a test has.
func TestGunzipManyMembers(t *testing.T) {
	data := bytes.Repeat(kinesistest.Gzip(nil), much/len(kinesistest.Gzip(nil)))
	if got, err := gunzip(data, mebibyte); err != nil || len(got) != 0 {
		t.Errorf("got %d bytes and error %v", len(got), err)
	}
}

func TestGunzipAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		want := []byte(strings.Repeat(fmt.Sprint(i), 10_000))
		data := kinesistest.Gzip(want)
		wg.Go(func() {
			for range 50 {
				if got, err := gunzip(data, mebibyte); err != nil || !bytes.Equal(got, want) {
					t.Errorf("got %d bytes and error %v", len(got), err)
				}
				if _, err := gunzip(data[:20], mebibyte); err == nil {
					t.Error("took a part")
				}
			}
		})
	}
	wg.Wait()
}

// FuzzGunzip compares with the standard library, which is not what gunzip uses.
func FuzzGunzip(f *testing.F) {
	a := kinesistest.Gzip([]byte("first"))
	f.Add(a)
	f.Add(slices.Concat(a, a))
	f.Add(slices.Concat(a, []byte{0}))
	f.Add(a[:len(a)-3])
	f.Fuzz(func(t *testing.T, data []byte) {
		for at := range data { // RFC 1952 has such flags refused, and the standard library does not
			if bytes.HasPrefix(data[at:], []byte("\x1f\x8b\x08")) && at+3 < len(data) && data[at+3]>>5 != 0 {
				t.Skip("reserved flags")
			}
		}
		const limit = 4096
		got, err := gunzip(data, limit)
		want, werr := reference(data, limit)
		if werr == nil && len(want) > limit {
			if err == nil {
				t.Fatalf("took %d bytes", len(got))
			}
			return
		}
		if (err == nil) != (werr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("got %q and %v, the standard library %q and %v", got, err, want, werr)
		}
	})
}

func reference(data []byte, limit int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, limit+1))
}
