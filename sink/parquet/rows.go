package parquet

import (
	"unsafe"

	pq "github.com/parquet-go/parquet-go"
)

// Rows holds records as Parquet values, column by column, with repetition and definition levels set. The zero value is
// empty and takes the rows of one schema. It is for one goroutine. The bytes of strings lie in memory of the Rows: values
// are valid until Reset, and no record is kept.
type Rows struct {
	Columns [][]pq.Value // one per leaf column of the schema, in its order
	N       int          // complete rows in each column
	Bytes   int64        // of memory in use by the values and their bytes, without what is only reserved

	marks []int // lengths of Columns after the last whole record
	mark  arenaMark
	bytes arena
}

// valueSize is what a value takes beside its bytes.
const valueSize = int64(unsafe.Sizeof(pq.Value{}))

// keptValues is how many values a column may have room for after Reset: more than rows have at once, but for a record
// that makes a great many.
const keptValues = 1 << 17

// Reset empties the rows and keeps their memory for the next ones, but for that of single values above 64 KiB and of
// columns that had grown far.
func (r *Rows) Reset() {
	dropped := r.bytes.reset()
	for i, column := range r.Columns {
		if cap(column) > keptValues {
			column = nil
		} else if dropped {
			clear(column) // they would keep what was dropped
		}
		r.Columns[i], r.marks[i] = column[:0], 0
	}
	r.N, r.Bytes, r.mark = 0, 0, arenaMark{}
}

// start readies the rows for a record of so many columns.
func (r *Rows) start(columns int) {
	if len(r.Columns) != columns {
		if r.N > 0 {
			panic("parquet: rows of one schema appended to those of another")
		}
		r.Columns, r.marks = make([][]pq.Value, columns), make([]int, columns)
	}
}

// keep makes what was appended since the last keep part of the rows.
func (r *Rows) keep(n int) {
	values := 0
	for i, column := range r.Columns {
		values += len(column) - r.marks[i]
		r.marks[i] = len(column)
	}
	now := r.bytes.mark()
	r.Bytes += int64(values)*valueSize + now.used - r.mark.used
	r.mark = now
	r.N += n
}

// undo forgets what was appended since the last keep.
func (r *Rows) undo() {
	for i, column := range r.Columns {
		r.Columns[i] = column[:r.marks[i]]
	}
	r.bytes.rollback(r.mark)
}
