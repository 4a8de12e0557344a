package sink

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"sync"

	"github.com/klauspost/compress/flate"
)

// A gzip object is one member (RFC 1952) made of chunks that were compressed independently, as pigz does: each chunk is
// a run of deflate blocks that ends on a byte boundary (a sync flush) and refers to nothing before it, and the CRC-32 of
// the whole is computed from those of the chunks. So chunks can be compressed on any goroutine, and every reader takes
// the object for an ordinary gzip file.

// defaultCompressionLevel is what level 0 means: the one that costs least with a year of storage and queries, of those with
// which a core keeps up with eight shards (docs/performance.md).
const defaultCompressionLevel = 8

// compressor is a deflate writer and the buffer it writes to, both reused.
type compressor struct {
	writer *flate.Writer
	buffer bytes.Buffer
}

// compressors holds one pool for each level from 1 to 9.
var compressors [10]sync.Pool

// compressChunk compresses raw to deflate blocks that can stand anywhere in a gzipStream or zipStream, and returns them in a slice of
// their own and exact size, with the CRC-32 of raw. Level 0 is the default, 1 is the fastest and 9 the smallest; other
// levels panic. Nothing is made of an empty chunk. It may be called concurrently: each call holds one compressor, which
// takes about 1 MiB, until it returns, and later calls reuse it.
func compressChunk(level int, raw []byte) (deflated []byte, crc uint32) {
	if level == 0 {
		level = defaultCompressionLevel
	}
	if len(raw) == 0 {
		return nil, 0
	}
	c, ok := compressors[level].Get().(*compressor)
	if !ok {
		writer, err := flate.NewWriter(nil, level)
		if err != nil {
			panic(err) // no such level
		}
		c = &compressor{writer: writer}
	}
	c.buffer.Reset()
	c.writer.Reset(&c.buffer)
	// A bytes.Buffer takes every write, so neither call can fail.
	_, _ = c.writer.Write(raw)
	_ = c.writer.Flush()
	deflated = exactly(c.buffer.Bytes())
	compressors[level].Put(c)
	return deflated, crc32.ChecksumIEEE(raw)
}

// gzipStream frames chunks as one gzip member: header, the chunks in the order of their add calls, trailer. The zero
// value is a stream without chunks. It is not safe for concurrent use.
type gzipStream struct {
	crc  uint32
	size uint32 // bytes before compression, modulo 2^32 as ISIZE wants it
}

// header returns the ten bytes that come before the first chunk: no name, no time, unknown system.
func (*gzipStream) header() []byte {
	return []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}
}

// add takes account of the next chunk: the CRC-32 and the length of its bytes before compression.
func (g *gzipStream) add(c chunk) {
	g.crc = combineCRC(g.crc, c.crc, uint64(c.raw))
	g.size += uint32(c.raw)
}

// trailer returns what comes after the last chunk: an empty final block, the CRC-32 and the length of all chunks.
func (g *gzipStream) trailer() []byte {
	end := appendDeflateEnd(make([]byte, 0, 10))
	end = binary.LittleEndian.AppendUint32(end, g.crc)
	return binary.LittleEndian.AppendUint32(end, g.size)
}

// appendDeflateEnd appends an empty final block, which ends a run of chunks: fixed codes, end of block.
func appendDeflateEnd(b []byte) []byte { return append(b, 0x03, 0x00) }

// CRC-32 reads a message as a polynomial over GF(2) and keeps its remainder modulo the IEEE polynomial. In the reflected
// form used here bit 31 is the coefficient of x^0, and each further bit to the right that of the next power.
const (
	crcOne      = 1 << 31 // the polynomial 1
	crcX        = 1 << 30 // the polynomial x
	crcModulus  = crc32.IEEE
	crcHighest  = 1 // x^31, which becomes x^32 when multiplied by x
	crcByteBits = 3 // 2^3 bits a byte
)

// crcShift[k] is x^(8·2^k) modulo the IEEE polynomial: appending 2^k bytes multiplies a remainder by it.
var crcShift = func() (table [64]uint32) {
	power := uint32(crcX)
	for range crcByteBits {
		power = multiplyCRC(power, power)
	}
	for k := range table {
		table[k] = power
		power = multiplyCRC(power, power)
	}
	return table
}()

// combineCRC returns the CRC-32 of a message from those of its two halves and the second one's length in bytes. The
// initial and final complements of the two cancel out, so the sum of the shifted first and the second is all it takes.
func combineCRC(first, second uint32, secondLen uint64) uint32 {
	for k := 0; secondLen != 0; k++ {
		if secondLen&1 == 1 {
			first = multiplyCRC(first, crcShift[k])
		}
		secondLen >>= 1
	}
	return first ^ second
}

// multiplyCRC returns the product of two polynomials modulo the IEEE polynomial.
func multiplyCRC(a, b uint32) (product uint32) {
	for bit := uint32(crcOne); bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		carry := b & crcHighest
		b >>= 1
		if carry != 0 {
			b ^= crcModulus
		}
	}
	return product
}
