package verify

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"standpipe/internal/unpack"
	"standpipe/sink"
)

// content is what reading an object has shown.
type content struct {
	lines int64
	kind  Kind   // Size or Content, when something is wrong
	wrong string // "" when it holds what the journal says
}

// counters count what an object holds by its format in the journal: records as that format has them, and the bytes before
// compression, which are 0 where a format does not tell. A format that is not here can only be compared by its checksums.
var counters = map[string]func(o *sink.JournalObject, r io.Reader) (records, raw int64, err error){
	"": countLines,
}

func countLines(o *sink.JournalObject, r io.Reader) (records, raw int64, err error) {
	lines, err := unpack.Lines(o.Key, o.Codec, r)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = lines.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := lines.Read(buffer)
		records += int64(bytes.Count(buffer[:n], []byte{'\n'}))
		raw += int64(n)
		if err == io.EOF {
			return records, raw, nil
		}
		if err != nil {
			return records, raw, err
		}
	}
}

// content reads an object and compares it with the journal. The error is that of the requests.
func (v *verifier) content(ctx context.Context, o *sink.JournalObject) (content, error) {
	body, err := v.Store.Open(ctx, o.Bucket, o.Key)
	if err != nil {
		return content{}, err
	}
	defer func() { _ = body.Close() }()
	source := &source{Reader: body}
	sums := &partSums{parts: o.Parts}
	in := io.TeeReader(source, sums)
	found := content{kind: Content}
	var raw int64
	var unreadable error
	count := counters[o.Format]
	if count != nil {
		found.lines, raw, unreadable = count(o, in)
	}
	if source.err == nil {
		_, _ = io.Copy(io.Discard, in)
	}
	if source.err != nil {
		return content{}, source.err
	}
	want := o.Records
	if o.Lines > 0 {
		want = o.Lines
	}
	switch wrong := sums.wrong(); {
	case sums.size != o.Size:
		found.kind, found.wrong = Size, fmt.Sprintf("it has %d bytes instead of %d", sums.size, o.Size)
	case wrong != "":
		found.wrong = wrong
	case unreadable != nil:
		found.wrong = fmt.Sprintf("it can not be unpacked: %v", unreadable)
	case count == nil:
		v.note(Unproved, "object s3://%s/%s: its checksums hold; this version does not know how to count the records of format %s", o.Bucket, o.Key, o.Format)
	case found.lines != want || raw != o.Raw:
		found.wrong = fmt.Sprintf("it has %d lines of %d bytes in all, its journal says %d of %d", found.lines, raw, want, o.Raw)
	}
	return found, nil
}

// source remembers an error that is not that of the content.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// partSums compares what is written to it with the sizes and CRC-32s of an object's parts.
type partSums struct {
	parts []sink.Part
	n     int // of the part that is being written
	at    int64
	sum   uint32
	size  int64
	bad   int // number of the first part that differs
}

func (s *partSums) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	for rest := p; len(rest) > 0 && s.n < len(s.parts); {
		part := &s.parts[s.n]
		take := rest[:min(int64(len(rest)), part.Size-s.at)]
		s.sum = crc32.Update(s.sum, crc32.IEEETable, take)
		s.at += int64(len(take))
		rest = rest[len(take):]
		if s.at == part.Size {
			if got := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, s.sum)); part.CRC32 != "" && got != part.CRC32 && s.bad == 0 {
				s.bad = s.n + 1
			}
			s.n, s.at, s.sum = s.n+1, 0, 0
		}
	}
	return len(p), nil
}

// wrong says which part differs; "" for none.
func (s *partSums) wrong() string {
	if s.bad == 0 {
		return ""
	}
	return fmt.Sprintf("the CRC-32 of part %d of %d is another one", s.bad, len(s.parts))
}
