package sink

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"
)

// Firehose's two Snappy formats, which are not Snappy's own framing format. Snappy means the stream of snappy-java (the
// xerial format): a header, then blocks, each a big-endian length and that many bytes of raw Snappy. HADOOP_SNAPPY means
// Hadoop's BlockCompressorStream: no header; for each block its big-endian length before compression, then the same.
// Raw Snappy has no levels and no checksum.
const (
	xerialBlock = 32 << 10 // snappy-java's default

	// Hadoop reads into buffers of 256 KiB (io.compression.codec.snappy.buffersize), before and after decompression. Half
	// of that fits also when it does not compress.
	hadoopBlock = 128 << 10
)

// xerialStream frames blocks as snappy-java's SnappyOutputStream does.
type xerialStream struct{ concatenation }

// header returns the magic bytes, the version and the lowest version that can read it, which are both 1.
func (xerialStream) header() []byte {
	return []byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1}
}

func compressXerial(_ int, raw []byte) (body []byte, crc uint32) {
	return snappyBlocks(raw, xerialBlock, false), 0
}

func compressHadoop(_ int, raw []byte) (body []byte, crc uint32) {
	return snappyBlocks(raw, hadoopBlock, true), 0
}

// snappyBuffers holds *[]byte.
var snappyBuffers sync.Pool

// snappyBlocks compresses raw block by block, each behind its compressed length and, with rawLength, its length before
// compression in front of that.
func snappyBlocks(raw []byte, block int, rawLength bool) []byte {
	buffer, ok := snappyBuffers.Get().(*[]byte)
	if !ok {
		buffer = new([]byte)
	}
	out := (*buffer)[:0]
	for b := range slices.Chunk(raw, block) {
		if rawLength {
			out = binary.BigEndian.AppendUint32(out, uint32(len(b)))
		}
		at := len(out) + 4
		most := s2.MaxEncodedLen(len(b))
		out = slices.Grow(out, 4+most)[:at+most]
		packed := s2.EncodeSnappy(out[at:], b) // stays in out, which has room for it
		binary.BigEndian.PutUint32(out[at-4:], uint32(len(packed)))
		out = out[:at+len(packed)]
	}
	*buffer = out
	body := exactly(out)
	snappyBuffers.Put(buffer)
	return body
}

// exactly copies b into a slice that has no more room than it needs: what a chunk takes in memory is counted by its length.
func exactly(b []byte) []byte {
	c := make([]byte, len(b))
	copy(c, b)
	return c
}
