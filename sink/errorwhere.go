package sink

import (
	"encoding/json"
	"strconv"
)

// appendWhere adds what Firehose has no member for, where there is something to say: which of the records that steps
// made of one it is, the step that it failed and the one behind which its raw data was taken, and the output it does not fit.
func appendWhere(dst []byte, rec *Record, f *Failure) []byte {
	if rec.Part > 0 || rec.RawAfter != "" {
		dst = strconv.AppendInt(append(dst, `,"part":`...), int64(rec.Part), 10)
	}
	dst = appendMember(dst, "step", f.Step)
	dst = appendMember(dst, "rawDataAfter", rec.RawAfter)
	if rec.RawAfter != "" && len(rec.Keys) > 0 { // a step in front may have found them
		dst = appendKeys(append(dst, `,"partitionKeys":`...), rec.Keys)
	}
	return appendMember(dst, "output", f.Output)
}

// keysRoom is how many bytes of partition keys an error record has, names and values. All that a path is made of is less.
const keysRoom = 4 << 10

// appendKeys writes partition keys as an object, by namespace and name as prefixes have them, as far as there is room: each
// of a million records that steps made of one may have the same thousands of keys.
func appendKeys(dst []byte, keys []KeyValue) []byte {
	dst = append(dst, '{')
	for room, first := keysRoom, true; len(keys) > 0; keys = keys[1:] {
		k := keys[0]
		if n := len(k.Name) + len(k.Value); n > room {
			continue
		} else {
			room -= n
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(appendString(dst, string(k.Source)+":"+k.Name), ':')
		dst = appendString(dst, k.Value)
	}
	return append(dst, '}')
}

// appendMember adds a member that has a value.
func appendMember(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(append(append(dst, `,"`...), name...), `":`...)
	return appendString(dst, value)
}

func appendString(dst []byte, s string) []byte {
	b, _ := json.Marshal(s) // a string always encodes
	return append(dst, b...)
}
