package kinesisfake

import (
	"encoding/binary"
	"io"
	"math"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// serveGetRecordsInCBOR is serveGetRecords in the protocol of the Java SDK, which was found by what that sends and takes:
// application/x-amz-cbor-1.1, the members of the JSON protocol, times with tag 1 in whole milliseconds.
func serveGetRecordsInCBOR(s *Server, now time.Time, body io.Reader) (answer, error) {
	var in getRecordsRequest
	if err := cbor.NewDecoder(body).Decode(&in); err != nil {
		return answer{}, refuse("SerializationException", "%v", err)
	}
	return s.answerGetRecords(now, in, (*page).appendCBOR)
}

const (
	cborOpenMap   = 0xbf // of no given length, as the JSON library of the service writes maps and arrays
	cborOpenArray = 0x9f
	cborBreak     = 0xff
	cborEpoch     = 0xc1 // tag 1
	cborInt64     = 0x1b
	cborBytes     = 2 << 5
	cborText      = 3 << 5
)

// appendCBOR writes the answer as CBOR.
func (p *page) appendCBOR(b []byte) []byte {
	b = append(b, cborOpenMap)
	if p.ended {
		children, _ := cbor.Marshal(p.childShards())
		b = append(appendCBOR(b, cborText, "ChildShards"), children...)
	} else {
		b = appendCBOR(appendCBOR(b, cborText, "NextShardIterator"), cborText, p.next)
	}
	b = append(appendCBOR(b, cborText, "MillisBehindLatest"), cborInt64)
	b = binary.BigEndian.AppendUint64(b, uint64(p.behind))
	b = append(appendCBOR(b, cborText, "Records"), cborOpenArray)
	index := p.first
	var number []byte
	for _, seg := range p.segments {
		for i := range seg.ends {
			ms, key, data := seg.record(i)
			number = p.shard.sequenceOf(index, ms).append(number[:0])
			b = append(b, cborOpenMap)
			b = append(appendCBOR(b, cborText, "ApproximateArrivalTimestamp"), cborEpoch, cborInt64)
			b = binary.BigEndian.AppendUint64(b, uint64(ms))
			b = appendCBOR(appendCBOR(b, cborText, "Data"), cborBytes, data)
			b = appendCBOR(appendCBOR(b, cborText, "PartitionKey"), cborText, key)
			b = appendCBOR(appendCBOR(b, cborText, "SequenceNumber"), cborText, number)
			b = append(b, cborBreak)
			index++
		}
	}
	return append(b, cborBreak, cborBreak)
}

// appendCBOR writes a string of one of the two kinds.
func appendCBOR[T string | []byte](b []byte, kind byte, text T) []byte {
	switch n := len(text); {
	case n < 24:
		b = append(b, kind|byte(n))
	case n <= math.MaxUint8:
		b = append(b, kind|24, byte(n))
	case n <= math.MaxUint16:
		b = binary.BigEndian.AppendUint16(append(b, kind|25), uint16(n))
	default:
		b = binary.BigEndian.AppendUint32(append(b, kind|26), uint32(n))
	}
	return append(b, text...)
}
