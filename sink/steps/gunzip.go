package steps

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// keptUnpacked is the most memory that a gunzipper keeps for the next record.
const keptUnpacked = 1 << 20

// gunzipper is a reader of gzip, what it reads from and what it reads to, all reused; about 45 KiB and keptUnpacked.
type gunzipper struct {
	in  bytes.Reader
	zip gzip.Reader
	out []byte
}

var gunzippers = sync.Pool{New: func() any { return &gunzipper{out: make([]byte, 0, 4<<10)} }}

// gunzip unpacks data, which must be gzip (RFC 1952) of one or more members and nothing else, into memory of its own. It
// stops reading when there are more than limit bytes. Its memory grows with what there really is in data, whatever that
// says. Its error says what is wrong and where, and repeats none of data.
func gunzip(data []byte, limit int64) ([]byte, error) {
	g := gunzippers.Get().(*gunzipper)
	defer func() {
		g.in.Reset(nil)
		gunzippers.Put(g)
	}()
	out, err := g.unpack(data, g.out[:0], limit)
	large := cap(out) > keptUnpacked
	if !large {
		g.out = out
	}
	switch {
	case err != nil:
		return nil, err
	case large:
		return out, nil
	}
	return bytes.Clone(out), nil
}

// unpack appends what data holds to out.
func (g *gunzipper) unpack(data, out []byte, limit int64) ([]byte, error) {
	g.in.Reset(data)
	if err := g.zip.Reset(&g.in); err != nil {
		return out, headerError(data, err)
	}
	for {
		g.zip.Multistream(false)
		for {
			if len(out) == cap(out) {
				out = append(make([]byte, 0, min(2*int64(len(out)), limit)+1), out...)
			}
			n, err := g.zip.Read(out[len(out):cap(out)])
			if out = out[:len(out)+n]; int64(len(out)) > limit {
				return out, fmt.Errorf("unpacks to more than max_bytes, which is %d", limit)
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				return out, bodyError(len(data)-g.in.Len(), err)
			}
		}
		end := len(data) - g.in.Len()
		if end == len(data) {
			return out, nil
		}
		if g.zip.Reset(&g.in) != nil {
			return out, fmt.Errorf("something other than gzip follows at byte %d", end)
		}
	}
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
