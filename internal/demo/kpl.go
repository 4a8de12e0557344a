package demo

import (
	"crypto/md5"

	"google.golang.org/protobuf/encoding/protowire"
)

const kplMagic = "\xf3\x89\x9a\xc2"

// aggregate is a KPL aggregate of records under one partition key, as in
// https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md.
func aggregate(key string, records [][]byte) []byte {
	b := protowire.AppendTag(nil, 1, protowire.BytesType) // partition_key_table
	b = protowire.AppendString(b, key)
	for _, data := range records {
		r := protowire.AppendTag(nil, 1, protowire.VarintType) // partition_key_index
		r = protowire.AppendVarint(r, 0)
		r = protowire.AppendTag(r, 3, protowire.BytesType) // data
		r = protowire.AppendBytes(r, data)
		b = protowire.AppendTag(b, 3, protowire.BytesType) // records
		b = protowire.AppendBytes(b, r)
	}
	return seal(b)
}

// seal frames any bytes as the KPL frames its message: magic number, message, MD5.
func seal(message []byte) []byte {
	sum := md5.Sum(message)
	return append(append([]byte(kplMagic), message...), sum[:]...)
}
