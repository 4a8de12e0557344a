package redrive

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"strings"

	"standpipe/internal/unpack"
)

// signatures tell codecs by how files begin.
var signatures = []struct{ begins, codec string }{
	{"\x1f\x8b", "gzip"},
	{"\x28\xb5\x2f\xfd", "zstd"},
	{"PK\x03\x04", "zip"},
	{"\x82SNAPPY\x00", "snappy"},
}

// content decompresses an error object by what it holds, whatever its name says. Only Hadoop's framing, which has no
// signature, is told by a name in .snappy.
func content(key string, source io.Reader) (io.ReadCloser, error) {
	in := bufio.NewReaderSize(source, 64<<10)
	head, err := in.Peek(8)
	if err != nil && err != io.EOF {
		return nil, err
	}
	codec := "none"
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.begins)) {
			codec = s.codec
		}
	}
	switch {
	case codec == "gzip": // of several members, where somebody has put files together
		z, err := gzip.NewReader(in)
		return z, err
	case codec == "none" && strings.HasSuffix(key, ".snappy") && len(head) > 0 && head[0] == 0:
		codec = "hadoop_snappy"
	}
	return unpack.Lines(key, codec, in)
}
