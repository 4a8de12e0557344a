package parquet

import (
	"bytes"
	le "encoding/binary"
	"fmt"
	"io"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"standpipe/internal/parquetread"
)

// checkStranger reads a file by xitongsys/parquet-go, as verify does and as a whole, and compares every value of every
// column and its levels with what parquet-go reads.
func checkStranger(t *testing.T, f *pq.File, data []byte) {
	t.Helper()
	n, err := parquetread.Count(int64(len(data)), func(from int64) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data[from:])), nil })
	if err != nil || n != f.NumRows() {
		t.Fatalf("a stranger counts %d rows of %d: %v", n, f.NumRows(), err)
	}
	_, columns, err := parquetread.Columns(data)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range columns {
		k := 0
		for _, group := range f.RowGroups() {
			for _, v := range valuesOf(t, group.ColumnChunks()[i]) {
				if k >= len(c.Values) {
					t.Fatalf("column %v: a stranger reads %d values only", c.Path, k)
				}
				if int(c.Repetitions[k]) != v.RepetitionLevel() || int(c.Definitions[k]) != v.DefinitionLevel() || !sameValue(c.Values[k], v) {
					t.Fatalf("column %v, value %d: a stranger reads %v (%d, %d), want %+v", c.Path, k, c.Values[k], c.Repetitions[k], c.Definitions[k], v)
				}
				k++
			}
		}
		if k != len(c.Values) {
			t.Fatalf("column %v: a stranger reads %d values, want %d", c.Path, len(c.Values), k)
		}
	}
}

func sameValue(got any, want pq.Value) bool {
	switch {
	case want.IsNull():
		return got == nil
	case want.Kind() == pq.ByteArray || want.Kind() == pq.FixedLenByteArray:
		return got == string(want.ByteArray())
	case want.Kind() == pq.Int96:
		var b []byte
		for _, word := range want.Int96() {
			b = le.LittleEndian.AppendUint32(b, word)
		}
		return got == string(b)
	case want.Kind() == pq.Boolean:
		return got == want.Boolean()
	case want.Kind() == pq.Int32:
		return got == want.Int32()
	case want.Kind() == pq.Int64:
		return got == want.Int64()
	case want.Kind() == pq.Float:
		return fmt.Sprint(got) == fmt.Sprint(want.Float())
	}
	return fmt.Sprint(got) == fmt.Sprint(want.Double())
}
