package parquet

import (
	"math"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
)

// sampled is how many values of a column are looked at to judge a dictionary.
const sampled = 4096

// encodings chooses how each column is stored, by the first rows of a file. A dictionary that grows beyond
// dictionaryBytes is given up by the writer, so that a wrong choice costs a page a row group and no more.
func (f *Format) encodings(rows *Rows) []encoding.Encoding {
	chosen := make([]encoding.Encoding, len(rows.Columns))
	for i, column := range rows.Columns {
		chosen[i] = &pq.Plain
		switch {
		case f.kinds[i] == pq.Boolean: // a bit is less than an index, and most readers know no dictionary of booleans
		case !f.options.NoDictionary && pays(column):
			chosen[i] = &pq.RLEDictionary
		case f.options.Version == 2:
			chosen[i] = delta(column, len(f.sort) > 0 && f.sort[0].leaf == i)
		}
	}
	return chosen
}

// paidBack is after how many values a dictionary has to have made good what it takes itself.
const paidBack = 1 << 16

// pays says whether a column is worth a dictionary: whether all the values that there seem to be fit into one, and are
// so few that their indexes save more than the dictionary takes. How many there are follows from how often one comes
// twice. Of n values drawn from N that are equally frequent, about n²/2N are repetitions.
func pays(values []pq.Value) bool {
	seen := make(map[string]struct{})
	var n, bytes float64
	var kind pq.Kind
	var key []byte
	for _, v := range values {
		if v.IsNull() {
			continue
		}
		kind = v.Kind()
		key = v.AppendBytes(key[:0])
		if _, found := seen[string(key)]; !found {
			seen[string(key)] = struct{}{}
		}
		bytes += float64(len(key))
		if n++; n == sampled {
			break
		}
	}
	if n == 0 {
		return true
	}
	repeated := max(n-float64(len(seen)), 0.5)
	distinct, size := max(n*n/2/repeated, float64(len(seen))), bytes/n
	if kind == pq.ByteArray {
		size += 4 // its length
	}
	saved := size - math.Log2(distinct)/8
	return distinct*size <= dictionaryBytes && distinct*size <= saved*paidBack
}
