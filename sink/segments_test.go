package sink

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"io"
	"testing"
	"testing/iotest"
)

func TestSegmentsReadAsOne(t *testing.T) {
	for _, segs := range []Segments{
		nil,
		{[]byte("")},
		{[]byte("hello")},
		{[]byte("he"), nil, []byte("llo"), []byte(""), []byte(" world")},
		{nil, []byte("a"), nil},
		{bytes.Repeat([]byte("x"), 10_000), bytes.Repeat([]byte("y"), 3), bytes.Repeat([]byte("z"), 5000)},
	} {
		whole := bytes.Join(segs, nil)
		if err := iotest.TestReader(segs.Reader(), whole); err != nil { // seeks as well
			t.Error(err)
		}
		if segs.Len() != int64(len(whole)) {
			t.Errorf("length is %d, want %d", segs.Len(), len(whole))
		}
		sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(whole))
		if got := segs.CRC32(); got != base64.StdEncoding.EncodeToString(sum) {
			t.Errorf("checksum is %s", got)
		}
	}
}

// The SDK reads a body to sign it, seeks back, and may send it several times.
func TestSegmentsAreReadAgainFromTheStart(t *testing.T) {
	segs := Segments{[]byte("one "), []byte("two "), []byte("three")}
	r := segs.Reader()
	for range 3 {
		got, err := io.ReadAll(iotest.OneByteReader(r))
		if err != nil || string(got) != "one two three" {
			t.Fatalf("read %q, %v", got, err)
		}
		if at, err := r.Seek(0, io.SeekCurrent); at != segs.Len() || err != nil {
			t.Errorf("at %d, %v", at, err)
		}
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
	}
	other := segs.Reader() // readers do not disturb each other
	_, _ = r.Seek(4, io.SeekStart)
	a, _ := io.ReadAll(r)
	b, _ := io.ReadAll(other)
	if string(a) != "two three" || string(b) != "one two three" {
		t.Errorf("read %q and %q", a, b)
	}
}

func TestSegmentsSeekOnlyWithin(t *testing.T) {
	r := Segments{[]byte("one "), []byte("two")}.Reader()
	for _, c := range []struct {
		offset int64
		whence int
		want   int64
	}{{-1, io.SeekStart, -1}, {8, io.SeekStart, -1}, {7, io.SeekStart, 7}, {-7, io.SeekEnd, 0}, {3, io.SeekCurrent, 3}, {-4, io.SeekCurrent, -1}, {1, io.SeekEnd, -1}, {-1, io.SeekEnd, 6}} {
		at, err := r.Seek(c.offset, c.whence)
		if (err != nil) != (c.want < 0) || err == nil && at != c.want {
			t.Errorf("seek %d from %d: at %d, %v", c.offset, c.whence, at, err)
		}
	}
	if got, _ := io.ReadAll(r); string(got) != "o" {
		t.Errorf("read %q", got)
	}
}
