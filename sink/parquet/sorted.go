package parquet

import (
	"fmt"
	"slices"

	pq "github.com/parquet-go/parquet-go"
)

// A row group that is sorted is held as values until it ends, and encoded then, column by column.
const (
	sortedRows  = 1024     // that are handed to the writer at once
	sortedBytes = 64 << 10 // and what their bytes may be, so that pages of large strings end in time
)

// take copies the rows of another one of the same schema.
func (r *Rows) take(from *Rows) {
	r.start(len(from.Columns))
	for i, column := range from.Columns {
		for _, v := range column {
			switch v.Kind() {
			case pq.ByteArray:
				v = pq.ByteArrayValue(r.copied(v.ByteArray())).Level(v.RepetitionLevel(), v.DefinitionLevel(), v.Column())
			case pq.FixedLenByteArray:
				v = pq.FixedLenByteArrayValue(r.copied(v.ByteArray())).Level(v.RepetitionLevel(), v.DefinitionLevel(), v.Column())
			}
			r.Columns[i] = append(r.Columns[i], v)
		}
	}
	r.keep(from.N)
}

func (r *Rows) copied(b []byte) []byte {
	to := r.bytes.alloc(len(b))
	copy(to, b)
	return to
}

// order gives the rows' numbers as they are to be written. Rows that the keys do not tell apart stay as they came.
func (f *Format) order(r *Rows) []int32 {
	order := make([]int32, r.N)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		for i := range f.sort {
			k := &f.sort[i]
			if c := k.rows(r.Columns[k.leaf][a], r.Columns[k.leaf][b]); c != 0 {
				return c
			}
		}
		return int(a - b)
	})
	return order
}

// encode writes the rows that a row group holds in their order, and forgets them.
func (f *File) encode(g *rowGroup) error {
	order := f.format.order(&g.rows)
	for i, c := range g.writer.ColumnWriters() {
		if err := writeSorted(c, g.rows.Columns[i], order); err != nil {
			return fmt.Errorf("encode Parquet column %d: %w", i, err)
		}
		g.measure()
	}
	g.rows = Rows{}
	return nil
}

// writeSorted writes a column, whose rows may be several values each.
func writeSorted(c *pq.ColumnWriter, values []pq.Value, order []int32) error {
	starts := rowStarts(values, len(order))
	batch := make([]pq.Value, 0, sortedRows)
	rows, inPage, size := 0, 0, 0
	for n, row := range order {
		from, to := int(row), int(row)+1
		if starts != nil {
			from, to = int(starts[row]), int(starts[row+1])
		}
		for _, v := range values[from:to] {
			if k := v.Kind(); k == pq.ByteArray || k == pq.FixedLenByteArray {
				size += len(v.ByteArray())
			}
			batch = append(batch, v)
		}
		if rows++; rows < sortedRows && size < sortedBytes && len(batch) < sortedRows && n < len(order)-1 {
			continue
		}
		if _, err := c.WriteRowValues(batch); err != nil {
			return err
		}
		inPage += rows
		batch, rows, size = batch[:0], 0, 0
		if inPage >= pageRows {
			inPage = 0
			if err := c.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// rowStarts says where each row begins, with the end behind the last; nil where each is one value.
func rowStarts(values []pq.Value, rows int) []int32 {
	if len(values) == rows {
		return nil
	}
	starts := make([]int32, 0, rows+1)
	for i, v := range values {
		if v.RepetitionLevel() == 0 {
			starts = append(starts, int32(i))
		}
	}
	return append(starts, int32(len(values)))
}
