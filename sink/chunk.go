package sink

import (
	"sync"

	"standpipe/internal/spoil"
)

// chunkBuffers lends the buffers that lines are collected in until they are a chunk, and takes them back when the chunk
// is compressed. Safe for concurrent use.
type chunkBuffers struct {
	room int // bytes of each: a chunk, and the record that made it full
	pool sync.Pool
}

var (
	lineChunks = &chunkBuffers{room: chunkSize + 32<<10}   // of what a reading stages
	fillChunks = &chunkBuffers{room: 2*chunkSize + 32<<10} // of an object: nearly a chunk, and a staged one
	zstdChunks = &chunkBuffers{room: zstdChunk + chunkSize + 32<<10}
)

// grown gives b, or its bytes in a lent buffer if there are more than few of them and it has no room for a chunk. So few
// paths cost no copies, and thousands with a little each no memory.
func (c *chunkBuffers) grown(b []byte, few int) []byte {
	if len(b) <= few || cap(b) >= c.room {
		return b
	}
	return append(c.lend(), b...)
}

// lend gives an empty buffer.
func (c *chunkBuffers) lend() []byte {
	if lent, ok := c.pool.Get().(*[]byte); ok {
		return (*lent)[:0]
	}
	return make([]byte, 0, c.room)
}

// free takes back a buffer that nobody uses any more. One that was not lent is left to the garbage collector.
func (c *chunkBuffers) free(b []byte) {
	if cap(b) == c.room {
		spoil.Bytes(b[:cap(b)])
		c.pool.Put(&b)
	}
}
