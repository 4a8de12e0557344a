package kinesisfake

import (
	"encoding/binary"
	"sort"
)

// recordLog is a shard's records, oldest first, in slabs that are never moved once written: what a segment
// shows stays valid and unchanged without a lock. A record costs 13 bytes beside its key and data.
type recordLog struct {
	slabs []*slab
	n     uint64 // records in all
}

type slab struct {
	first uint64 // index of its first record
	segment
}

// segment is a run of records: record i takes bytes[ends[i-1]:ends[i]], which hold the arrival time in
// milliseconds (8 bytes), the partition key's length (varint), the key and the data.
type segment struct {
	bytes []byte
	ends  []uint32
}

const (
	smallestSlab = 4 << 10
	largestSlab  = 1 << 20
)

func (l *recordLog) append(ms int64, key string, data []byte) {
	size := 8 + binary.MaxVarintLen32 + len(key) + len(data)
	var s *slab
	if k := len(l.slabs); k > 0 {
		s = l.slabs[k-1]
	}
	if s == nil || cap(s.bytes)-len(s.bytes) < size {
		capacity := smallestSlab
		if s != nil {
			capacity = min(2*max(cap(s.bytes), smallestSlab), largestSlab)
		}
		s = &slab{first: l.n, segment: segment{bytes: make([]byte, 0, max(capacity, size))}}
		l.slabs = append(l.slabs, s)
	}
	b := binary.BigEndian.AppendUint64(s.bytes, uint64(ms))
	b = binary.AppendUvarint(b, uint64(len(key)))
	b = append(b, key...)
	s.bytes = append(b, data...)
	s.ends = append(s.ends, uint32(len(s.bytes)))
	l.n++
}

// slabOf is the number of the slab that holds record i < n.
func (l *recordLog) slabOf(i uint64) int {
	return sort.Search(len(l.slabs), func(k int) bool { return l.slabs[k].first > i }) - 1
}

func (l *recordLog) arrival(i uint64) int64 {
	s := l.slabs[l.slabOf(i)]
	ms, _, _ := s.record(int(i - s.first))
	return ms
}

// firstAt is the first record from index from on that arrived at ms or later; n if there is none.
func (l *recordLog) firstAt(from uint64, ms int64) uint64 {
	if from >= l.n || l.arrival(from) >= ms {
		return min(from, l.n)
	}
	return from + uint64(sort.Search(int(l.n-from), func(i int) bool { return l.arrival(from+uint64(i)) >= ms }))
}

// take gives up to limit records from index from on, as many as stay within maxBytes of keys and data, but at
// least one if there is any; bytes is the sum of keys and data.
func (l *recordLog) take(from uint64, limit, maxBytes int) (segments []segment, count, bytes int) {
	if from >= l.n {
		return nil, 0, 0
	}
	for k := l.slabOf(from); k < len(l.slabs) && count < limit; k++ {
		s := l.slabs[k]
		start := int(max(from, s.first) - s.first)
		i := start
		for ; i < len(s.ends) && count < limit; i++ {
			_, key, data := s.record(i)
			if count > 0 && bytes+len(key)+len(data) > maxBytes {
				limit = count
				break
			}
			bytes += len(key) + len(data)
			count++
		}
		segments = append(segments, s.cut(start, i))
	}
	return segments, count, bytes
}

// record reads the i-th record of the segment.
func (s *segment) record(i int) (ms int64, key, data []byte) {
	from := uint32(0)
	if i > 0 {
		from = s.ends[i-1]
	}
	b := s.bytes[from:s.ends[i]:s.ends[i]]
	ms = int64(binary.BigEndian.Uint64(b))
	n, w := binary.Uvarint(b[8:])
	b = b[8+w:]
	return ms, b[:n:n], b[n:]
}

// cut is the part of the segment from record i up to, not including, record j.
func (s *segment) cut(i, j int) segment {
	if i == 0 {
		return segment{s.bytes, s.ends[:j:j]}
	}
	from := s.ends[i-1]
	ends := make([]uint32, j-i)
	for k := range ends {
		ends[k] = s.ends[i+k] - from
	}
	return segment{s.bytes[from:], ends}
}
