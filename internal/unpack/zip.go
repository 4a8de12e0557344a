package unpack

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
)

// Signatures and sizes of APPNOTE 6.3.10, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
const (
	zipLocal       = 0x04034b50
	zipDescriptor  = 0x08074b50
	zipCentral     = 0x02014b50
	zipLocalSize   = 30
	zipCentralSize = 46
	zipStreamed    = 1 << 3
	zipDeflated    = 8
	zip64Extra     = 1
	zipTail        = 64 << 10 // what may follow the entry
)

var errZip = errors.New("not an archive with one streamed, deflated entry")

// zipEntry reads the only entry of an archive from its beginning to its end, as a reader of a stream has to, and then holds
// what it has read to what the central directory says.
type zipEntry struct {
	in     *counting
	header []byte
	lines  io.ReadCloser
	sum    hash.Hash32
	raw    uint64
	before uint64 // bytes in front of the deflate stream
	done   error  // how it ended
}

// counting counts what is taken from a file.
type counting struct {
	*bufio.Reader
	n uint64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += uint64(n)
	return n, err
}

// ReadByte makes the decompressor read no byte beyond its stream.
func (c *counting) ReadByte() (byte, error) {
	b, err := c.Reader.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

func zipLines(in *bufio.Reader) (io.Reader, error) {
	z := &zipEntry{in: &counting{Reader: in}, header: make([]byte, zipLocalSize), sum: crc32.NewIEEE()}
	if _, err := io.ReadFull(z.in, z.header); err != nil {
		return nil, errors.Join(errZip, err)
	}
	le := binary.LittleEndian
	if le.Uint32(z.header) != zipLocal || le.Uint16(z.header[6:]) != zipStreamed || le.Uint16(z.header[8:]) != zipDeflated {
		return nil, errZip
	}
	names := int64(le.Uint16(z.header[26:])) + int64(le.Uint16(z.header[28:]))
	if _, err := io.CopyN(io.Discard, z.in, names); err != nil {
		return nil, errors.Join(errZip, err)
	}
	z.before = z.in.n
	z.lines = flate.NewReader(z.in)
	return z, nil
}

func (z *zipEntry) Close() error { return z.lines.Close() }

func (z *zipEntry) Read(p []byte) (int, error) {
	if z.done != nil {
		return 0, z.done
	}
	n, err := z.lines.Read(p)
	_, _ = z.sum.Write(p[:n])
	z.raw += uint64(n)
	if err == io.EOF {
		err = z.end()
	}
	z.done = err
	return n, err
}

// end reads what follows the entry; io.EOF when it is right.
func (z *zipEntry) end() error {
	stored := z.in.n - z.before
	tail, err := io.ReadAll(io.LimitReader(z.in, zipTail+1))
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	at := -1 // of the central directory: behind the descriptor, which has 32-bit or 64-bit sizes
	for _, size := range []int{16, 24} {
		if len(tail) > size+zipCentralSize && le.Uint32(tail) == zipDescriptor && le.Uint32(tail[size:]) == zipCentral {
			at = size
			break
		}
	}
	if at < 0 || len(tail) > zipTail {
		return errors.Join(errZip, errors.New("no central directory behind the entry"))
	}
	central := tail[at:]
	raw, packed := uint64(le.Uint32(central[24:])), uint64(le.Uint32(central[20:]))
	rest := central[zipCentralSize:]
	name, extra, comment := int(le.Uint16(central[28:])), int(le.Uint16(central[30:])), int(le.Uint16(central[32:]))
	if len(rest) < name+extra+comment {
		return io.ErrUnexpectedEOF
	}
	if field := rest[name : name+extra]; len(field) >= 20 && le.Uint16(field) == zip64Extra {
		raw, packed = le.Uint64(field[4:]), le.Uint64(field[12:])
	}
	if sum := le.Uint32(central[16:]); sum != z.sum.Sum32() || raw != z.raw || packed != stored {
		return fmt.Errorf("the entry has %d bytes, %d packed, CRC-32 %08x; its directory says %d, %d and %08x", z.raw, stored, z.sum.Sum32(), raw, packed, sum)
	}
	return zipEnding(rest[name+extra+comment:], z.in.n-uint64(len(central)), uint64(zipCentralSize+name+extra+comment))
}

// zipEnding checks the end of a directory with one entry, which stands at offset and has size bytes; io.EOF when it is
// right.
func zipEnding(end []byte, offset, size uint64) error {
	const end64, locator, fixed = 56, 20, 22
	le := binary.LittleEndian
	saysOffset, saysSize := uint64(0), uint64(0)
	if len(end) == end64+locator+fixed && bytes.Equal(end[:4], []byte("PK\x06\x06")) {
		saysSize, saysOffset = le.Uint64(end[40:]), le.Uint64(end[48:])
		end = end[end64+locator:]
	} else if len(end) == fixed {
		saysSize, saysOffset = uint64(le.Uint32(end[12:])), uint64(le.Uint32(end[16:]))
	}
	if len(end) != fixed || !bytes.Equal(end[:4], []byte("PK\x05\x06")) || le.Uint16(end[10:]) != 1 || saysOffset != offset || saysSize != size {
		return errors.Join(errZip, errors.New("the end of its directory is damaged"))
	}
	return io.EOF
}
