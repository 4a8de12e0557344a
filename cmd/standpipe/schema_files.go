package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"standpipe/internal/unpack"
)

// maxLine is how long a line may be. A file without newlines, as Firehose may write it, is one line of many objects.
const maxLine = 256 << 20

// longRecord is longer than a record of Kinesis: longer lines are many objects, or no JSON.
const longRecord = 16 << 20

// readFiles looks at files one after the other. - is stdin, whose read goes on when ctx ends, and is then nobody's.
func (s *sample) readFiles(ctx context.Context, stdin io.Reader, files []string) error {
	s.source = fmt.Sprintf("%d files", len(files))
	if len(files) == 1 {
		s.source = called(files[0])
	}
	for _, name := range files {
		info, err := os.Stat(name)
		switch {
		case name == "-":
		case err != nil:
			return fmt.Errorf("look at %s: %w", name, unwrapped(err))
		case info.IsDir():
			return fmt.Errorf("look at %s: it is a folder: name the files in it", name)
		}
	}
	done := make(chan error, 1)
	go func() { done <- s.readAll(ctx, stdin, files) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// called is a file's name in sentences.
func called(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

func (s *sample) readAll(ctx context.Context, stdin io.Reader, files []string) error {
	for _, name := range files {
		err := s.readFile(ctx, stdin, name)
		if errors.Is(err, errEnough) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look at %s: %w", called(name), unwrapped(err))
		}
	}
	return nil
}

// unwrapped leaves the file's name out of an error that is about to name it.
func unwrapped(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (s *sample) readFile(ctx context.Context, stdin io.Reader, name string) error {
	var source io.Reader = stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		source = f
	}
	r, err := decompressed(name, bufio.NewReaderSize(source, 64<<10))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the file ends within its first bytes, so it was cut short; copy it again")
	}
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	lines := bufio.NewReaderSize(r, 256<<10)
	var line []byte
	for n := 1; ; n++ {
		line, err = nextLine(lines, line[:0])
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the file ends in the middle, so it was cut short; copy it again")
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			if err := s.add(func() string { return fmt.Sprintf("%s line %d", called(name), n) }, line); err != nil {
				return err
			}
		}
		if err == io.EOF || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// nextLine appends a line to buffer, without its end.
func nextLine(r *bufio.Reader, buffer []byte) ([]byte, error) {
	for {
		part, err := r.ReadSlice('\n')
		buffer = append(buffer, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(buffer) > maxLine:
			return buffer, fmt.Errorf("it is longer than %d MiB, so this is no file of JSON lines", maxLine>>20)
		case errors.Is(err, bufio.ErrBufferFull) && len(buffer) > longRecord && !mayBeJSON(buffer):
			return buffer, errors.New("it is long and does not begin as a JSON object does, so this is no file of JSON lines")
		case errors.Is(err, bufio.ErrBufferFull):
		default:
			return bytes.TrimSuffix(buffer, []byte("\n")), err
		}
	}
}

// mayBeJSON says whether the beginning of a long line may be that of objects, so that a file of something else is not read
// into memory.
func mayBeJSON(line []byte) bool {
	line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))
	return len(line) == 0 || line[0] == '{' || line[0] == '['
}

// decompressed tells a file's codec by how it begins, and where that says nothing, by its name.
func decompressed(name string, in *bufio.Reader) (io.ReadCloser, error) {
	head, err := in.Peek(8)
	if err != nil && err != io.EOF {
		return nil, err
	}
	for magic, codec := range map[string]string{"\x28\xb5\x2f\xfd": "zstd", "PK\x03\x04": "zip", "\x82SNAPPY\x00": "snappy"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return unpack.Lines(name, codec, in)
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("PAR1")):
		return nil, errors.New("it is a Parquet file, which has its schema in it: look at the JSON that it was made of")
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return gzip.NewReader(in) // of several members too, as other programs write them
	case strings.HasSuffix(name, ".snappy"):
		return unpack.Lines(name, "hadoop_snappy", in)
	}
	return io.NopCloser(in), nil
}
