package consumer

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"standpipe/sink"
)

// A KPL aggregate is aggregateMagic, a protobuf message and the MD5 digest of that message, as laid down in
// https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md:
//
//	message AggregatedRecord {
//	  repeated string partition_key_table = 1;
//	  repeated string explicit_hash_key_table = 2;
//	  repeated Record records = 3;
//	}
//	message Record {
//	  required uint64 partition_key_index = 1;
//	  optional uint64 explicit_hash_key_index = 2;
//	  required bytes data = 3;
//	  repeated Tag tags = 4;
//	}
//	message Tag {
//	  required string key = 1;
//	  optional string value = 2;
//	}
const aggregateMagic = "\xf3\x89\x9a\xc2"

// deaggregate yields the user records in one Kinesis record's data, until yield returns false; more tells whether it
// never did.
//
// Data that is no KPL aggregate (no magic number, too short, wrong digest) is one user record. An aggregate becomes its
// user records in order, numbered by SubSequence from 0; their Data alias data, and an aggregate within is not opened.
// An aggregate whose digest is right but which can not be decoded becomes one record with all of data and a Failure.
//
// outOfRange counts user records whose hash key is outside hashRange, the range of the shard they were read from. They
// are left out if dropOutOfRange is set, and numbered all the same. A record counts as inside, since one is only dropped
// on proof, where hashRange is nil, where its explicit hash key is no number, and where partitionKey is empty: then the
// service itself chose the shard, by no hash key (streams with automatic record distribution).
//
// keys gives each user record of an aggregate its own partition key; without it they have none.
//
// An aggregate is checked whole before the first of its records is yielded. deaggregate allocates at most a byte for each
// key in it, and that only for more than 512 keys of a kind: what is yielded is never gathered, since two million empty
// user records fit an aggregate. With keys it allocates four bytes more for each partition key, and one of them at a time.
func deaggregate(data []byte, arrival time.Time, sequence, partitionKey string, hashRange *HashRange, dropOutOfRange, keys bool,
	yield func(sink.Record) bool) (outOfRange int, more bool) {
	whole := sink.Record{Data: data, Arrival: arrival, Sequence: sequence, PartitionKey: partitionKey}
	message, ok := aggregateMessage(data)
	if !ok {
		return 0, yield(whole)
	}
	fault := checkAggregate(message)
	if fault != "" {
		whole.Failure = &sink.Failure{
			Type:    "processing-failed",
			Code:    "Standpipe.BadAggregate",
			Message: "decode KPL aggregate: " + fault,
		}
		return 0, yield(whole)
	}

	if partitionKey == "" {
		hashRange = nil
	}
	var keysInside, hashKeysInside []bool
	if hashRange != nil {
		var keys, hashKeys [512]bool
		keysInside, hashKeysInside = hashRange.judge(message, keys[:0], hashKeys[:0])
	}
	var table keyTable
	if keys {
		table = newKeyTable(message)
	}
	for sub := 0; len(message) > 0; {
		field, rest, _ := nextField(message)
		message = rest
		if !field.isBytes(3) {
			continue
		}
		user, _ := parseUserRecord(field.bytes)
		inside := true
		switch {
		case hashRange == nil:
		case user.hasHashKey:
			inside = hashKeysInside[user.hashKey]
		default:
			inside = keysInside[user.key]
		}
		if !inside {
			outOfRange++
		}
		if inside || !dropOutOfRange {
			rec := sink.Record{Data: user.data, Arrival: arrival, Sequence: sequence, SubSequence: sub}
			if keys {
				rec.PartitionKey = table.key(user.key)
			}
			if !yield(rec) {
				return outOfRange, false
			}
		}
		sub++
	}
	return outOfRange, true
}

// aggregateMessage returns the protobuf message in a KPL aggregate; ok is false for data that is none.
func aggregateMessage(data []byte) (message []byte, ok bool) {
	if len(data) <= len(aggregateMagic)+md5.Size || string(data[:len(aggregateMagic)]) != aggregateMagic {
		return nil, false
	}
	end := len(data) - md5.Size
	message = data[len(aggregateMagic):end]
	return message, md5.Sum(message) == [md5.Size]byte(data[end:])
}

// checkAggregate proves that every user record of an aggregate can be read: fault is empty, or says what is wrong.
func checkAggregate(message []byte) (fault string) {
	var keys, hashKeys, records int
	var topKey, topHashKey uint64 // the highest indexes used: the tables may follow the records
	var hashKeyUsed bool
	for len(message) > 0 {
		field, rest, ok := nextField(message)
		if !ok {
			return "invalid protobuf field in the aggregate"
		}
		message = rest
		switch {
		case field.isBytes(1):
			keys++
		case field.isBytes(2):
			hashKeys++
		case field.isBytes(3):
			user, fault := parseUserRecord(field.bytes)
			if fault != "" {
				return fmt.Sprintf("%s user record %d", fault, records)
			}
			records++
			topKey = max(topKey, user.key)
			if user.hasHashKey {
				hashKeyUsed = true
				topHashKey = max(topHashKey, user.hashKey)
			}
		}
	}
	switch {
	case records == 0:
		return "no user records in the aggregate"
	case topKey >= uint64(keys):
		return fmt.Sprintf("partition key %d named in a table of %d", topKey, keys)
	case hashKeyUsed && topHashKey >= uint64(hashKeys):
		return fmt.Sprintf("explicit hash key %d named in a table of %d", topHashKey, hashKeys)
	}
	return ""
}

type userRecord struct {
	data         []byte
	key, hashKey uint64 // indexes into the tables
	hasHashKey   bool
}

// parseUserRecord reads a Record message; fault is empty, or says what is wrong, to be followed by which record it is.
func parseUserRecord(message []byte) (user userRecord, fault string) {
	var hasKey bool
	for len(message) > 0 {
		field, rest, ok := nextField(message)
		if !ok {
			return user, "invalid protobuf field in"
		}
		message = rest
		switch {
		case field.isVarint(1):
			user.key, hasKey = field.varint, true
		case field.isVarint(2):
			user.hashKey, user.hasHashKey = field.varint, true
		case field.isBytes(3):
			user.data = field.bytes
		case field.isBytes(4):
			if !validTag(field.bytes) {
				return user, "invalid tag in"
			}
		}
	}
	switch {
	case !hasKey:
		return user, "no partition key in"
	case user.data == nil:
		return user, "no data in"
	}
	return user, ""
}

func validTag(message []byte) bool {
	var hasKey bool
	for len(message) > 0 {
		field, rest, ok := nextField(message)
		if !ok {
			return false
		}
		message = rest
		hasKey = hasKey || field.isBytes(1)
	}
	return hasKey
}

// protoField is one field of a protobuf message. A field of an unexpected type is an unknown one, as for any protobuf
// reader.
type protoField struct {
	number protowire.Number
	kind   protowire.Type
	bytes  []byte // of a length-delimited field, never nil, its capacity its length
	varint uint64
}

func (f protoField) isBytes(number protowire.Number) bool {
	return f.number == number && f.kind == protowire.BytesType
}

func (f protoField) isVarint(number protowire.Number) bool {
	return f.number == number && f.kind == protowire.VarintType
}

// nextField splits the first field off a message; ok is false if there is no valid one.
func nextField(message []byte) (field protoField, rest []byte, ok bool) {
	number, kind, n := protowire.ConsumeTag(message)
	if n < 0 || !number.IsValid() {
		return field, nil, false
	}
	message = message[n:]
	field.number, field.kind = number, kind
	switch kind {
	case protowire.BytesType:
		field.bytes, n = protowire.ConsumeBytes(message)
		field.bytes = slices.Clip(field.bytes)
	case protowire.VarintType:
		field.varint, n = protowire.ConsumeVarint(message)
	default:
		n = protowire.ConsumeFieldValue(number, kind, message)
	}
	if n < 0 {
		return field, nil, false
	}
	return field, message[n:], true
}

// HashRange is the inclusive range of 128-bit hash keys that a shard takes, as big-endian numbers.
type HashRange struct{ Start, End [16]byte }

// ParseHashRange reads a range from the decimal strings of Kinesis
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_HashKeyRange.html).
func ParseHashRange(start, end string) (HashRange, error) {
	var r HashRange
	var ok bool
	if r.Start, ok = parseHashKey([]byte(start)); !ok {
		return HashRange{}, fmt.Errorf("parse starting hash key %q: not a decimal number below 2^128", start)
	}
	if r.End, ok = parseHashKey([]byte(end)); !ok {
		return HashRange{}, fmt.Errorf("parse ending hash key %q: not a decimal number below 2^128", end)
	}
	if bytes.Compare(r.Start[:], r.End[:]) > 0 {
		return HashRange{}, fmt.Errorf("parse hash key range: starting hash key %s is above ending hash key %s", start, end)
	}
	return r, nil
}

func (r *HashRange) contains(key [16]byte) bool {
	return bytes.Compare(r.Start[:], key[:]) <= 0 && bytes.Compare(key[:], r.End[:]) <= 0
}

// judge appends to keys and hashKeys, for each entry of a checked aggregate's two tables, whether the range contains it.
func (r *HashRange) judge(message []byte, keys, hashKeys []bool) (keysInside, hashKeysInside []bool) {
	for len(message) > 0 {
		field, rest, _ := nextField(message)
		message = rest
		switch {
		case field.isBytes(1):
			keys = append(keys, r.contains(md5.Sum(field.bytes)))
		case field.isBytes(2):
			key, ok := parseHashKey(field.bytes)
			hashKeys = append(hashKeys, !ok || r.contains(key))
		}
	}
	return keys, hashKeys
}

// parseHashKey reads a decimal number below 2^128.
func parseHashKey(digits []byte) (key [16]byte, ok bool) {
	if len(digits) == 0 {
		return key, false
	}
	var high, low uint64
	for _, digit := range digits {
		if digit < '0' || digit > '9' {
			return key, false
		}
		// high:low = 10 · high:low + digit, refused where a bit leaves the top.
		over, highTen := bits.Mul64(high, 10)
		carry, lowTen := bits.Mul64(low, 10)
		var carry1, carry2 uint64
		low, carry1 = bits.Add64(lowTen, uint64(digit-'0'), 0)
		high, carry2 = bits.Add64(highTen, carry, carry1)
		if over != 0 || carry2 != 0 {
			return key, false
		}
	}
	for i := range 8 {
		key[i] = byte(high >> (56 - 8*i))
		key[8+i] = byte(low >> (56 - 8*i))
	}
	return key, true
}
