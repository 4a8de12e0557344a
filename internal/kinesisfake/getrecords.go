package kinesisfake

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	maxGetRecords = 10_000
	maxGetBytes   = 10 << 20
)

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// page is what one GetRecords answers.
type page struct {
	shard    *shard
	segments []segment
	first    uint64 // index of the first record
	count    int
	bytes    int // of keys and data
	next     string
	behind   int64
	ended    bool
}

// getRecordsRequest is the part of a request that is looked at.
type getRecordsRequest struct {
	ShardIterator string
	Limit         *int
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
func serveGetRecords(s *Server, now time.Time, body io.Reader) (answer, error) {
	var in getRecordsRequest
	if err := decode(body, &in); err != nil {
		return answer{}, err
	}
	return s.answerGetRecords(now, in, (*page).append)
}

func (s *Server) answerGetRecords(now time.Time, in getRecordsRequest, write func(*page, []byte) []byte) (answer, error) {
	limit := maxGetRecords
	if in.Limit != nil {
		if limit = *in.Limit; limit < 1 || limit > maxGetRecords {
			return answer{}, invalidArgument("Limit %d is not between 1 and %d.", limit, maxGetRecords)
		}
	}
	p, err := s.getRecords(now, in.ShardIterator, limit)
	if err != nil {
		return answer{}, err
	}
	buf := buffers.Get().(*[]byte)
	if need := p.bytes*4/3 + p.count*220 + 2048; cap(*buf) < need {
		*buf = make([]byte, 0, need)
	}
	*buf = write(p, (*buf)[:0])
	return answer{*buf, func() { buffers.Put(buf) }}, nil
}

func (s *Server) getRecords(now time.Time, text string, limit int) (*page, error) {
	it, ok := parseIterator(text)
	if !ok {
		return nil, invalidArgument("Invalid ShardIterator.")
	}
	if now.Sub(it.issued) > iteratorLife {
		const layout = "Mon Jan 02 15:04:05 UTC 2006"
		return nil, refuse("ExpiredIteratorException", "Iterator expired. The iterator was created at time %s while right now "+
			"it is %s which is further in the future than the tolerated delay of %d milliseconds.",
			it.issued.UTC().Format(layout), now.UTC().Format(layout), iteratorLife.Milliseconds())
	}
	st, err := s.lookup(now, it.stream)
	if err != nil {
		return nil, err
	}
	st.mu.RLock()
	refused := st.usable(now)
	sh := st.shard(shardID(it.shard), s.cutoff(now))
	st.mu.RUnlock()
	if refused != nil {
		return nil, refused
	}
	if sh == nil || st.id != it.streamID {
		return nil, noShard(it.stream, shardID(it.shard))
	}

	sh.mu.Lock()
	defer sh.mu.Unlock()
	if s.opts.Limits.Read && !sh.reads.admit(now) {
		return nil, tooFast(st.name, sh.id)
	}
	sh.trim(s.cutoff(now))
	p := &page{shard: sh, first: max(it.position, sh.horizon)}
	sh.calls++
	if s.opts.EmptyEvery == 0 || sh.calls%s.opts.EmptyEvery != 0 {
		p.segments, p.count, p.bytes = sh.log.take(p.first, limit, maxGetBytes)
	}
	if s.opts.Limits.Read {
		sh.reads.charge(now, p.bytes)
	}
	it.position, it.issued = p.first+uint64(p.count), now
	if it.position < sh.log.n {
		p.behind = max(1, now.UnixMilli()-sh.log.arrival(it.position))
	}
	p.ended = sh.closed != 0 && it.position >= sh.log.n
	if !p.ended {
		p.next = it.encode(kindIterator)
	}
	return p, nil
}

// append writes the answer as JSON.
func (p *page) append(b []byte) []byte {
	b = append(b, '{')
	if p.ended {
		b = append(b, `"ChildShards":`...)
		text, _ := json.Marshal(p.childShards())
		b = append(b, text...)
	} else {
		b = append(b, `"NextShardIterator":"`...)
		b = append(b, p.next...)
		b = append(b, '"')
	}
	b = append(b, `,"MillisBehindLatest":`...)
	b = strconv.AppendInt(b, p.behind, 10)
	b = append(b, `,"Records":[`...)
	index := p.first
	for _, seg := range p.segments {
		for i := range seg.ends {
			if index > p.first {
				b = append(b, ',')
			}
			ms, key, data := seg.record(i)
			b = append(b, `{"ApproximateArrivalTimestamp":`...)
			b = appendArrival(b, ms)
			b = append(b, `,"Data":"`...)
			b = base64.StdEncoding.AppendEncode(b, data)
			b = append(b, `","PartitionKey":`...)
			b = appendString(b, key)
			b = append(b, `,"SequenceNumber":"`...)
			b = p.shard.sequenceOf(index, ms).append(b)
			b = append(b, `"}`...)
			index++
		}
	}
	return append(b, "]}"...)
}

// childShards is only called once the shard is closed: its children no longer change.
func (p *page) childShards() []childShard {
	children := make([]childShard, len(p.shard.children))
	for i, c := range p.shard.children {
		children[i] = childShard{HashKeyRange: rangeOf(c), ParentShards: []string{c.parent}, ShardId: c.id}
		if c.adjacent != "" {
			children[i].ParentShards = append(children[i].ParentShards, c.adjacent)
		}
	}
	return children
}

// appendArrival writes a time in epoch seconds the way the service does, as Java writes a double:
// 1441215410.867 is 1.441215410867E9 (see the example of the API reference).
func appendArrival(b []byte, ms int64) []byte {
	if ms < 1_000_000_000_000 || ms >= 10_000_000_000_000 {
		return strconv.AppendFloat(b, float64(ms)/1000, 'f', 3, 64)
	}
	start := len(b)
	b = strconv.AppendInt(b, ms, 10)
	b = append(b, 0)
	copy(b[start+2:], b[start+1:])
	b[start+1] = '.'
	for b[len(b)-1] == '0' && b[len(b)-2] != '.' {
		b = b[:len(b)-1]
	}
	return append(b, "E9"...)
}

// appendString writes text as a JSON string.
func appendString(b, text []byte) []byte {
	for _, c := range text {
		if c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, _ := json.Marshal(string(text))
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}
