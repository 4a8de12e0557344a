package sink

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"

	klauspost "github.com/klauspost/compress/gzip"
)

// gzipOf frames chunks as the objects do.
func gzipOf(level int, chunks ...[]byte) []byte {
	var stream gzipStream
	member := stream.header()
	for _, raw := range chunks {
		deflated, crc := compressChunk(level, raw)
		member = append(member, deflated...)
		stream.add(chunk{crc: crc, raw: int64(len(raw))})
	}
	return append(member, stream.trailer()...)
}

// clickLines returns at least n bytes of lines like those of an access log.
func clickLines(random *rand.Rand, n int) []byte {
	lines := make([]byte, 0, n+256)
	for len(lines) < n {
		lines = fmt.Appendf(lines, `{"requestId": "%08x-%04x", "ip": "15.165.%d.%d", "requestTime": %d, "resourcePath": "/items/%d", "status": 200}`+"\n",
			random.Uint32(), random.Uint32N(1<<16), random.IntN(256), random.IntN(256), 1675146135164+random.IntN(1e9), random.IntN(1000))
	}
	return lines
}

// readsAs fails unless both gzip readers find want and nothing but want in a file's first and only member.
func readsAs(t *testing.T, file, want []byte) {
	t.Helper()
	type reader interface {
		io.Reader
		Multistream(bool)
	}
	for name, open := range map[string]func(io.Reader) (reader, error){
		"compress/gzip": func(r io.Reader) (reader, error) { return gzip.NewReader(r) },
		"klauspost":     func(r io.Reader) (reader, error) { return klauspost.NewReader(r) },
	} {
		source := bytes.NewReader(file) // an io.ByteReader, so the decompressor reads no byte beyond the member
		r, err := open(source)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r.Multistream(false)
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%s: read %d bytes that differ from the %d written", name, len(got), len(want))
		}
		if source.Len() != 0 {
			t.Fatalf("%s: %d bytes follow the first member", name, source.Len())
		}
	}
}

func TestGzipOfRandomChunksIsOneMember(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for level := range 10 {
		var chunks [][]byte
		for range 20 {
			var chunk []byte
			switch random.IntN(4) {
			case 0: // empty
			case 1:
				chunk = clickLines(random, random.IntN(100_000))
			case 2: // does not compress
				chunk = make([]byte, random.IntN(70_000))
				for i := range chunk {
					chunk[i] = byte(random.Uint32())
				}
			case 3:
				chunk = bytes.Repeat([]byte{'a'}, random.IntN(100_000))
			}
			chunks = append(chunks, chunk)
		}
		readsAs(t, gzipOf(level, chunks...), bytes.Join(chunks, nil))
	}
}

func TestGzipOfNothing(t *testing.T) {
	readsAs(t, gzipOf(0), nil)
	readsAs(t, gzipOf(0, nil, []byte{}), nil)
	if deflated, crc := compressChunk(0, nil); deflated != nil || crc != 0 {
		t.Errorf("an empty chunk became %x with checksum %08x", deflated, crc)
	}
}

func TestGzipChunksStandInAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	first, second := clickLines(random, 1000), clickLines(random, 300_000)
	a, crcA := compressChunk(0, first)
	b, crcB := compressChunk(0, second)
	var stream gzipStream
	stream.add(chunk{crc: crcB, raw: int64(len(second))})
	stream.add(chunk{crc: crcA, raw: int64(len(first))})
	stream.add(chunk{crc: crcA, raw: int64(len(first))})
	readsAs(t, bytes.Join([][]byte{stream.header(), b, a, a, stream.trailer()}, nil), bytes.Join([][]byte{second, first, first}, nil))
}

func TestGzipChunkHasExactlyItsSize(t *testing.T) {
	raw := clickLines(rand.New(rand.NewPCG(5, 6)), 50_000)
	first, _ := compressChunk(0, raw)
	kept := bytes.Clone(first)
	if len(first) != cap(first) {
		t.Errorf("got length %d in capacity %d", len(first), cap(first))
	}
	compressChunk(0, bytes.Repeat([]byte("other "), 10_000))
	if !bytes.Equal(first, kept) {
		t.Error("a later call changed an earlier result")
	}
}

func TestGzipLevelZeroIsTheDefault(t *testing.T) {
	raw := clickLines(rand.New(rand.NewPCG(7, 8)), 100_000)
	zero, _ := compressChunk(0, raw)
	named, _ := compressChunk(defaultCompressionLevel, raw)
	if !bytes.Equal(zero, named) || len(zero) > len(raw)/2 {
		t.Errorf("level 0 made %d bytes of %d, level %d made %d", len(zero), len(raw), defaultCompressionLevel, len(named))
	}
}

func TestGzipCombinesChecksums(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for range 200 {
		data := make([]byte, random.IntN(5000))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		cut := random.IntN(len(data) + 1)
		got := combineCRC(crc32.ChecksumIEEE(data[:cut]), crc32.ChecksumIEEE(data[cut:]), uint64(len(data)-cut))
		if want := crc32.ChecksumIEEE(data); got != want {
			t.Fatalf("cut %d bytes at %d: got %08x, want %08x", len(data), cut, got, want)
		}
	}
}

// shiftByMatrix multiplies a remainder by x^(8n) the slow way, by squaring the 32 by 32 bit matrix that appends one zero
// bit: the check of crcShift for lengths that no test can hash.
func shiftByMatrix(crc uint32, n uint64) uint32 {
	apply := func(matrix *[32]uint32, vector uint32) (sum uint32) {
		for bit := range 32 {
			if vector>>bit&1 == 1 {
				sum ^= matrix[bit]
			}
		}
		return sum
	}
	var matrix [32]uint32
	matrix[0] = crc32.IEEE
	for bit := 1; bit < 32; bit++ {
		matrix[bit] = 1 << (bit - 1)
	}
	square := func() {
		var squared [32]uint32
		for bit := range 32 {
			squared[bit] = apply(&matrix, matrix[bit])
		}
		matrix = squared
	}
	for range 3 {
		square()
	}
	for ; n != 0; n >>= 1 {
		if n&1 == 1 {
			crc = apply(&matrix, crc)
		}
		square()
	}
	return crc
}

func TestGzipCombinesChecksumsBeyondFourGiB(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	for _, length := range []uint64{1, 1<<32 - 1, 1 << 32, 1<<32 + 1, 5<<30 + 12345, 1<<40 + 7, 1<<63 + 1, 1<<64 - 1} {
		first, second := random.Uint32(), random.Uint32()
		if got, want := combineCRC(first, second, length), shiftByMatrix(first, length)^second; got != want {
			t.Errorf("second part of %d bytes: got %08x, want %08x", length, got, want)
		}
	}
	// Zero bytes in runs that double: their checksum is known at every size, and so is that of a file beyond 4 GiB.
	run := make([]byte, 1<<20)
	crc := crc32.ChecksumIEEE(run)
	length := uint64(len(run))
	for length < 1<<34 {
		crc = combineCRC(crc, crc, length)
		length *= 2
	}
	// The complements of a CRC make that of n zero bytes ^(shift(^0, n)).
	if want := ^shiftByMatrix(^uint32(0), length); crc != want {
		t.Errorf("%d zero bytes: got %08x, want %08x", length, crc, want)
	}
}

func TestGzipLengthIsModuloFourGiB(t *testing.T) {
	var stream gzipStream
	for range 5 {
		stream.add(chunk{raw: 1 << 30})
	}
	if got := stream.trailer()[6:]; !bytes.Equal(got, []byte{0, 0, 0, 0x40}) {
		t.Errorf("5 GiB: got ISIZE % x, want 2^30", got)
	}
}

func BenchmarkGzipChunk(b *testing.B) {
	raw := clickLines(rand.New(rand.NewPCG(13, 14)), 256<<10)
	for _, level := range []int{0, 1, 6, 9} {
		b.Run(fmt.Sprintf("level=%d", level), func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			var deflated []byte
			for b.Loop() {
				deflated, _ = compressChunk(level, raw)
			}
			b.ReportMetric(float64(len(raw))/float64(len(deflated)), "ratio")
		})
	}
}

func BenchmarkGzipCombine(b *testing.B) {
	var stream gzipStream
	for b.Loop() {
		stream.add(chunk{crc: 0x12345678, raw: 256<<10 + 4711})
	}
}
