package sink

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A zstd object is a row of frames (RFC 8878), one a chunk, each with its content size and checksum. A frame holds whole
// lines and at least 1 MiB of them, but for the last, so that little is lost by beginning anew.
const (
	zstdChunk  = 1 << 20
	zstdWindow = 1 << 20 // what a reader needs in memory, and half of an encoder's history

	// defaultZstdLevel is what level 0 means: the one that costs least, as with gzip.
	defaultZstdLevel = 6
)

// zstdCompressor is an encoder and the buffer it writes to, both reused.
type zstdCompressor struct {
	encoder *zstd.Encoder
	buffer  bytes.Buffer
}

// zstdCompressors holds one pool for each of the library's four levels, which count from 1.
var zstdCompressors [zstd.SpeedBestCompression + 1]sync.Pool

// compressZstd makes a frame of raw. The library has four levels, to which those of zstd are mapped: 1 and 2 to the
// fastest, 3 to 5 to the default, 6 to 9 to better and 10 to 22 to the best; level 0 is level 6. Each call holds one
// compressor until it returns, and later calls reuse it: about 5 MiB up to level 5, 8 MiB up to level 9, and 38 MiB from
// level 10 on.
func compressZstd(level int, raw []byte) (frame []byte, crc uint32) {
	if level == 0 {
		level = defaultZstdLevel
	}
	speed := zstd.EncoderLevelFromZstd(level)
	c, ok := zstdCompressors[speed].Get().(*zstdCompressor)
	if !ok {
		// Concurrency 1 has the encoder work on this goroutine alone.
		encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(speed), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(zstdWindow))
		if err != nil {
			panic(err) // no such level or window
		}
		c = &zstdCompressor{encoder: encoder}
	}
	c.buffer.Reset()
	c.encoder.ResetContentSize(&c.buffer, int64(len(raw)))
	// A bytes.Buffer takes every write, and the content has the size that was announced, so neither call can fail.
	_, _ = c.encoder.Write(raw)
	_ = c.encoder.Close()
	frame = exactly(c.buffer.Bytes())
	zstdCompressors[speed].Put(c)
	return frame, 0
}
