package parquet

import (
	"sync"

	"github.com/klauspost/compress/zstd"
	pqzstd "github.com/parquet-go/parquet-go/compress/zstd"
)

// zstdCodec compresses pages that have no repetitions too, such as those of measurements, whose bytes are still not
// equally frequent: the library's own passes them on as they are. Reading is the library's.
type zstdCodec struct {
	pqzstd.Codec
	encoders sync.Pool
}

func newZstdCodec(level zstd.EncoderLevel) *zstdCodec {
	c := &zstdCodec{}
	c.encoders.New = func() any {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(level), zstd.WithZeroFrames(true), zstd.WithEncoderCRC(false), zstd.WithAllLitEntropyCompression(true))
		if err != nil {
			panic(err) // these options go together
		}
		return e
	}
	return c
}

func (c *zstdCodec) Encode(dst, src []byte) ([]byte, error) {
	e := c.encoders.Get().(*zstd.Encoder)
	defer c.encoders.Put(e)
	return e.EncodeAll(src, dst[:0]), nil
}
