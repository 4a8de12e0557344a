package parquet

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	pq "github.com/parquet-go/parquet-go"
)

// SortError is what is wrong with FileOptions.SortBy, as a sentence that says what to do.
type SortError struct{ Text string }

func (e *SortError) Error() string { return "sort by: " + e.Text }

// sortKey is a column that rows are sorted by.
type sortKey struct {
	leaf       int
	path       []string
	descending bool
	nullsFirst bool
	compare    func(a, b pq.Value) int // of values that are not null
}

// sortKeys reads what stands behind ORDER BY in SQL: columns of plain types, each with ASC or DESC and NULLS FIRST or
// NULLS LAST, which are ASC and NULLS LAST where nothing is said, as in Athena.
func (s *Schema) sortKeys(text string) ([]sortKey, error) {
	var keys []sortKey
	named := map[string]bool{}
	for _, definition := range definitions(text) {
		name, rest := token(strings.TrimSpace(definition))
		name = strings.ToLower(name)
		fail := func(format string, args ...any) ([]sortKey, error) {
			return nil, &SortError{"column " + clip(name, 64) + ": " + fmt.Sprintf(format, args...)}
		}
		if name == "" {
			return nil, &SortError{"no column stands between two commas"}
		}
		if named[name] {
			return fail("is named twice")
		}
		named[name] = true
		k := sortKey{path: []string{name}}
		if !k.direction(strings.Fields(strings.ToUpper(rest))) {
			return fail("unexpected %q behind it; there may be ASC or DESC, then NULLS FIRST or NULLS LAST", clip(strings.TrimSpace(rest), 32))
		}
		leaf, found := s.parquet.Lookup(name)
		switch {
		case !found && (s.has(name) || s.has(strings.SplitN(name, ".", 2)[0])):
			return fail("is nested; only columns of plain types can be sorted by")
		case !found:
			return fail("is not in the schema")
		}
		k.leaf = leaf.ColumnIndex
		if k.compare = compareKind(leaf.Node.Type().Kind()); k.compare == nil {
			return fail("timestamps stored as int96 have no order; choose parquet.timestamps micros")
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// direction reads the words behind a column's name.
func (k *sortKey) direction(words []string) bool {
	if len(words) > 0 && (words[0] == "ASC" || words[0] == "DESC") {
		k.descending = words[0] == "DESC"
		words = words[1:]
	}
	if len(words) == 2 && words[0] == "NULLS" && (words[1] == "FIRST" || words[1] == "LAST") {
		k.nullsFirst = words[1] == "FIRST"
		words = nil
	}
	return len(words) == 0
}

// has says whether there is a column of a name in lower case.
func (s *Schema) has(name string) bool {
	for _, c := range s.columns {
		if c.Name == name {
			return true
		}
	}
	return false
}

// compareKind orders values as their column order says; nil where there is none.
func compareKind(k pq.Kind) func(a, b pq.Value) int {
	switch k {
	case pq.Boolean:
		return func(a, b pq.Value) int { return cmp.Compare(bit(a), bit(b)) }
	case pq.Int32:
		return func(a, b pq.Value) int { return cmp.Compare(a.Int32(), b.Int32()) }
	case pq.Int64:
		return func(a, b pq.Value) int { return cmp.Compare(a.Int64(), b.Int64()) }
	case pq.Float:
		return func(a, b pq.Value) int { return cmp.Compare(a.Float(), b.Float()) }
	case pq.Double:
		return func(a, b pq.Value) int { return cmp.Compare(a.Double(), b.Double()) }
	case pq.ByteArray:
		return func(a, b pq.Value) int { return bytes.Compare(a.ByteArray(), b.ByteArray()) }
	case pq.FixedLenByteArray:
		return func(a, b pq.Value) int { return compareDecimals(a.ByteArray(), b.ByteArray()) }
	}
	return nil
}

func bit(v pq.Value) int {
	if v.Boolean() {
		return 1
	}
	return 0
}

// compareDecimals compares big-endian numbers of the same length, the first bit of which is the sign.
func compareDecimals(a, b []byte) int {
	if c := cmp.Compare(int8(a[0]), int8(b[0])); c != 0 {
		return c
	}
	return bytes.Compare(a, b)
}

// rows compares two values of the key's column.
func (k *sortKey) rows(a, b pq.Value) int {
	switch x, y := a.IsNull(), b.IsNull(); {
	case x && y:
		return 0
	case x || y:
		if x == k.nullsFirst {
			return -1
		}
		return 1
	case k.descending:
		return k.compare(b, a)
	}
	return k.compare(a, b)
}

// sorting is the keys as the footer tells them.
func (f *Format) sorting() pq.WriterOption {
	columns := make([]pq.SortingColumn, len(f.sort))
	for i, k := range f.sort {
		if columns[i] = pq.Ascending(k.path...); k.descending {
			columns[i] = pq.Descending(k.path...)
		}
		if k.nullsFirst {
			columns[i] = pq.NullsFirst(columns[i])
		}
	}
	return pq.SortingWriterConfig(pq.SortingColumns(columns...))
}
