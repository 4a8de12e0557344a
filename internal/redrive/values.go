package redrive

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"standpipe/internal/jsontext"
)

// maxShort is how large the buffer of a file may be without its turn: several times a record of 1 MiB.
const maxShort = 4 << 20

// maxValue is the longest error record that is read: base64 of a record that steps have made of one, at their limits.
const maxValue = 128 << 20

// value is a JSON object of a file, or what stands in the place of one.
type value struct {
	at, end int64  // its bytes in the file
	line    int64  // that it begins in, from 1
	data    []byte // valid until the next one is read
	fault   string // why it is none, "" otherwise
}

// values reads JSON objects that stand one a line, or one behind the other with or without anything between them, in
// bounded memory. What is no JSON is given as one value with a fault, up to the end of its line, or to where something
// like the next object begins on the same line.
type values struct {
	in    io.Reader
	limit int
	turn  func() error // waits until the buffer may become larger than maxShort; called once. nil = it may

	buf   []byte
	start int   // of what was not given yet
	at    int64 // of buf[start] in the file
	line  int64
	err   error // how reading ended
}

func newValues(in io.Reader) *values { return &values{in: in, limit: maxValue, line: 1} }

// next gives the next value, io.EOF behind the last one. Another error is that of the file: what follows can not be read.
func (v *values) next() (value, error) {
	for v.at == 0 && len(v.buf) < len(jsontext.ByteOrderMark) && v.more() {
		continue
	}
	for {
		v.skip(v.spaces())
		if v.start < len(v.buf) {
			break
		}
		if !v.more() {
			return value{}, v.err
		}
	}
	if v.buf[v.start] != '{' {
		return v.broken("it is no JSON object")
	}
	for {
		size := len(v.buf) - v.start
		end, _, fault := jsontext.ScanValue(v.buf[v.start:], 0)
		const undecided = 8 // a fault so near the end may be that more is to come: the longest escape or character
		switch {
		case end > v.limit || fault != "" && size > v.limit:
			return v.broken(fmt.Sprintf("it has more than %d bytes", v.limit))
		case fault == "":
			return v.take(end), nil
		case size-end < undecided && v.moreBy(size/4): // so that a long one is not looked through at every read
			continue
		case v.err != nil && !errors.Is(v.err, io.EOF):
			return value{}, v.err
		}
		return v.broken(fmt.Sprintf("it is no JSON: %s at byte %d", fault, end))
	}
}

// spaces is how many bytes of white space, or a byte-order mark at the beginning, stand next.
func (v *values) spaces() int {
	i := v.start
	if v.at == 0 && bytes.HasPrefix(v.buf[i:], []byte(jsontext.ByteOrderMark)) {
		i += len(jsontext.ByteOrderMark)
	}
	i, _ = jsontext.SkipSpace(v.buf, i)
	return i - v.start
}

// skip passes bytes over.
func (v *values) skip(n int) {
	v.line += int64(bytes.Count(v.buf[v.start:v.start+n], []byte{'\n'}))
	v.start += n
	v.at += int64(n)
}

func (v *values) take(n int) value {
	out := value{at: v.at, end: v.at + int64(n), line: v.line, data: v.buf[v.start : v.start+n]}
	v.skip(n)
	return out
}

// broken passes over what is no JSON object.
func (v *values) broken(fault string) (value, error) {
	out := value{at: v.at, line: v.line, fault: fault}
	from := 1 // not where it begins itself
	for {
		rest := v.buf[v.start:]
		end := len(rest)
		if i := bytes.IndexByte(rest[min(from, len(rest)):], '\n'); i >= 0 {
			end = min(from, len(rest)) + i
		}
		if i := bytes.Index(rest[:end], []byte("}{")); i >= 0 {
			v.skip(i + 1)
			break
		}
		if end < len(rest) {
			v.skip(end)
			break
		}
		keep := bytes.HasSuffix(rest, []byte("}"))
		v.skip(len(rest))
		if !v.more() {
			break
		}
		if from = 0; keep && v.buf[v.start] == '{' {
			break
		}
	}
	out.end = v.at
	return out, nil
}

// moreBy reads on until there are n bytes more, or the file ends, and says whether there was any more.
func (v *values) moreBy(n int) (grown bool) {
	for want := len(v.buf) - v.start + max(n, 1); len(v.buf)-v.start < want && v.more(); {
		grown = true
	}
	return grown
}

// more reads on, and says whether there was any more. It moves what was not given yet to the front of the buffer, which
// doubles when that fills it.
func (v *values) more() bool {
	if v.err != nil {
		return false
	}
	rest := len(v.buf) - v.start
	switch {
	case 2*rest >= cap(v.buf):
		if v.turn != nil && 2*cap(v.buf) > maxShort {
			if v.err = v.turn(); v.err != nil {
				return false
			}
			v.turn = nil
		}
		bigger := make([]byte, rest, max(64<<10, 2*cap(v.buf)))
		copy(bigger, v.buf[v.start:])
		v.buf = bigger
	case v.start > 0:
		copy(v.buf, v.buf[v.start:])
		v.buf = v.buf[:rest]
	}
	v.start = 0
	for v.err == nil && len(v.buf) == rest {
		var n int
		n, v.err = v.in.Read(v.buf[len(v.buf):cap(v.buf)])
		v.buf = v.buf[:len(v.buf)+n]
	}
	return len(v.buf) > rest
}
