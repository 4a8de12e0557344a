package consumer

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

// Kinesis also speaks CBOR (RFC 8949), which the Java SDK and so most KCL applications use: the same operations and
// member names as AWS JSON 1.1, data as they are instead of in base64, and times in milliseconds. An answer is a quarter
// smaller, and costs next to nothing to decode.
const (
	cborContentType = "application/x-amz-cbor-1.1"

	cborUnsigned = 0 // major types
	cborNegative = 1
	cborBytes    = 2
	cborText     = 3
	cborArray    = 4
	cborMap      = 5
	cborTag      = 6
	cborOther    = 7

	cborNull  = 0xf6
	cborBreak = 0xff

	cborDepth = 64 // of members that nobody knows
)

// encodeCBOR makes the body of a GetRecords request.
func (r getRecordsRequest) encodeCBOR() []byte {
	b := make([]byte, 0, 64+len(r.ShardIterator)+len(r.StreamARN))
	members := uint64(2)
	if r.StreamARN != "" {
		members++
	}
	b = appendCBORHead(b, cborMap, members)
	b = appendCBORHead(appendCBORText(b, "Limit"), cborUnsigned, uint64(r.Limit))
	b = appendCBORText(appendCBORText(b, "ShardIterator"), r.ShardIterator)
	if r.StreamARN != "" {
		b = appendCBORText(appendCBORText(b, "StreamARN"), r.StreamARN)
	}
	return b
}

func appendCBORText(b []byte, text string) []byte {
	return append(appendCBORHead(b, cborText, uint64(len(text))), text...)
}

func appendCBORHead(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major<<5|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major<<5|25), uint16(n))
	default:
		return binary.BigEndian.AppendUint64(append(b, major<<5|27), n)
	}
}

// decodeCBOR reads the body of a GetRecords answer in CBOR into into, with the promises of decodeJSON: members in any
// order, unknown members, nulls that count as absent, lengths given or not. The data of the records alias body.
func decodeCBOR(body []byte, into *response) error {
	into.reset()
	scan := cborScan{body: body}
	for all := scan.enter(cborMap); scan.more(&all); {
		switch string(scan.key()) {
		case "":
		case "Records":
			scan.records(into)
		case "NextShardIterator":
			into.Next = scan.string()
		case "MillisBehindLatest":
			into.MillisBehind = scan.integer()
		case "ChildShards":
			scan.children(into)
		default:
			scan.skip(0)
		}
	}
	if scan.pos < len(body) {
		scan.fail("unexpected bytes after the answer")
	}
	if scan.fault != "" {
		return fmt.Errorf("decode GetRecords answer: %s at byte %d of %d", scan.fault, scan.at, len(body))
	}
	into.HasNext = into.Next != ""
	into.share(body)
	return nil
}

// cborScan walks over a body. After a fault it stands still at the end, and every method does nothing.
type cborScan struct {
	body  []byte
	pos   int
	fault string // what is wrong, at byte at; empty so far
	at    int
}

func (s *cborScan) fail(fault string) {
	if s.fault == "" {
		s.fault, s.at = fault, s.pos
	}
	s.pos = len(s.body)
}

func (s *cborScan) records(into *response) {
	into.Records, into.spans = into.Records[:0], into.spans[:0]
	for list := s.enter(cborArray); s.more(&list); {
		var r kinesisRecord
		var at recordSpans
		for record := s.enter(cborMap); s.more(&record); {
			switch string(s.key()) {
			case "":
			case "Data":
				if data := s.data(); data.start < data.end {
					r.Data = s.of(data)
				}
			case "SequenceNumber":
				at.sequence = s.text()
			case "PartitionKey":
				r.PartitionKey, at.key = s.replaced()
			case "ApproximateArrivalTimestamp":
				r.Arrival = s.time()
			default:
				s.skip(0)
			}
		}
		if fault := into.add(r, at); fault != "" {
			s.fail(fault)
		}
	}
}

func (s *cborScan) children(into *response) {
	into.Children = into.Children[:0]
	for list := s.enter(cborArray); s.more(&list); {
		id := ""
		for child := s.enter(cborMap); s.more(&child); {
			switch string(s.key()) {
			case "":
			case "ShardId":
				id = s.string()
			default:
				s.skip(0)
			}
		}
		if id != "" {
			into.Children = append(into.Children, id)
		}
	}
}

// head passes the head of an item: its major type, its argument, or that its length is not given.
func (s *cborScan) head() (major byte, n uint64, open bool) {
	if s.pos >= len(s.body) {
		s.fail("unexpected end")
		return cborOther, 0, false
	}
	first := s.body[s.pos]
	major, info := first>>5, first&0x1f
	s.pos++
	if info < 24 {
		return major, uint64(info), false
	}
	rest := s.body[s.pos:]
	switch {
	case info == 24 && len(rest) >= 1 && (major != cborOther || rest[0] >= 32):
		s.pos++
		return major, uint64(rest[0]), false
	case info == 25 && len(rest) >= 2:
		s.pos += 2
		return major, uint64(binary.BigEndian.Uint16(rest)), false
	case info == 26 && len(rest) >= 4:
		s.pos += 4
		return major, uint64(binary.BigEndian.Uint32(rest)), false
	case info == 27 && len(rest) >= 8:
		s.pos += 8
		return major, binary.BigEndian.Uint64(rest), false
	case info == 31 && major >= cborBytes && major <= cborMap:
		return major, 0, true
	}
	s.pos--
	s.fail("unexpected initial byte, or end")
	return cborOther, 0, false
}

// null skips a null, if that comes next.
func (s *cborScan) null() bool {
	if s.pos < len(s.body) && s.body[s.pos] == cborNull {
		s.pos++
		return true
	}
	return false
}

// cborItems are those of an array or a map that are still to come.
type cborItems struct {
	left uint64
	open bool // up to a break
}

// enter passes the head of an array or a map; a null stands for an empty array.
func (s *cborScan) enter(kind byte) cborItems {
	if kind == cborArray && s.null() {
		return cborItems{}
	}
	major, n, open := s.head()
	if major != kind {
		s.fail("no list or map where one belongs")
	}
	return cborItems{n, open}
}

// more says whether another item comes, which is to be passed.
func (s *cborScan) more(items *cborItems) bool {
	switch {
	case s.fault != "" || !items.open && items.left == 0:
		return false
	case s.pos >= len(s.body):
		s.fail("unexpected end")
		return false
	case items.open && s.body[s.pos] == cborBreak:
		s.pos++
		return false
	}
	items.left--
	return true
}

// key passes the key of a member, and its value too if that is null: then, and after a fault, it is empty. So is a key
// that is an empty text, and its value is passed likewise.
func (s *cborScan) key() []byte {
	key := s.of(s.str(cborText))
	if s.null() {
		return nil
	}
	if len(key) == 0 && s.fault == "" {
		s.skip(0)
	}
	return key
}

// str passes a string of bytes or text and says where its content is. One that comes in chunks is joined in place.
func (s *cborScan) str(kind byte) span {
	major, n, open := s.head()
	if major != kind {
		s.fail("no string where one belongs")
		return span{}
	}
	if !open {
		return s.take(n)
	}
	joined := span{s.pos, s.pos}
	for s.fault == "" {
		if s.pos < len(s.body) && s.body[s.pos] == cborBreak {
			s.pos++
			return joined
		}
		major, n, open := s.head()
		if major != kind || open {
			s.fail("no chunk where one belongs")
			return span{}
		}
		chunk := s.take(n)
		joined.end += copy(s.body[joined.end:], s.of(chunk))
	}
	return span{}
}

func (s *cborScan) take(n uint64) span {
	if n > uint64(len(s.body)-s.pos) {
		s.fail("unexpected end of a string")
		return span{}
	}
	start := s.pos
	s.pos += int(n)
	return span{start, s.pos}
}

func (s *cborScan) of(at span) []byte { return s.body[at.start:at.end:at.end] }

// data passes a record's Data: bytes, or base64 in a text, as some emulators send it, which is decoded in place.
func (s *cborScan) data() span {
	if s.pos >= len(s.body) || s.body[s.pos]>>5 != cborText {
		return s.str(cborBytes)
	}
	at := s.str(cborText)
	n, ok := decodeBase64(s.of(at))
	if !ok {
		s.fail("invalid base64 in a record's Data")
		return span{}
	}
	return span{at.start, at.start + n}
}

// text passes a text and says where it is.
func (s *cborScan) text() span {
	at := s.str(cborText)
	if !utf8.Valid(s.of(at)) {
		s.fail("invalid UTF-8 in a string")
		return span{}
	}
	return at
}

// replaced passes a text and says where it is. What is no UTF-8 gives the text itself, with replacement characters, as in
// JSON: a producer chooses the key, and must not be able to hold up a shard by it.
func (s *cborScan) replaced() (text string, at span) {
	at = s.str(cborText)
	if key := s.of(at); !utf8.Valid(key) {
		return string([]rune(string(key))), span{}
	}
	return "", at
}

func (s *cborScan) string() string { return string(s.of(s.text())) }

// integer passes a number without fraction.
func (s *cborScan) integer() int64 {
	major, n, _ := s.head()
	if major > cborNegative || n > math.MaxInt64 {
		s.fail("no number in range where one belongs")
		return 0
	}
	if major == cborNegative {
		return -1 - int64(n)
	}
	return int64(n)
}

const (
	// latestSeconds is where a time stops to be taken for seconds, as RFC 8949 has them and some emulators send them: the
	// year 5138. As milliseconds, which Kinesis sends, it is in 1973.
	latestSeconds = 1e11
	// farthestSeconds is as far from 1970 as a time may be, and can be in JSON: the years 1677 and 2262.
	farthestSeconds = math.MaxInt64 / int64(time.Second)
)

// time passes a time: a number, with or without the tag for one.
func (s *cborScan) time() time.Time {
	if s.pos < len(s.body) && s.body[s.pos]>>5 == cborTag {
		s.head()
	}
	if s.pos >= len(s.body) || s.body[s.pos]>>5 != cborOther {
		n := s.integer()
		if n < latestSeconds && n > -latestSeconds {
			return s.inRange(time.Unix(n, 0))
		}
		return s.inRange(time.UnixMilli(n))
	}
	var n float64
	switch first := s.body[s.pos]; first {
	case cborOther<<5 | 26:
		_, bits, _ := s.head()
		n = float64(math.Float32frombits(uint32(bits)))
	case cborOther<<5 | 27:
		_, bits, _ := s.head()
		n = math.Float64frombits(bits)
	default:
		s.fail("no time where one belongs")
	}
	if math.Abs(n) >= latestSeconds {
		n /= 1000
	}
	if !(math.Abs(n) < latestSeconds) {
		s.fail("no time in range where one belongs")
	}
	whole := math.Floor(n)
	return s.inRange(time.Unix(int64(whole), int64(math.Round((n-whole)*1e6))*1e3))
}

// inRange refuses what is no time of an arrival: later ones can not even be written down as RFC 3339 has it.
func (s *cborScan) inRange(t time.Time) time.Time {
	if n := t.Unix(); n >= farthestSeconds || n < -farthestSeconds {
		s.fail("no time in range where one belongs")
	}
	if s.fault != "" {
		return time.Time{}
	}
	return t
}

// skip passes an item of any kind.
func (s *cborScan) skip(depth int) {
	if depth > cborDepth {
		s.fail("too deeply nested")
	}
	if s.pos < len(s.body) {
		if major := s.body[s.pos] >> 5; major == cborBytes || major == cborText {
			s.str(major)
			return
		}
	}
	switch major, n, open := s.head(); major {
	case cborArray, cborMap:
		for items := (cborItems{n, open}); s.more(&items); {
			s.skip(depth + 1)
			if major == cborMap {
				s.skip(depth + 1)
			}
		}
	case cborTag:
		s.skip(depth + 1)
	}
}
