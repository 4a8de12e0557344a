package steps

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// gunzipper is a reader of gzip and what it reads from, both reused; about 45 KiB.
type gunzipper struct {
	in  bytes.Reader
	zip gzip.Reader
}

var gunzippers = sync.Pool{New: func() any { return new(gunzipper) }}

// gunzip unpacks data, which must be gzip (RFC 1952) of one or more members and nothing else, into memory of its own. It
// stops reading when there are more than limit bytes. It takes no more memory than eight times that of data and three times
// that of what there really is in it. Its error says what is wrong and where, and repeats none of data.
func gunzip(data []byte, limit int64) ([]byte, error) {
	g := gunzippers.Get().(*gunzipper)
	defer func() {
		g.in.Reset(nil)
		gunzippers.Put(g)
	}()
	g.in.Reset(data)
	if err := g.zip.Reset(&g.in); err != nil {
		return nil, headerError(data, err)
	}
	out := make([]byte, 0, min(8*int64(len(data)), max(promised(data), 512), limit)+1)
	for {
		g.zip.Multistream(false)
		for {
			if len(out) == cap(out) {
				out = grown(out, promised(data), limit)
			}
			n, err := g.zip.Read(out[len(out):cap(out)])
			if out = out[:len(out)+n]; int64(len(out)) > limit {
				return nil, fmt.Errorf("unpacks to more than max_bytes, which is %d", limit)
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, bodyError(len(data)-g.in.Len(), err)
			}
		}
		end := len(data) - g.in.Len()
		if end == len(data) {
			return out, nil
		}
		if g.zip.Reset(&g.in) != nil {
			return nil, fmt.Errorf("something other than gzip follows at byte %d", end)
		}
	}
}

// promised is the size that the last member of data is said to have (RFC 1952, ISIZE), which nobody has to believe.
func promised(data []byte) int64 { return int64(binary.LittleEndian.Uint32(data[len(data)-4:])) }

// grown gives room for more to what is full: for all that is promised if that is not much, else twice what it was.
func grown(full []byte, promise, limit int64) []byte {
	have := int64(len(full))
	room := 2 * have
	if have < promise && promise < room {
		room = promise
	}
	return append(make([]byte, 0, min(room, limit)+1), full...)
}

func headerError(data []byte, err error) error {
	switch {
	case len(data) == 0:
		return errors.New("empty record")
	case errors.Is(err, gzip.ErrHeader) || data[0] != 0x1f || len(data) > 1 && data[1] != 0x8b:
		return errors.New("no gzip header at byte 0")
	}
	return fmt.Errorf("unexpected end of a gzip header at byte %d", len(data))
}

func bodyError(at int, err error) error {
	switch {
	case errors.Is(err, gzip.ErrChecksum):
		return fmt.Errorf("wrong checksum or length of gzip before byte %d", at)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("unexpected end of gzip at byte %d", at)
	}
	return fmt.Errorf("corrupt gzip before byte %d", at)
}
