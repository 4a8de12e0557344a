package dynamofake

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strings"
	"time"
)

// table keeps its items by key, and the keys in the order of their hashes, which is the order of a Scan: as
// on AWS it tells nothing about the keys, and here it is the same in every run.
type table struct {
	name     string
	hashKey  string
	billing  string // "PROVISIONED" or "PAY_PER_REQUEST"
	read     int64  // provisioned units
	write    int64
	created  time.Time
	activeAt time.Time
	rows     map[string]row
	order    []place
	bytes    int
}

type row struct {
	item item
	size int
}

// place is where a key stands in the order of a Scan.
type place struct {
	hash uint64
	key  string
}

func placeOf(key string) place {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	x := h.Sum64()
	x ^= x >> 32 // FNV alone leaves short keys in order
	x *= 0x9e3779b97f4a7c15
	return place{x ^ x>>29, key}
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.hash, b.hash), strings.Compare(a.key, b.key))
}

// put stores an item, or takes the key's item out when it is nil.
func (t *table) put(key string, it item) {
	old, had := t.rows[key]
	t.bytes -= old.size
	at, _ := slices.BinarySearchFunc(t.order, placeOf(key), comparePlaces)
	if it == nil {
		if had {
			delete(t.rows, key)
			t.order = slices.Delete(t.order, at, at+1)
		}
		return
	}
	if !had {
		t.order = slices.Insert(t.order, at, placeOf(key))
	}
	r := row{it, itemSize(it)}
	t.rows[key] = r
	t.bytes += r.size
}

// key takes the key out of an item or, when exact, out of a Key, which has no other attribute.
func (t *table) key(it item, exact bool) (string, error) {
	v, ok := it[t.hashKey]
	switch {
	case exact && (!ok || len(it) != 1 || v.kind != kindS):
		return "", invalid("The provided key element does not match the schema")
	case !ok:
		return "", invalid("One or more parameter values were invalid: Missing the key %s in the item", t.hashKey)
	case v.kind != kindS:
		return "", invalid("One or more parameter values were invalid: Type mismatch for key %s expected: S actual: %s", t.hashKey, v.kind)
	case v.s == "":
		return "", invalid("One or more parameter values are not valid. The AttributeValue for a key attribute "+
			"cannot contain an empty string value. Key: %s", t.hashKey)
	case len(v.s) > maxKeyBytes:
		return "", invalid("One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes")
	}
	return v.s, nil
}

// table finds a table that is ready for reads and writes.
func (s *Server) table(name string) (*table, error) {
	if err := checkTableName(name); err != nil {
		return nil, err
	}
	t := s.tables[name]
	if t == nil || s.now().Before(t.activeAt) {
		return nil, unknownTable()
	}
	return t, nil
}

func checkTableName(name string) error {
	if len(name) >= 3 && len(name) <= 255 && strings.Trim(name,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == "" {
		return nil
	}
	return invalid("Invalid table/index name.  Table/index names must be between 3 and 255 characters long, " +
		"and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'")
}
