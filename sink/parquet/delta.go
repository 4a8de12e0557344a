package parquet

import (
	"slices"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
)

// Delta encodings come with data pages of version 2, as Apache's own writer has it, since readers that know the one know
// the other. https://github.com/apache/parquet-format/blob/master/Encodings.md

// mustSave is how much smaller than plain an encoding has to make the first values of a column: small differences are
// gone after compression, and plain values are the fastest to read.
const mustSave = 0.1

// delta chooses the encoding of a column without a dictionary. sorted says that its values will be in order.
func delta(values []pq.Value, sorted bool) encoding.Encoding {
	var sample []pq.Value
	for _, v := range values {
		if v.IsNull() {
			continue
		}
		if sample = append(sample, v); len(sample) == sampled {
			break
		}
	}
	if len(sample) == 0 {
		return &pq.Plain
	}
	kind := sample[0].Kind()
	if compare := compareKind(kind); sorted && compare != nil {
		slices.SortFunc(sample, compare)
	}
	var chosen encoding.Encoding = &pq.Plain
	best := 0.0
	try := func(e encoding.Encoding, size int, err error) {
		if s := float64(size); err == nil && s < best {
			chosen, best = e, s
		}
	}
	switch kind {
	case pq.Int32:
		numbers := make([]int32, len(sample))
		for i, v := range sample {
			numbers[i] = v.Int32()
		}
		best = float64(4*len(numbers)) * (1 - mustSave)
		b, err := pq.DeltaBinaryPacked.EncodeInt32(nil, numbers)
		try(&pq.DeltaBinaryPacked, len(b), err)
	case pq.Int64:
		numbers := make([]int64, len(sample))
		for i, v := range sample {
			numbers[i] = v.Int64()
		}
		best = float64(8*len(numbers)) * (1 - mustSave)
		b, err := pq.DeltaBinaryPacked.EncodeInt64(nil, numbers)
		try(&pq.DeltaBinaryPacked, len(b), err)
	case pq.ByteArray:
		var text []byte
		offsets := []uint32{0}
		for _, v := range sample {
			text = append(text, v.ByteArray()...)
			offsets = append(offsets, uint32(len(text)))
		}
		best = float64(4*len(sample)+len(text)) * (1 - mustSave)
		b, err := pq.DeltaLengthByteArray.EncodeByteArray(nil, text, offsets)
		try(&pq.DeltaLengthByteArray, len(b), err)
		best *= 1 - mustSave // prefixes cost readers more than lengths
		b, err = pq.DeltaByteArray.EncodeByteArray(nil, text, offsets)
		try(&pq.DeltaByteArray, len(b), err)
	}
	return chosen
}
