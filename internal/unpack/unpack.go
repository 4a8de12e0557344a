package unpack

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Object gives an object's lines by the end of its key; two kinds of files are named .snappy, so that those are told apart
// by how they begin.
func Object(key string, data []byte) ([]byte, error) {
	read := func(data []byte) ([]byte, error) { return data, nil }
	switch {
	case strings.HasSuffix(key, ".gz"):
		read = Gzip
	case strings.HasSuffix(key, ".zip"):
		read = func(data []byte) ([]byte, error) {
			_, lines, err := Zip(data)
			return lines, err
		}
	case strings.HasSuffix(key, ".zst"):
		read = Zstd
	case strings.HasSuffix(key, ".snappy") && bytes.HasPrefix(data, xerialMagic):
		read = Xerial
	case strings.HasSuffix(key, ".snappy"):
		read = Hadoop
	}
	lines, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return lines, nil
}

// Gzip reads a file that is one gzip member.
func Gzip(data []byte) ([]byte, error) {
	source := bytes.NewReader(data) // an io.ByteReader, so the decompressor reads no byte beyond the member
	z, err := gzip.NewReader(source)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	lines, err := io.ReadAll(z)
	if err == nil && source.Len() > 0 {
		err = errors.New("something follows the first gzip member")
	}
	return lines, err
}

// Zip reads an archive with one entry.
func Zip(data []byte) (name string, lines []byte, err error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "", nil, err
	}
	if len(z.File) != 1 {
		return "", nil, fmt.Errorf("%d entries in the archive", len(z.File))
	}
	f, err := z.File[0].Open()
	if err != nil {
		return "", nil, err
	}
	lines, err = io.ReadAll(f)
	return z.File[0].Name, lines, errors.Join(err, f.Close())
}

// Zstd reads a row of frames.
func Zstd(data []byte) ([]byte, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return z.DecodeAll(data, nil)
}
