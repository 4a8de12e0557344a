package unpack

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

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
	for name, try := range map[string]struct {
		read func([]byte) ([]byte, error)
		data []byte
	}{
		"hadoop, cut":           {Hadoop, framed[:len(framed)-1]},
		"hadoop, cut in length": {Hadoop, framed[:6]},
		"hadoop, wrong length":  {Hadoop, append([]byte{0, 0, 3, 33}, framed[4:]...)},
		"hadoop, more":          {Hadoop, append(bytes.Clone(framed), 0)},
		"xerial, no header":     {Xerial, framed},
		"xerial, cut":           {Xerial, xerial[:len(xerial)-1]},
		"snappy, nothing":       {Snappy, nil},
		"snappy, copy of none":  {Snappy, []byte{4, 1, 1}},
		"snappy, wrong size":    {Snappy, []byte{2, 0, 'a'}},
		"gzip, nothing":         {Gzip, nil},
		"zstd, no frame":        {Zstd, []byte("no frame")},
	} {
		if got, err := try.read(try.data); err == nil {
			t.Errorf("%s: read as %d bytes", name, len(got))
		}
	}
}
