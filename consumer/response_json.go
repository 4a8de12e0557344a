package consumer

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"
	"strings"
	"time"
	"unicode/utf8"
)

// decodeJSON reads the body of a GetRecords answer in AWS JSON 1.1, the SDK's protocol for Kinesis, into into. The
// data of the records are decoded in place: they alias body, which belongs to the records from then on.
//
// One scan checks the whole body and notes where the strings are, without changing a byte; base64 is decoded after it.
// A body that encoding/json would take for the same members is taken: members in any order, unknown members, escapes,
// nulls (a member that is null counts as absent), numbers with exponents. Names must match exactly, the last of several
// equal names counts, and a record without sequence number is an error. So there is no case for a second attempt with
// another decoder: an error means that the answer is broken and must be asked for again. body and into are then
// unspecified.
func decodeJSON(body []byte, into *response) error {
	into.reset()
	scan := responseScan{body: body}
	scan.answer(into)
	if scan.fault != "" {
		return fmt.Errorf("decode GetRecords answer: %s at byte %d of %d", scan.fault, scan.at, len(body))
	}
	into.HasNext = into.Next != ""
	into.share(body)
	for i := range into.Records {
		r, s := &into.Records[i], &into.spans[i]
		if s.data.start == s.data.end {
			continue // empty, or decoded because it had escapes
		}
		encoded := body[s.data.start:s.data.end]
		n, ok := decodeBase64(encoded)
		if !ok {
			return fmt.Errorf("decode GetRecords answer: invalid base64 in the Data of record %d", i)
		}
		r.Data = encoded[:n:n]
	}
	return nil
}

// responseScan walks over a body. After a fault it stands still at the end, and every method does nothing.
type responseScan struct {
	body  []byte
	pos   int
	fault string // what is wrong, at byte at; empty so far
	at    int
}

func (s *responseScan) fail(at int, fault string) {
	if s.fault == "" {
		s.fault, s.at = fault, at
	}
	s.pos = len(s.body)
}

func (s *responseScan) answer(into *response) {
	if s.peek() != '{' {
		s.fail(s.pos, "no object")
		return
	}
	for name := range s.members {
		switch string(name) {
		case "Records":
			s.records(into)
		case "NextShardIterator":
			into.Next = s.text(into.Next)
		case "MillisBehindLatest":
			if millis, present := s.number(0); present {
				into.MillisBehind = millis
			}
		case "ChildShards":
			s.children(into)
		default:
			s.skip()
		}
	}
	if s.peek(); s.pos < len(s.body) {
		s.fail(s.pos, "unexpected character after the answer")
	}
}

func (s *responseScan) records(into *response) {
	into.Records, into.spans = into.Records[:0], into.spans[:0]
	for range s.elements {
		if s.peek() != '{' {
			s.fail(s.pos, "no object where a record belongs")
			return
		}
		var r kinesisRecord
		var at recordSpans
		for name := range s.members {
			switch string(name) {
			case "Data":
				s.data(&r, &at.data)
			case "SequenceNumber":
				s.share(&r.Sequence, &at.sequence)
			case "PartitionKey":
				s.share(&r.PartitionKey, &at.key)
			case "ApproximateArrivalTimestamp":
				if nanos, present := s.number(9); present {
					r.Arrival = time.Unix(0, nanos)
				}
			default:
				s.skip()
			}
		}
		if fault := into.add(r, at); fault != "" {
			s.fail(s.pos, fault)
		}
	}
}

func (s *responseScan) children(into *response) {
	into.Children = into.Children[:0]
	for range s.elements {
		if s.peek() != '{' {
			s.fail(s.pos, "no object where a child shard belongs")
			return
		}
		id := ""
		for name := range s.members {
			if string(name) == "ShardId" {
				id = s.text(id)
			} else {
				s.skip()
			}
		}
		if id != "" {
			into.Children = append(into.Children, id)
		}
	}
}

// peek skips white space and returns the next character, 0 at the end.
func (s *responseScan) peek() byte {
	for s.pos < len(s.body) {
		switch c := s.body[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// null skips a null, if that comes next.
func (s *responseScan) null() bool {
	if s.peek() == 'n' && bytes.HasPrefix(s.body[s.pos:], []byte("null")) {
		s.pos += len("null")
		return true
	}
	return false
}

// members yields the names in the object that comes next, each with the position at its value, which the loop must pass.
func (s *responseScan) members(yield func(name []byte) bool) {
	s.pos++ // {
	if s.peek() == '}' {
		s.pos++
		return
	}
	for {
		at, escaped := s.str()
		name := s.body[at.start:at.end]
		if escaped {
			name = []byte(s.unescape(at))
		}
		if s.peek() != ':' {
			s.fail(s.pos, "no : after a name")
			return
		}
		s.pos++
		if !yield(name) || s.fault != "" {
			return
		}
		switch s.peek() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			return
		default:
			s.fail(s.pos, "no , or } after a member")
			return
		}
	}
}

// elements yields once for each element of the array that comes next, which the loop must pass; none for null.
func (s *responseScan) elements(yield func() bool) {
	if s.null() {
		return
	}
	if s.peek() != '[' {
		s.fail(s.pos, "no array where a list belongs")
		return
	}
	s.pos++
	if s.peek() == ']' {
		s.pos++
		return
	}
	for {
		if !yield() || s.fault != "" {
			return
		}
		switch s.peek() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			return
		default:
			s.fail(s.pos, "no , or ] after an element")
			return
		}
	}
}

// str passes a string and returns where it is. escaped says that its bytes are not its text: that has to be unescaped.
func (s *responseScan) str() (at span, escaped bool) {
	if s.peek() != '"' {
		s.fail(s.pos, "no string where one belongs")
		return span{}, false
	}
	start := s.pos + 1
	ascii := true
	for i := skipPlain(s.body, start); i < len(s.body); i = skipPlain(s.body, i+1) {
		switch c := s.body[i]; {
		case c == '"':
			s.pos = i + 1
			return span{start, i}, escaped || !ascii && !utf8.Valid(s.body[start:i])
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			s.fail(i, "control character in a string")
			return span{}, false
		default:
			ascii = false
		}
	}
	s.fail(start-1, "no end of a string")
	return span{}, false
}

// skipPlain returns the index of the first byte at or after i that is a quote, a backslash, below 0x20 or above 0x7f.
func skipPlain(body []byte, i int) int {
	const (
		each = 0x0101010101010101
		high = 0x80 * each
	)
	for ; i+8 <= len(body); i += 8 {
		// The high bit of a byte of stop is set where such a byte is. A borrow can set it wrongly only above a byte where
		// it is set rightly, so the lowest one is exact.
		word := binary.LittleEndian.Uint64(body[i:])
		stop := (word | (word - 0x20*each) | ((word ^ '"'*each) - each) | ((word ^ '\\'*each) - each)) & high
		if stop != 0 {
			return i + bits.TrailingZeros64(stop)/8
		}
	}
	for i < len(body) && body[i] >= ' ' && body[i] < utf8.RuneSelf && body[i] != '"' && body[i] != '\\' {
		i++
	}
	return i
}

// unescape returns the text of a string, as encoding/json has it.
func (s *responseScan) unescape(at span) (text string) {
	if s.fault == "" && json.Unmarshal(s.body[at.start-1:at.end+1], &text) != nil {
		s.fail(at.start, "invalid escape in a string")
	}
	return text
}

// text passes a string and returns it, or a null and returns old.
func (s *responseScan) text(old string) string {
	if s.null() {
		return old
	}
	at, escaped := s.str()
	if escaped {
		return s.unescape(at)
	}
	return string(s.body[at.start:at.end])
}

// share passes a string or null, and notes where it is; the text is made later, with those of all records. A string
// with escapes is made at once.
func (s *responseScan) share(text *string, where *span) {
	if s.null() {
		return
	}
	at, escaped := s.str()
	if escaped {
		*text, *where = s.unescape(at), span{}
	} else {
		*text, *where = "", at
	}
}

// data passes a record's Data and notes where it is. One with escapes, which base64 needs none of, is decoded at once,
// to memory of its own.
func (s *responseScan) data(r *kinesisRecord, where *span) {
	if s.null() {
		return
	}
	if s.peek() != '"' {
		s.fail(s.pos, "no string where one belongs")
		return
	}
	start := s.pos + 1
	length := bytes.IndexByte(s.body[start:], '"')
	if length < 0 {
		s.fail(s.pos, "no end of a string")
		return
	}
	if at := (span{start, start + length}); bytes.IndexByte(s.body[start:at.end], '\\') < 0 {
		r.Data, *where = nil, at // what is no base64 in it will be found by decodeBase64
		s.pos = at.end + 1
		return
	}
	at, _ := s.str()
	if s.fault != "" {
		return
	}
	var decoded []byte // a variable of its own, since what json.Unmarshal writes to goes to the heap
	if json.Unmarshal(s.body[at.start-1:at.end+1], &decoded) != nil {
		s.fail(at.start, "invalid base64 in a record's Data")
	}
	r.Data, *where = decoded, span{}
}

// number passes a number and returns it times 10^places, its fraction cut off; present is false for a null.
func (s *responseScan) number(places int) (n int64, present bool) {
	if s.null() {
		return 0, false
	}
	start := s.pos
	for s.pos < len(s.body) && (isDigit(s.body[s.pos]) || strings.IndexByte("+-.eE", s.body[s.pos]) >= 0) {
		s.pos++
	}
	n, ok := parseFixed(s.body[start:s.pos], places)
	if !ok {
		s.fail(start, "no number in range where one belongs")
	}
	return n, ok
}

// skip passes a value of any kind.
func (s *responseScan) skip() {
	if s.peek() == '"' {
		if at, escaped := s.str(); escaped {
			s.unescape(at)
		}
		return
	}
	start := s.pos
	for depth := 0; s.pos < len(s.body); {
		switch s.body[s.pos] {
		case '"':
			s.str()
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		if depth < 0 || depth == 0 && s.body[s.pos] == ',' {
			break
		}
		s.pos++
	}
	if s.fault == "" && !json.Valid(s.body[start:s.pos]) {
		s.fail(start, "invalid value")
	}
}
