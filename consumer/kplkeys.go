package consumer

import "math"

// keyTable finds the partition keys in a checked aggregate.
type keyTable struct {
	message []byte
	at      []uint32 // where the field of each key begins
	last    uint64   // the key found last, and its text: records that follow each other often share it
	text    string
}

func newKeyTable(message []byte) keyTable {
	t := keyTable{message: message, last: math.MaxUint64}
	for rest := message; len(rest) > 0; {
		field, next, _ := nextField(rest)
		if field.isBytes(1) {
			t.at = append(t.at, uint32(len(message)-len(rest)))
		}
		rest = next
	}
	return t
}

// key is the one with that index in the table.
func (t *keyTable) key(index uint64) string {
	if index != t.last {
		field, _, _ := nextField(t.message[t.at[index]:])
		t.last, t.text = index, string(field.bytes)
	}
	return t.text
}
