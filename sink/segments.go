package sink

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// Segments is a part's body in pieces, so that compressed chunks go to S3 without being joined first.
type Segments [][]byte

// Len is the number of bytes.
func (s Segments) Len() int64 {
	var n int64
	for _, b := range s {
		n += int64(len(b))
	}
	return n
}

// held is the memory that they take, which may be more.
func (s Segments) held() int64 {
	var n int64
	for _, b := range s {
		n += int64(cap(b))
	}
	return n
}

// CRC32 is the checksum as S3 writes it: base64 of the big-endian IEEE CRC-32.
func (s Segments) CRC32() string {
	var sum uint32
	for _, b := range s {
		sum = crc32.Update(sum, crc32.IEEETable, b)
	}
	var be [4]byte
	binary.BigEndian.PutUint32(be[:], sum)
	return base64.StdEncoding.EncodeToString(be[:])
}

// Reader reads the pieces in order. Each call starts a reader of its own.
func (s Segments) Reader() io.ReadSeeker { return &segmentReader{segs: s, size: s.Len()} }

type segmentReader struct {
	segs Segments
	size int64
	pos  int64
	i    int // the segment that pos lies in
	off  int // and where in it
}

func (r *segmentReader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && r.i < len(r.segs) {
		c := copy(p[n:], r.segs[r.i][r.off:])
		n += c
		r.off += c
		if r.off == len(r.segs[r.i]) {
			r.i, r.off = r.i+1, 0
		}
	}
	r.pos += int64(n)
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (r *segmentReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 || offset > r.size {
		return 0, errors.New("seek outside the part")
	}
	r.pos, r.i, r.off = offset, 0, 0
	for rest := offset; r.i < len(r.segs); r.i++ {
		if rest < int64(len(r.segs[r.i])) {
			r.off = int(rest)
			break
		}
		rest -= int64(len(r.segs[r.i]))
	}
	return offset, nil
}
