package unpack

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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
	in := bufio.NewReader(bytes.NewReader(data))
	return io.ReadAll(&blocks{in: in, next: xerialBlocks(in)})
}

// xerialBlocks gives a function for a stream's blocks in turn.
func xerialBlocks(in *bufio.Reader) func() ([]byte, error) {
	var begun bool
	return func() ([]byte, error) {
		if !begun {
			header := make([]byte, len(xerialMagic)+8)
			if _, err := io.ReadFull(in, header); err != nil || !bytes.Equal(header, append(bytes.Clone(xerialMagic), 0, 0, 0, 1, 0, 0, 0, 1)) {
				return nil, errors.Join(errors.New("no snappy-java header"), err)
			}
			begun = true
			if _, err := in.Peek(1); err == io.EOF {
				return nil, nil
			}
		}
		return block(in, xerialBlock, 2*xerialBlock)
	}
}

// Hadoop reads what BlockCompressorStream writes: blocks of a length before compression, a length after it, and raw Snappy.
func Hadoop(data []byte) (lines []byte, err error) {
	in := bufio.NewReader(bytes.NewReader(data))
	return io.ReadAll(&blocks{in: in, next: hadoopBlocks(in)})
}

func hadoopBlocks(in *bufio.Reader) func() ([]byte, error) {
	return func() ([]byte, error) {
		want, err := length(in)
		if err != nil {
			return nil, err
		}
		raw, err := block(in, hadoopBlock, hadoopBlock)
		if err == nil && len(raw) != want {
			return nil, fmt.Errorf("a block of %d bytes before compression, said to be %d", len(raw), want)
		}
		return raw, err
	}
}

// block reads a length and as many bytes of raw Snappy, no more than packedLimit, which hold no more than limit bytes.
func block(in *bufio.Reader, limit, packedLimit int) ([]byte, error) {
	n, err := length(in)
	if err != nil {
		return nil, err
	}
	if n == 0 || n > packedLimit {
		return nil, fmt.Errorf("a block of %d bytes", n)
	}
	packed := make([]byte, n)
	if _, err := io.ReadFull(in, packed); err != nil {
		return nil, errShort
	}
	if size, _ := binary.Uvarint(packed); size > uint64(limit) {
		return nil, fmt.Errorf("a block of %d bytes before compression", size)
	}
	return Snappy(packed)
}

// length reads a big-endian length.
func length(in io.Reader) (int, error) {
	var b [4]byte
	if _, err := io.ReadFull(in, b[:]); err != nil {
		return 0, errShort
	}
	return int(binary.BigEndian.Uint32(b[:])), nil
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
		if uint64(len(out)) > size {
			return nil, fmt.Errorf("snappy: more than the %d bytes it is said to be", size)
		}
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
