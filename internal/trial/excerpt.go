package trial

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"standpipe/internal/parquetread"
	"standpipe/internal/unpack"
	"standpipe/sink"
)

// widest is how many characters of a line are printed.
const widest = 160

// excerpt prints how an object begins.
func (t *trial) excerpt(o sink.JournalObject) error {
	if t.Show == 0 {
		return nil
	}
	f, err := t.servers.S3.Open(o.Bucket, o.Key) // a key need be no file name
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	lines, err := contentOf(o, f)
	if err != nil {
		_, _ = fmt.Fprintf(t.Out, "    (%v)\n", err)
		return nil
	}
	defer func() { _ = lines.Close() }()
	r := bufio.NewReaderSize(lines, 64<<10)
	for n := 0; n < t.Show; n++ {
		line, err := r.ReadBytes('\n')
		if line = bytes.TrimSuffix(line, []byte("\n")); len(line) > 0 || err == nil {
			t.line(o, line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read object %s: %w", o.Key, err)
		}
	}
	if _, err := r.Peek(1); err == nil {
		_, _ = fmt.Fprintln(t.Out, "    …")
	}
	return nil
}

// contentOf gives the lines of an object, or its rows as lines.
func contentOf(o sink.JournalObject, f io.Reader) (io.ReadCloser, error) {
	if o.Format != "parquet" {
		return unpack.Lines(o.Key, o.Codec, f)
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	lines, err := parquetread.Lines(data)
	return io.NopCloser(bytes.NewReader(lines)), err
}

// line prints one line of an object, or what an error record says.
func (t *trial) line(o sink.JournalObject, line []byte) {
	if o.Output != errorsOutput {
		_, _ = fmt.Fprintf(t.Out, "    %s\n", short(line))
		return
	}
	var e struct {
		ErrorCode, ErrorMessage, LastErrorCode, LastErrorMessage, Step, Output string
		RawData                                                                []byte
	}
	if err := json.Unmarshal(line, &e); err != nil {
		_, _ = fmt.Fprintf(t.Out, "    %s\n", short(line))
		return
	}
	where := ""
	if e.Step != "" {
		where = " in step " + e.Step
	} else if e.Output != "" {
		where = " for output " + e.Output
	}
	_, _ = fmt.Fprintf(t.Out, "    %s%s%s: %s%s\n      raw data: %s\n", e.ErrorCode, e.LastErrorCode, where, e.ErrorMessage, e.LastErrorMessage, short(e.RawData))
}

// short is the beginning of a line, with everything in escapes that a terminal might act on.
func short(line []byte) string {
	text, more := string(line), ""
	if utf8.RuneCountInString(text) > widest {
		text, more = string([]rune(text)[:widest]), "…"
	}
	for _, r := range text {
		if !strconv.IsPrint(r) || r == utf8.RuneError {
			return strconv.Quote(text) + more
		}
	}
	return text + more
}
