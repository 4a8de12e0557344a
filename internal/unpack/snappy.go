package unpack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// The largest blocks that readers take: snappy-java's default, and Hadoop's buffer before and after decompression.
const (
	xerialBlock = 32 << 10
	hadoopBlock = 256 << 10
)

var (
	xerialMagic = []byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0}
	errShort    = errors.New("the data ends within a block")
)

// Xerial reads a stream of snappy-java: magic, version 1, compatible with version 1, and blocks of a length and raw Snappy.
func Xerial(data []byte) (lines []byte, err error) {
	header := append(bytes.Clone(xerialMagic), 0, 0, 0, 1, 0, 0, 0, 1)
	data, ok := bytes.CutPrefix(data, header)
	if !ok {
		return nil, errors.New("no snappy-java header")
	}
	for len(data) > 0 {
		var b []byte
		if b, data, err = block(data); err != nil {
			return nil, err
		}
		raw, err := Snappy(b)
		if err != nil {
			return nil, err
		}
		if len(raw) > xerialBlock {
			return nil, fmt.Errorf("a block of %d bytes", len(raw))
		}
		lines = append(lines, raw...)
	}
	return lines, nil
}

// Hadoop reads what BlockCompressorStream writes: blocks of a length before compression, a length after it, and raw Snappy.
func Hadoop(data []byte) (lines []byte, err error) {
	for len(data) > 0 {
		if len(data) < 4 {
			return nil, errShort
		}
		want := int(binary.BigEndian.Uint32(data))
		var b []byte
		if b, data, err = block(data[4:]); err != nil {
			return nil, err
		}
		raw, err := Snappy(b)
		if err != nil {
			return nil, err
		}
		if len(raw) != want || len(raw) > hadoopBlock || len(b) > hadoopBlock {
			return nil, fmt.Errorf("a block of %d bytes, %d before compression, said to be %d", len(b), len(raw), want)
		}
		lines = append(lines, raw...)
	}
	return lines, nil
}

// block takes a big-endian length and as many bytes off data.
func block(data []byte) (b, rest []byte, err error) {
	if len(data) < 4 {
		return nil, nil, errShort
	}
	n := binary.BigEndian.Uint32(data)
	data = data[4:]
	if n == 0 || uint64(n) > uint64(len(data)) {
		return nil, nil, errShort
	}
	return data[:n], data[n:], nil
}

// Snappy reads one block of raw Snappy.
// https://github.com/google/snappy/blob/main/format_description.txt
func Snappy(data []byte) ([]byte, error) {
	size, n := binary.Uvarint(data)
	if n <= 0 || size > 1<<32-1 {
		return nil, errors.New("snappy: no length")
	}
	data = data[n:]
	var out []byte
	for len(data) > 0 {
		tag := data[0]
		data = data[1:]
		if tag&3 == 0 { // a literal: its length is in the tag, or in the 1 to 4 bytes behind it
			length := uint64(tag >> 2)
			if length >= 60 {
				var err error
				if length, data, err = number(data, int(length)-59); err != nil {
					return nil, err
				}
			}
			length++
			if length > uint64(len(data)) {
				return nil, errors.New("snappy: the data ends within a literal")
			}
			out, data = append(out, data[:length]...), data[length:]
			continue
		}
		length := int(tag>>2) + 1
		width, high := 1<<(tag&3-1), uint64(0) // an offset of 1, 2 or 4 bytes
		if tag&3 == 1 {
			length, high = int(tag>>2&7)+4, uint64(tag>>5)<<8
		}
		offset, rest, err := number(data, width)
		if err != nil {
			return nil, err
		}
		offset, data = offset|high, rest
		if offset == 0 || offset > uint64(len(out)) {
			return nil, errors.New("snappy: a copy from before the beginning")
		}
		for range length { // byte by byte: a copy may repeat what it has just written
			out = append(out, out[uint64(len(out))-offset])
		}
	}
	if uint64(len(out)) != size {
		return nil, fmt.Errorf("snappy: %d bytes, said to be %d", len(out), size)
	}
	return out, nil
}

// number takes a little-endian number of width bytes off data.
func number(data []byte, width int) (n uint64, rest []byte, err error) {
	if len(data) < width {
		return 0, nil, errors.New("snappy: the data ends within a number")
	}
	for i := range width {
		n |= uint64(data[i]) << (8 * i)
	}
	return n, data[width:], nil
}
