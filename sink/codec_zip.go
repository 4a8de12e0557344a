package sink

import (
	"encoding/binary"
	"math"
)

// A zip object is an archive with one deflated entry (APPNOTE 6.3.10, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT).
// Its deflate blocks are those of gzip. Sizes and CRC-32 are not known when the first part leaves, so they stand in a data
// descriptor behind the blocks and in the central directory.
const (
	zipLocalHeader     = 0x04034b50
	zipDescriptor      = 0x08074b50
	zipCentralHeader   = 0x02014b50
	zipEnd             = 0x06054b50
	zip64End           = 0x06064b50
	zip64Locator       = 0x07064b50
	zipVersion         = 20 // needed to extract: deflate
	zip64Version       = 45
	zipStreamed        = 1 << 3 // flag: sizes and checksum are in the data descriptor
	zipDeflated        = 8
	zipDate            = 1<<5 | 1 // 1980-01-01, the earliest there is
	zip64Extra         = 1        // id of the extra field with 64-bit sizes
	zipLocalHeaderSize = 30
)

// zipStream frames chunks as the only entry of an archive. The zero value but for the name is one without chunks. It is
// not safe for concurrent use.
type zipStream struct {
	name   string // of the entry
	crc    uint32
	raw    uint64 // bytes before compression
	stored uint64 // bytes after it
}

// header returns the entry's local header.
func (z *zipStream) header() []byte {
	b := make([]byte, 0, zipLocalHeaderSize+len(z.name))
	b = binary.LittleEndian.AppendUint32(b, zipLocalHeader)
	b = z.appendCommon(b, zipVersion)
	b = append(b, make([]byte, 12)...) // CRC-32 and sizes: see the descriptor
	b = binary.LittleEndian.AppendUint16(b, uint16(len(z.name)))
	b = binary.LittleEndian.AppendUint16(b, 0) // extra field
	return append(b, z.name...)
}

// add takes account of the next chunk.
func (z *zipStream) add(c chunk) {
	z.crc = combineCRC(z.crc, c.crc, uint64(c.raw))
	z.raw += uint64(c.raw)
	z.stored += uint64(len(c.body))
}

// appendCommon appends what the two headers of the entry have in common: version, flags, method, time and date.
func (*zipStream) appendCommon(b []byte, version uint16) []byte {
	for _, field := range []uint16{version, zipStreamed, zipDeflated, 0, zipDate} {
		b = binary.LittleEndian.AppendUint16(b, field)
	}
	return b
}

// trailer returns what comes after the last chunk: an empty final block, the data descriptor and the central directory.
// Beyond 4 GiB the descriptor has 64-bit sizes, as most writers of streams have it, although the local header could not
// announce them; readers by the central directory never look at it.
func (z *zipStream) trailer() []byte {
	b := appendDeflateEnd(nil)
	stored := z.stored + uint64(len(b))
	large := z.raw >= math.MaxUint32 || stored >= math.MaxUint32

	b = binary.LittleEndian.AppendUint32(b, zipDescriptor)
	b = binary.LittleEndian.AppendUint32(b, z.crc)
	if large {
		b = binary.LittleEndian.AppendUint64(b, stored)
		b = binary.LittleEndian.AppendUint64(b, z.raw)
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(stored))
		b = binary.LittleEndian.AppendUint32(b, uint32(z.raw))
	}
	before := zipLocalHeaderSize + uint64(len(z.name)) + z.stored
	directory := uint64(len(b))
	b = z.appendCentralHeader(b, stored, large)
	return appendZipEnd(b, before+directory, uint64(len(b))-directory, large)
}

// appendCentralHeader appends the entry's header in the central directory.
func (z *zipStream) appendCentralHeader(b []byte, stored uint64, large bool) []byte {
	version, extra := uint16(zipVersion), []byte(nil)
	if large {
		version = zip64Version
		extra = binary.LittleEndian.AppendUint16(extra, zip64Extra)
		extra = binary.LittleEndian.AppendUint16(extra, 16)
		extra = binary.LittleEndian.AppendUint64(extra, z.raw)
		extra = binary.LittleEndian.AppendUint64(extra, stored)
	}
	b = binary.LittleEndian.AppendUint32(b, zipCentralHeader)
	b = binary.LittleEndian.AppendUint16(b, version) // made by
	b = z.appendCommon(b, version)
	b = binary.LittleEndian.AppendUint32(b, z.crc)
	if large { // both, as readers take the extra field's numbers in turn
		b = binary.LittleEndian.AppendUint32(b, math.MaxUint32)
		b = binary.LittleEndian.AppendUint32(b, math.MaxUint32)
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(stored))
		b = binary.LittleEndian.AppendUint32(b, uint32(z.raw))
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(z.name)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(extra)))
	b = append(b, make([]byte, 14)...) // comment, disk, attributes, offset of the local header: none, and all 0
	b = append(b, z.name...)
	return append(b, extra...)
}

// appendZipEnd appends the end of a central directory with one entry, which stands at offset and has size bytes.
func appendZipEnd(b []byte, offset, size uint64, large bool) []byte {
	large = large || offset >= math.MaxUint32
	at32 := uint32(min(offset, math.MaxUint32))
	if large {
		b = binary.LittleEndian.AppendUint32(b, zip64End)
		b = binary.LittleEndian.AppendUint64(b, 44) // bytes that follow in this record
		b = binary.LittleEndian.AppendUint16(b, zip64Version)
		b = binary.LittleEndian.AppendUint16(b, zip64Version)
		b = append(b, make([]byte, 8)...) // disks
		for _, field := range []uint64{1, 1, size, offset} {
			b = binary.LittleEndian.AppendUint64(b, field)
		}
		b = binary.LittleEndian.AppendUint32(b, zip64Locator)
		b = binary.LittleEndian.AppendUint32(b, 0) // disk
		b = binary.LittleEndian.AppendUint64(b, offset+size)
		b = binary.LittleEndian.AppendUint32(b, 1) // disks
	}
	b = binary.LittleEndian.AppendUint32(b, zipEnd)
	b = append(b, 0, 0, 0, 0, 1, 0, 1, 0) // disks; entries
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	b = binary.LittleEndian.AppendUint32(b, at32)
	return binary.LittleEndian.AppendUint16(b, 0) // comment
}
