package verify

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"standpipe/sink"
)

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
