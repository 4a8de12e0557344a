package sink

import (
	"archive/zip"
	"bytes"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"standpipe/internal/unpack"
)

func TestZipHasOneEntryNamedByItsObject(t *testing.T) {
	name, lines, err := unpack.Zip(fileOf(codecs["zip"], 0, []byte("{}\n"), []byte("[]\n")))
	if err != nil || name != "00000000-0000-0000-0000-000000000000-7" || string(lines) != "{}\n[]\n" {
		t.Errorf("%s holds %q, %v", name, lines, err)
	}
}

// archive is a file of which only both ends are there, with zeros between.
type archive struct {
	head, tail []byte
	size       int64
}

func (a *archive) ReadAt(p []byte, at int64) (n int, err error) {
	clear(p)
	if at < int64(len(a.head)) {
		copy(p, a.head[at:])
	}
	if from := a.size - int64(len(a.tail)); at+int64(len(p)) > from {
		if at >= from {
			copy(p, a.tail[at-from:])
		} else {
			copy(p[from-at:], a.tail)
		}
	}
	if at+int64(len(p)) > a.size {
		return int(a.size - at), io.EOF
	}
	return len(p), nil
}

// Sizes around and beyond 4 GiB, before and after compression, stand in the directory as they are.
func TestZipBeyondFourGiB(t *testing.T) {
	const limit = math.MaxUint32
	for _, c := range []struct {
		raw, stored uint64 // stored is with the final block
		large       bool   // 64-bit sizes
	}{
		{100, 50, false},
		{limit - 1, 1 << 20, false},
		{limit, 1 << 20, true},
		{limit + 1, 1 << 20, true},
		{5 << 30, 1 << 30, true},
		{limit - 1, limit - 1, false}, // but the directory stands beyond
		{5 << 30, 5<<30 + 4711, true},
		{1 << 30, limit, true},
	} {
		z := &zipStream{name: "entry", crc: 0x01020304, raw: c.raw, stored: c.stored - 2}
		head, tail := z.header(), z.trailer()
		a := &archive{head, tail, int64(len(head)) + int64(z.stored) + int64(len(tail))}
		r, err := zip.NewReader(a, a.size)
		if err != nil || len(r.File) != 1 {
			t.Fatalf("%+v: %v", c, err)
		}
		f := r.File[0]
		at, err := f.DataOffset()
		if err != nil || at != int64(len(head)) || f.UncompressedSize64 != c.raw || f.CompressedSize64 != c.stored || f.CRC32 != 0x01020304 || f.Method != zip.Deflate {
			t.Errorf("%+v: read as %d, %d bytes at %d with checksum %08x, method %d: %v", c, f.UncompressedSize64, f.CompressedSize64, at, f.CRC32, f.Method, err)
		}
		if large := f.ReaderVersion == zip64Version; large != c.large {
			t.Errorf("%+v: needs version %d", c, f.ReaderVersion)
		}
		descriptor := 16
		if c.large {
			descriptor = 24
		}
		if i := bytes.Index(tail, []byte("PK\x01\x02")); i != 2+descriptor || !bytes.HasPrefix(tail[2:], []byte("PK\x07\x08")) {
			t.Errorf("%+v: the directory begins at %d of % x", c, i, tail)
		}
	}
}

// A reader that has no directory yet finds its way by the local header, the blocks and the descriptor.
func TestZipStreamsIntoAWriterOfTheLibrary(t *testing.T) {
	raw := clickLines(rand.New(rand.NewPCG(31, 32)), 300_000)
	r, err := zip.NewReader(bytes.NewReader(fileOf(codecs["zip"], 0, raw)), int64(len(fileOf(codecs["zip"], 0, raw))))
	if err != nil {
		t.Fatal(err)
	}
	var copied bytes.Buffer
	w := zip.NewWriter(&copied)
	if err := w.Copy(r.File[0]); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, lines, err := unpack.Zip(copied.Bytes()); err != nil || !bytes.Equal(lines, raw) {
		t.Errorf("%d bytes of %d: %v", len(lines), len(raw), err)
	}
}
