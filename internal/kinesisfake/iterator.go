package kinesisfake

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"time"
)

// iterator is what a shard iterator or a ListShards token says: a place in a stream, and when it was given out.
type iterator struct {
	streamID uint64
	position uint64 // index of the record to read next
	issued   time.Time
	shard    uint32
	stream   string
}

const (
	iteratorLife = 5 * time.Minute
	tokenLife    = 300 * time.Second

	kindIterator byte = 1
	kindToken    byte = 2
)

func (it iterator) encode(kind byte) string {
	b := make([]byte, 0, 33+len(it.stream))
	b = append(b, kind)
	b = binary.BigEndian.AppendUint64(b, it.streamID)
	b = binary.BigEndian.AppendUint64(b, it.position)
	b = binary.BigEndian.AppendUint64(b, uint64(it.issued.UnixMilli()))
	b = binary.BigEndian.AppendUint32(b, it.shard)
	b = append(b, it.stream...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return base64.StdEncoding.EncodeToString(b)
}

func decodeIterator(kind byte, text string) (it iterator, ok bool) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) < 33 || b[0] != kind {
		return it, false
	}
	body, sum := b[:len(b)-4], b[len(b)-4:]
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(sum) {
		return it, false
	}
	return iterator{
		streamID: binary.BigEndian.Uint64(body[1:]),
		position: binary.BigEndian.Uint64(body[9:]),
		issued:   time.UnixMilli(int64(binary.BigEndian.Uint64(body[17:]))),
		shard:    binary.BigEndian.Uint32(body[25:]),
		stream:   string(body[29:]),
	}, true
}

func parseIterator(text string) (iterator, bool) { return decodeIterator(kindIterator, text) }

func parseToken(text string) (iterator, bool) { return decodeIterator(kindToken, text) }

type getShardIteratorInput struct {
	target
	ShardId, ShardIteratorType string
	StartingSequenceNumber     *string
	Timestamp                  *epochMillis
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html
func (s *Server) getShardIterator(now time.Time, in *getShardIteratorInput) (any, error) {
	st, err := s.find(now, in.target)
	if err != nil {
		return nil, err
	}
	st.mu.RLock()
	refused := st.usable(now)
	sh := st.shard(in.ShardId, s.cutoff(now))
	st.mu.RUnlock()
	if refused != nil {
		return nil, refused
	}
	if sh == nil {
		return nil, noShard(st.name, in.ShardId)
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if s.opts.Limits.Read {
		if sh.iterators.full(now) {
			return nil, tooFast(st.name, sh.id)
		}
		sh.iterators.count(now)
	}
	position, err := sh.place(now, st.name, in)
	if err != nil {
		return nil, err
	}
	it := iterator{streamID: st.id, position: position, issued: now, shard: sh.num, stream: st.name}
	return struct{ ShardIterator string }{it.encode(kindIterator)}, nil
}

// place is where an iterator starts. Records trimmed later are passed over by GetRecords. The caller holds mu.
func (sh *shard) place(now time.Time, stream string, in *getShardIteratorInput) (uint64, error) {
	kind := in.ShardIteratorType
	bySequence := kind == "AT_SEQUENCE_NUMBER" || kind == "AFTER_SEQUENCE_NUMBER"
	if bySequence != (in.StartingSequenceNumber != nil) {
		with := "no"
		if in.StartingSequenceNumber != nil {
			with = "also a"
		}
		return 0, invalidArgument("Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and "+
			"StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified %s and %s "+
			"StartingSequenceNumber.", kind, with)
	}
	switch kind {
	case "TRIM_HORIZON":
		return 0, nil
	case "LATEST":
		return sh.log.n, nil
	case "AT_TIMESTAMP":
		if in.Timestamp == nil {
			return 0, invalidArgument("Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. " +
				"Current request has no timestamp parameter.")
		}
		if at := int64(*in.Timestamp); at > now.UnixMilli() {
			return 0, invalidArgument("The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "+
				"timestampInMillis: %d, currentTimestampInMillis: %d", at, now.UnixMilli())
		}
		return sh.log.firstAt(0, int64(*in.Timestamp)), nil
	case "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER":
		return sh.placeOf(stream, *in.StartingSequenceNumber, kind == "AFTER_SEQUENCE_NUMBER")
	}
	return 0, validation("shardIteratorType", "'"+kind+"'", "Member must satisfy enum value set: [AFTER_SEQUENCE_NUMBER, "+
		"LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]")
}

func (sh *shard) placeOf(stream, text string, after bool) (uint64, error) {
	seq, ok := parseSequence(text)
	switch {
	case !ok:
		return 0, invalidArgument("StartingSequenceNumber %s used in GetShardIterator on shard %s in stream %s under account "+
			"%s is invalid.", text, sh.id, stream, account)
	case seq.shard != sh.num:
		return 0, invalidArgument("Invalid StartingSequenceNumber. It encodes %s, while it was used in a call to a shard "+
			"with %s", shardID(seq.shard), sh.id)
	case seq.epoch != sh.epoch:
		return 0, invalidArgument("StartingSequenceNumber %s used in GetShardIterator on shard %s in stream %s under account "+
			"%s is invalid because it did not come from this stream.", text, sh.id, stream, account)
	case seq.index == 0: // the shard's own StartingSequenceNumber
		return 0, nil
	case after:
		return min(seq.index, sh.log.n), nil
	}
	return min(seq.index-1, sh.log.n), nil
}
