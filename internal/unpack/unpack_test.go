package unpack

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/s2"
)

func TestSnappyReadsWhatTheLibraryWrites(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 40 {
		raw := make([]byte, random.IntN(100_000))
		for i := range raw {
			raw[i] = byte('a' + random.IntN(1+n%20))
		}
		for _, packed := range [][]byte{s2.EncodeSnappy(nil, raw), s2.EncodeSnappyBest(nil, raw)} {
			if got, err := Snappy(packed); err != nil || !bytes.Equal(got, raw) {
				t.Fatalf("%d bytes read as %d: %v", len(raw), len(got), err)
			}
		}
	}
}

func TestSnappyReadsEveryKindOfElement(t *testing.T) {
	// By hand from the format's description: a literal "abcd", copies with 1, 2 and 4 bytes of offset, and a long literal.
	packed := []byte{4 + 4 + 2 + 3 + 61, 3 << 2, 'a', 'b', 'c', 'd', 0<<2 | 1, 1, 1<<2 | 2, 8, 0, 2<<2 | 3, 7, 0, 0, 0, 60 << 2, 60}
	long := strings.Repeat("x", 61)
	packed = append(packed, long...)
	got, err := Snappy(packed)
	if err != nil || string(got) != "abcd"+"dddd"+"ab"+"ddd"+long {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestDamageIsFound(t *testing.T) {
	packed := s2.EncodeSnappy(nil, bytes.Repeat([]byte("abcdefgh"), 100))
	framed := append([]byte{0, 0, 3, 32, 0, 0, 0, byte(len(packed))}, packed...)
	if _, err := Hadoop(framed); err != nil {
		t.Fatal(err)
	}
	xerial := append(append(bytes.Clone(xerialMagic), 0, 0, 0, 1, 0, 0, 0, 1), framed[4:]...)
	if _, err := Xerial(xerial); err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(bytes.Repeat([]byte("abcdefgh"), 100))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	member := zipped.Bytes()
	if got, err := Gzip(member); err != nil || len(got) != 800 {
		t.Fatal(err)
	}
	for name, try := range map[string]struct {
		read func([]byte) ([]byte, error)
		data []byte
	}{
		"hadoop, cut":            {Hadoop, framed[:len(framed)-1]},
		"hadoop, cut in length":  {Hadoop, framed[:6]},
		"hadoop, wrong length":   {Hadoop, append([]byte{0, 0, 3, 33}, framed[4:]...)},
		"hadoop, more":           {Hadoop, append(bytes.Clone(framed), 0)},
		"xerial, no header":      {Xerial, framed},
		"xerial, cut":            {Xerial, xerial[:len(xerial)-1]},
		"snappy, nothing":        {Snappy, nil},
		"snappy, copy of none":   {Snappy, []byte{4, 1, 1}},
		"snappy, wrong size":     {Snappy, []byte{2, 0, 'a'}},
		"gzip, nothing":          {Gzip, nil},
		"zstd, no frame":         {Zstd, []byte("no frame")},
		"gzip, cut":              {Gzip, member[:len(member)-1]},
		"gzip, cut in header":    {Gzip, member[:5]},
		"gzip, more":             {Gzip, append(bytes.Clone(member), 0)},
		"snappy, more than said": {Snappy, []byte{1, 4 << 2, 'a', 'b', 'c', 'd', 'e', 0, 'f'}},
	} {
		if got, err := try.read(try.data); err == nil {
			t.Errorf("%s: read as %d bytes", name, len(got))
		}
	}
}

// An archive is read while it comes in, a byte at a time, and every byte that is changed, cut off or added is noticed,
// but for those that say nothing about the lines: times, versions, names and attributes.
func TestArchiveIsReadAsAStream(t *testing.T) {
	raw := bytes.Repeat([]byte("{\"id\": 1}\n"), 500)
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	entry, err := z.Create("x.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = entry.Write(raw)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	read := func(data []byte) ([]byte, error) {
		r, err := Lines("x", "zip", iotest.OneByteReader(bytes.NewReader(data)))
		if err != nil {
			return nil, err
		}
		lines, err := io.ReadAll(r)
		if _, again := r.Read(make([]byte, 1)); err == nil && again != io.EOF {
			t.Errorf("after the end: %v", again)
		}
		return lines, errors.Join(err, r.Close())
	}
	data := file.Bytes()
	if got, err := read(data); err != nil || !bytes.Equal(got, raw) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	for n := range data {
		if _, err := read(data[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes are read", n, len(data))
		}
		damaged := bytes.Clone(data)
		damaged[n] ^= 0x10
		if got, err := read(damaged); err == nil && !bytes.Equal(got, raw) {
			t.Fatalf("byte %d of %d: other lines are read", n, len(data))
		}
	}
	if _, err := read(append(bytes.Clone(data), 0)); err == nil {
		t.Error("a byte behind the archive is not noticed")
	}
}
