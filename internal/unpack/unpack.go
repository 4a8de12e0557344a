package unpack

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Object gives an object's lines by the end of its key; two kinds of files are named .snappy, so that those are told apart
// by how they begin.
func Object(key string, data []byte) ([]byte, error) {
	r, err := Lines(key, "", bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return io.ReadAll(r)
}

// Gzip reads a file that is one gzip member.
func Gzip(data []byte) ([]byte, error) { return Object(".gz", data) }

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
func Zstd(data []byte) ([]byte, error) { return Object(".zst", data) }
