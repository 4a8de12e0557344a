package verify

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"standpipe/internal/parquetread"
	"standpipe/internal/unpack"
	"standpipe/sink"
)

// content is what reading an object has shown.
type content struct {
	records int64
	kind    Kind   // Size or Content, when something is wrong
	wrong   string // "" when it holds what the journal says
}

// content reads an object and compares it with the journal. The error is that of the requests.
func (v *verifier) content(ctx context.Context, o *sink.JournalObject) (content, error) {
	switch o.Format {
	case "", "raw":
		return v.linesOf(ctx, o)
	case "parquet":
		return v.rowsOf(ctx, o)
	}
	found, err := v.sums(ctx, o, nil)
	if err == nil && found.wrong == "" {
		v.note(Unproved, "object s3://%s/%s: its checksums hold; this version does not know how to count the records of format %s", o.Bucket, o.Key, o.Format)
	}
	return found, err
}

// linesOf counts an object's lines while its checksums are made.
func (v *verifier) linesOf(ctx context.Context, o *sink.JournalObject) (content, error) {
	var lines, raw int64
	var unreadable error
	found, err := v.sums(ctx, o, func(r io.Reader) { lines, raw, unreadable = countLines(o, r) })
	if err != nil {
		return content{}, err
	}
	found.records = lines
	want := o.Records
	if o.Lines > 0 || o.Format == "raw" { // whose records can not be told from each other
		want = o.Lines
	}
	switch {
	case found.wrong != "":
	case unreadable != nil:
		found.wrong = fmt.Sprintf("it can not be unpacked: %v", unreadable)
	case lines != want || raw != o.Raw:
		found.wrong = fmt.Sprintf("it has %d lines of %d bytes in all, its journal says %d of %d", lines, raw, want, o.Raw)
	}
	return found, nil
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

// rowsOf counts a Parquet file's rows when its checksums hold: a reader of a format that is led by its own numbers is not
// given what is known to be damaged. As many files are read a second time at once as there are cores, since each takes memory.
func (v *verifier) rowsOf(ctx context.Context, o *sink.JournalObject) (content, error) {
	found, err := v.sums(ctx, o, nil)
	if err != nil || found.wrong != "" {
		return found, err
	}
	if err := v.counting.Acquire(ctx, 1); err != nil {
		return content{}, err
	}
	defer v.counting.Release(1)
	var failed error // of the requests
	n, err := parquetread.Count(o.Size, func(from int64) (io.ReadCloser, error) {
		body, err := v.Store.Open(ctx, o.Bucket, o.Key, from)
		if err != nil {
			failed = err
			return nil, err
		}
		return &source{body, &failed}, nil
	})
	switch {
	case failed != nil:
		return content{}, failed
	case err != nil:
		found.wrong = fmt.Sprintf("it can not be read as Parquet: %v", err)
	case n != o.Records:
		found.records = n
		found.wrong = fmt.Sprintf("it has %d rows, its journal says %d", n, o.Records)
	default:
		found.records = n
	}
	return found, nil
}

// sums reads an object, compares its size and checksums, and lets it be looked at on the way.
func (v *verifier) sums(ctx context.Context, o *sink.JournalObject, look func(io.Reader)) (content, error) {
	body, err := v.Store.Open(ctx, o.Bucket, o.Key, 0)
	if err != nil {
		return content{}, err
	}
	defer func() { _ = body.Close() }()
	var failed error
	sums := &partSums{parts: o.Parts}
	in := io.TeeReader(&source{body, &failed}, sums)
	if look != nil {
		look(in)
	}
	if failed == nil {
		_, _ = io.Copy(io.Discard, in)
	}
	switch wrong := sums.wrong(); {
	case failed != nil:
		return content{}, failed
	case sums.size != o.Size:
		return content{kind: Size, wrong: fmt.Sprintf("it has %d bytes instead of %d", sums.size, o.Size)}, nil
	default:
		return content{kind: Content, wrong: wrong}, nil
	}
}

// source keeps an error of the requests apart from what is wrong with the content.
type source struct {
	io.ReadCloser
	failed *error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		*s.failed = err
	}
	return n, err
}
