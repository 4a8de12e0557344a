package parquet

import (
	"errors"
	"io"
	"sync/atomic"
)

// pages holds the finished pages of one column of a row group, in exactly as much memory as they take, until they leave
// for the file's output without being copied. It is the writer's page buffer.
type pages struct {
	chunks [][]byte
	pool   *pagePool
	size   int64
}

// chunkSlack is how much room is left behind a short write: pages begin with a header of some dozen bytes.
const chunkSlack = 256

var errPagesAreWritten = errors.New("pages leave by WriteTo alone")

func (p *pages) Write(b []byte) (int, error) {
	n := len(b)
	p.size += int64(n)
	p.pool.size.Add(int64(n))
	if last := len(p.chunks) - 1; last >= 0 {
		c := p.chunks[last]
		fits := min(cap(c)-len(c), n)
		p.chunks[last], b = append(c, b[:fits]...), b[fits:]
	}
	if len(b) > 0 {
		p.chunks = append(p.chunks, append(make([]byte, 0, max(len(b), chunkSlack)), b...))
	}
	return n, nil
}

// Read is never called: io.Copy prefers WriteTo.
func (p *pages) Read([]byte) (int, error) { return 0, errPagesAreWritten }

// Seek goes to the beginning, where WriteTo begins by itself.
func (p *pages) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekStart {
		return 0, errPagesAreWritten
	}
	return 0, nil
}

// WriteTo gives the chunks away.
func (p *pages) WriteTo(w io.Writer) (int64, error) {
	p.pool.giving = true
	defer func() { p.pool.giving = false }()
	var written int64
	for _, c := range p.chunks {
		n, err := w.Write(c)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

var _ interface {
	io.ReadWriteSeeker
	io.WriterTo
} = (*pages)(nil)

// pagePool makes the page buffers of one file and counts what they hold.
type pagePool struct {
	size   atomic.Int64
	giving bool // the bytes being written to the output are its own from now on; only while a row group is committed
}

// GetBuffer implements pq.BufferPool.
func (p *pagePool) GetBuffer() io.ReadWriteSeeker { return &pages{pool: p} }

// PutBuffer implements pq.BufferPool.
func (p *pagePool) PutBuffer(b io.ReadWriteSeeker) {
	pages := b.(*pages)
	p.size.Add(-pages.size)
	*pages = pages.empty()
}

func (p *pages) empty() pages { return pages{pool: p.pool} }
