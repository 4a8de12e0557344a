package kinesistest

import (
	"crypto/md5"

	"google.golang.org/protobuf/encoding/protowire"
)

// UserRecord is one record inside an aggregate.
type UserRecord struct {
	PartitionKey    string
	ExplicitHashKey string // decimal; empty: none
	Data            []byte
}

// The field numbers of the KPL's messages,
// https://github.com/awslabs/kinesis-aggregation/blob/master/protobuf/messages.proto
const (
	aggregateKeys    protowire.Number = 1
	aggregateHashes  protowire.Number = 2
	aggregateRecords protowire.Number = 3

	recordKeyIndex  protowire.Number = 1
	recordHashIndex protowire.Number = 2
	recordData      protowire.Number = 3
)

var kplMagic = []byte{0xf3, 0x89, 0x9a, 0xc2}

// Aggregate is a sound KPL aggregate of the records, in their order. Keys and explicit hash keys that occur several
// times share an entry of the tables, as the KPL does it. Of no records it is a frame around nothing, which the KPL's
// consumers take for a plain record; see Empty.
func Aggregate(records ...UserRecord) []byte { return Seal(body(records)) }

// Empty is a sound aggregate that has a key in its table and no records: nothing is left of it.
func Empty(key string) []byte {
	b := protowire.AppendTag(nil, aggregateKeys, protowire.BytesType)
	return Seal(protowire.AppendString(b, key))
}

// Seal frames body as the KPL frames a message: magic number before it, its MD5 after it. body may be anything.
func Seal(body []byte) []byte {
	sum := md5.Sum(body)
	out := append([]byte(nil), kplMagic...)
	out = append(out, body...)
	return append(out, sum[:]...)
}

// BadMD5 is an aggregate whose checksum does not fit: by the KPL's rules a plain record.
func BadMD5(records ...UserRecord) []byte {
	b := Aggregate(records...)
	b[len(b)-1] ^= 0xff
	return b
}

// Undecodable is a frame with a fitting checksum around bytes that are no protobuf message: a field whose length goes
// beyond the end.
func Undecodable() []byte {
	b := protowire.AppendTag(nil, aggregateRecords, protowire.BytesType)
	b = protowire.AppendVarint(b, 1<<20)
	return Seal(append(b, "short"...))
}

// KeyIndexOutOfRange is an aggregate whose last record names a partition key that the table does not have.
func KeyIndexOutOfRange(records ...UserRecord) []byte {
	return Seal(append(body(records), record(uint64(len(records)+1), -1, []byte("nobody's"))...))
}

// HashIndexOutOfRange is an aggregate whose last record names an explicit hash key that the table does not have. Its
// partition key is the first record's.
func HashIndexOutOfRange(first UserRecord, more ...UserRecord) []byte {
	records := append([]UserRecord{first}, more...)
	return Seal(append(body(records), record(0, len(records)+1, []byte("nowhere's"))...))
}

// WithoutData is an aggregate whose only record lacks the required field data.
func WithoutData(key string) []byte {
	b := protowire.AppendTag(nil, aggregateKeys, protowire.BytesType)
	b = protowire.AppendString(b, key)
	return Seal(append(b, record(0, -1, nil)...))
}

// Nested is an aggregate whose only record is itself an aggregate, depth times, around the records. KPL consumers
// unwrap one level only.
func Nested(depth int, key string, records ...UserRecord) []byte {
	b := Aggregate(records...)
	for range depth {
		b = Aggregate(UserRecord{PartitionKey: key, Data: b})
	}
	return b
}

// body encodes an AggregatedRecord.
func body(records []UserRecord) []byte {
	var keys, hashes table
	var encoded []byte
	for _, r := range records {
		hash := -1
		if r.ExplicitHashKey != "" {
			hash = hashes.index(r.ExplicitHashKey)
		}
		data := r.Data
		if data == nil {
			data = []byte{}
		}
		encoded = append(encoded, record(uint64(keys.index(r.PartitionKey)), hash, data)...)
	}
	b := keys.append(nil, aggregateKeys)
	b = hashes.append(b, aggregateHashes)
	return append(b, encoded...)
}

// record encodes a Record as a field of an AggregatedRecord. hash -1: no explicit hash key; data nil: no data field.
func record(key uint64, hash int, data []byte) []byte {
	b := protowire.AppendTag(nil, recordKeyIndex, protowire.VarintType)
	b = protowire.AppendVarint(b, key)
	if hash >= 0 {
		b = protowire.AppendTag(b, recordHashIndex, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(hash))
	}
	if data != nil {
		b = protowire.AppendTag(b, recordData, protowire.BytesType)
		b = protowire.AppendBytes(b, data)
	}
	out := protowire.AppendTag(nil, aggregateRecords, protowire.BytesType)
	return protowire.AppendBytes(out, b)
}

// table is a list of strings without repetition.
type table struct {
	values []string
	at     map[string]int
}

func (t *table) index(value string) int {
	i, ok := t.at[value]
	if !ok {
		if t.at == nil {
			t.at = map[string]int{}
		}
		i = len(t.values)
		t.at[value] = i
		t.values = append(t.values, value)
	}
	return i
}

func (t *table) append(b []byte, field protowire.Number) []byte {
	for _, v := range t.values {
		b = protowire.AppendTag(b, field, protowire.BytesType)
		b = protowire.AppendString(b, v)
	}
	return b
}
