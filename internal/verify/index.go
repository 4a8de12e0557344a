package verify

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// name stands for a bucket and a key in 16 bytes, so that a history of millions of objects fits into memory.
type name [2]uint64

func nameOf(bucket, key string) name {
	sum := sha256.Sum256([]byte(bucket + "\x00" + key))
	return name{binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:])}
}

func (n name) compare(m name) int { return cmp.Or(cmp.Compare(n[0], m[0]), cmp.Compare(n[1], m[1])) }

// entry is an object that a journal lists: 32 bytes.
type entry struct {
	name    name
	size    int64
	journal uint32
	state   state
}

// state says what is known of an entry, and whether it matters.
type state uint8

const (
	wanted state = 1 << iota // its batch has advanced and is of the time asked for: it must be there
	seen                     // it was there, with its size
	judged                   // what is wrong with it has been said
)

// index is the set of all objects that journals list.
type index struct{ entries []entry }

// sort makes find possible and gives those that are listed more than once.
func (x *index) sort() (twice []entry) {
	slices.SortFunc(x.entries, func(a, b entry) int {
		return cmp.Or(a.name.compare(b.name), cmp.Compare(a.journal, b.journal))
	})
	for i := 1; i < len(x.entries); i++ {
		if x.entries[i].name == x.entries[i-1].name {
			twice = append(twice, x.entries[i])
		}
	}
	return twice
}

// find gives all entries of a name.
func (x *index) find(n name) []entry {
	i, found := slices.BinarySearchFunc(x.entries, n, func(e entry, n name) int { return e.name.compare(n) })
	if !found {
		return nil
	}
	end := i + 1
	for end < len(x.entries) && x.entries[end].name == n {
		end++
	}
	return x.entries[i:end]
}
