package parquet

import (
	"bytes"
	"unicode/utf8"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// boundLength is how many bytes of a string the bounds of row groups and pages have: enough to skip by, and little enough
// that strings of a megabyte do not fill the footer, which stays in memory until the end. Apache's own writer keeps 64 in
// the column index. A bound need not be a value: readers that may take it for one do so only when it is marked as exact.
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift, Statistics
const boundLength = 64

// byteArrays is a type of byte arrays whose pages have short bounds.
type byteArrays struct{ pq.Type }

func (t byteArrays) NewColumnBuffer(column, n int) pq.ColumnBuffer {
	return boundedBuffer{t.Type.NewColumnBuffer(column, n)}
}

func (t byteArrays) NewDictionary(column, n int, data encoding.Values) pq.Dictionary {
	d := t.Type.NewDictionary(column, n, data)
	return dictionary{d, t, func(b pq.ColumnBuffer) pq.ColumnBuffer { return boundedBuffer{b} }}
}

// dictionary is that of a type which overrides what the library does.
type dictionary struct {
	pq.Dictionary
	plain  pq.Type                               // of the values
	buffer func(pq.ColumnBuffer) pq.ColumnBuffer // made of the library's, for indexes
}

func (d dictionary) Type() pq.Type { return indexes{d.Dictionary.Type(), d} }

// indexes is the type of a column that has a dictionary, and of the same column after its dictionary was given up.
type indexes struct {
	pq.Type
	dictionary dictionary
}

func (t indexes) NewColumnIndexer(limit int) pq.ColumnIndexer {
	return t.dictionary.plain.NewColumnIndexer(limit)
}

// NewColumnBuffer is called when the column begins, and when its dictionary has outgrown its limit.
func (t indexes) NewColumnBuffer(column, n int) pq.ColumnBuffer {
	if t.dictionary.Size() > dictionaryBytes {
		return t.dictionary.plain.NewColumnBuffer(column, n)
	}
	return t.dictionary.buffer(t.Type.NewColumnBuffer(column, n))
}

type boundedBuffer struct{ pq.ColumnBuffer }

func (b boundedBuffer) Page() pq.Page          { return boundedPage{b.ColumnBuffer.Page()} }
func (b boundedBuffer) Clone() pq.ColumnBuffer { return boundedBuffer{b.ColumnBuffer.Clone()} }

type boundedPage struct{ pq.Page }

func (p boundedPage) Bounds() (least, most pq.Value, ok bool) {
	least, most, ok = p.Page.Bounds()
	if ok {
		least = pq.ByteArrayValue(lowerBound(least.ByteArray()))
		most = pq.ByteArrayValue(upperBound(most.ByteArray()))
	}
	return least, most, ok
}

// lowerBound gives a short value that is not greater.
func lowerBound(v []byte) []byte {
	if len(v) <= boundLength {
		return v
	}
	return v[:wholeRunes(v)]
}

// upperBound gives a short value that is not less. It is text where the value is.
func upperBound(v []byte) []byte {
	if len(v) <= boundLength {
		return v
	}
	head := v[:wholeRunes(v)]
	if utf8.Valid(head) {
		for rest := head; len(rest) > 0; {
			last, n := utf8.DecodeLastRune(rest)
			rest = rest[:len(rest)-n]
			switch {
			case last == 0xD7FF: // what follows are surrogates
				last = 0xE000
			case last == utf8.MaxRune:
				continue
			default:
				last++
			}
			return utf8.AppendRune(bytes.Clone(rest), last)
		}
	}
	end := boundLength
	for end > 0 && v[end-1] == 0xFF {
		end--
	}
	if end == 0 { // 0xFF alone, which text never has: only something longer is greater
		for end = boundLength; end <= len(v) && v[end-1] == 0xFF; end++ {
		}
	}
	if end > len(v) {
		return v
	}
	more := bytes.Clone(v[:end])
	more[end-1]++
	return more
}

// wholeRunes is how many bytes of a longer value to keep, so that no character is cut.
func wholeRunes(v []byte) int {
	for n := boundLength; n > boundLength-utf8.UTFMax; n-- {
		if utf8.RuneStart(v[n]) {
			return n
		}
	}
	return boundLength
}

// unbounded is a type whose values the writer can not order, or readers do not. Its pages have bounds all the same, since
// the column index has no way to leave them out: the least and the greatest that there can be.
type unbounded struct {
	pq.Type
	least, most []byte
}

func (t unbounded) NewColumnIndexer(int) pq.ColumnIndexer { return &allOrNothing{t: t} }

func (t unbounded) NewDictionary(column, n int, data encoding.Values) pq.Dictionary {
	return dictionary{t.Type.NewDictionary(column, n, data), t, func(b pq.ColumnBuffer) pq.ColumnBuffer { return b }}
}

// unboundedDecimal is of so many bytes, the first of which has the sign.
func unboundedDecimal(t pq.Type) pq.Type {
	least, most := make([]byte, t.Length()), bytes.Repeat([]byte{0xFF}, t.Length())
	least[0], most[0] = 0x80, 0x7F
	return unbounded{t, least, most}
}

// unboundedInt96 has days in the last four bytes, little-endian, and nanoseconds of the day before.
func unboundedInt96(t pq.Type) pq.Type {
	least, most := make([]byte, 12), bytes.Repeat([]byte{0xFF}, 12)
	least[11], most[11] = 0x80, 0x7F
	return unbounded{t, least, most}
}

// allOrNothing tells pages of nulls alone from others.
type allOrNothing struct {
	t     unbounded
	index format.ColumnIndex
}

func (i *allOrNothing) Reset() { i.index = format.ColumnIndex{} }

func (i *allOrNothing) IndexPage(values, nulls int64, _, _ pq.Value) {
	least, most := i.t.least, i.t.most
	if values == nulls {
		least, most = []byte{}, []byte{}
	}
	x := &i.index
	x.NullPages, x.NullCounts = append(x.NullPages, values == nulls), append(x.NullCounts, nulls)
	x.MinValues, x.MaxValues = append(x.MinValues, least), append(x.MaxValues, most)
}

func (i *allOrNothing) ColumnIndex() format.ColumnIndex { return i.index }
