package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
)

// identities makes the request ids that the values of a run carry, and finds them again. An id looks like a UUID:
// the value's number, some digits that belong to that number, and the run's tag.
type identities struct {
	seed uint64
	tag  string // "-" and the last 12 digits of every id of the run
}

const idLength = 36

func newIdentities(seed uint64) identities {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("standpipe demo"), seed))
	return identities{seed, "-" + hex.EncodeToString(sum[:6])}
}

func (d identities) id(number uint32) string {
	x := (uint64(number) + d.seed) * 0x9e3779b97f4a7c15
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x%s", number, x>>48, x>>36&0xfff, x>>24&0xfff, d.tag)
}

// find gives the number of the first id of this run in data.
func (d identities) find(data []byte) (number uint32, ok bool) {
	const before = idLength - 13 // what stands before the tag
	for from := 0; ; {
		i := bytes.Index(data[from:], []byte(d.tag))
		if i < 0 {
			return 0, false
		}
		at := from + i
		from = at + 1
		if at < before {
			continue
		}
		n, err := strconv.ParseUint(string(data[at-before:at-before+8]), 16, 32)
		if err == nil && d.id(uint32(n)) == string(data[at-before:at+13]) {
			return uint32(n), true
		}
	}
}
