package unpack

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// errBehind says that a file does not end where its format does.
var errBehind = errors.New("something follows the end of the file's format")

// codecs give an object's lines, by the names that outputs[].compression has for them.
var codecs = map[string]func(*bufio.Reader) (io.Reader, error){
	"none":          func(in *bufio.Reader) (io.Reader, error) { return in, nil },
	"gzip":          gzipLines,
	"zip":           zipLines,
	"zstd":          zstdLines,
	"snappy":        func(in *bufio.Reader) (io.Reader, error) { return &blocks{in: in, next: xerialBlocks(in)}, nil },
	"hadoop_snappy": func(in *bufio.Reader) (io.Reader, error) { return &blocks{in: in, next: hadoopBlocks(in)}, nil },
	".snappy":       snappyLines, // one of the two: it is told by how the file begins
}

// Lines decompresses an object while it is read, in bounded memory. The codec is one of outputs[].compression; an empty one
// is told by the end of the key. It gives exactly what the format holds, and io.EOF only when nothing follows it. Close must
// be called; it does not close the source.
func Lines(key, codec string, source io.Reader) (io.ReadCloser, error) {
	if codec == "" {
		codec = codecOf(key)
	}
	open := codecs[codec]
	if open == nil {
		return nil, fmt.Errorf("%s: there is no codec %q", key, codec)
	}
	r, err := open(bufio.NewReaderSize(source, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return &lines{key, r}, nil
}

func codecOf(key string) string {
	for end, codec := range map[string]string{".gz": "gzip", ".zip": "zip", ".zst": "zstd", ".snappy": ".snappy"} {
		if strings.HasSuffix(key, end) {
			return codec
		}
	}
	return "none"
}

type lines struct {
	key string
	io.Reader
}

func (l *lines) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%s: %w", l.key, err)
	}
	return n, err
}

func (l *lines) Close() error {
	if c, ok := l.Reader.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// ending turns the end of a format into the end of its file.
type ending struct {
	io.Reader
	file *bufio.Reader
}

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if err == io.EOF {
		if _, more := e.file.Peek(1); more != io.EOF {
			err = errors.Join(errBehind, more)
		}
	}
	return n, err
}

func gzipLines(in *bufio.Reader) (io.Reader, error) {
	z, err := gzip.NewReader(in) // an io.ByteReader, so the decompressor reads no byte beyond the member
	if err != nil {
		return nil, notEOF(err)
	}
	z.Multistream(false)
	return &ending{z, in}, nil
}

// maxWindow is the largest window of a zstd frame that is read: what zstd's own program takes without being asked.
const maxWindow = 128 << 20

func zstdLines(in *bufio.Reader) (io.Reader, error) {
	z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return z.IOReadCloser(), nil
}

// snappyLines tells the two kinds of files that are named .snappy apart by how they begin.
func snappyLines(in *bufio.Reader) (io.Reader, error) {
	if magic, _ := in.Peek(len(xerialMagic)); bytes.Equal(magic, xerialMagic) {
		return &blocks{in: in, next: xerialBlocks(in)}, nil
	}
	return &blocks{in: in, next: hadoopBlocks(in)}, nil
}

// blocks reads a row of blocks.
type blocks struct {
	in   *bufio.Reader
	next func() ([]byte, error)
	rest []byte
}

func (b *blocks) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if _, err := b.in.Peek(1); err != nil {
			return 0, err
		}
		var err error
		if b.rest, err = b.next(); err != nil {
			return 0, notEOF(err)
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// notEOF is an error for a file that ends too early.
func notEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
