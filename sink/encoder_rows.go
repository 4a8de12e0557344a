package sink

import (
	"bytes"
	"context"

	"standpipe/internal/jsontext"
	"standpipe/sink/parquet"
)

// rowEncoder makes a Parquet file. The buffers of its columns take some hundred kilobytes from the first row on, so an
// object begins as the records themselves, and only becomes a file when they would take as much, or at its end. What
// was staged so is shredded a second time.
type rowEncoder struct {
	o    *object
	fill []byte        // records before there is a file
	file *parquet.File // nil before
	held int64         // by the file, as counted in the budget
}

var _ encoder = (*rowEncoder)(nil)

func (e *rowEncoder) add(st *staged, all bool) work {
	if e.file == nil && st != nil && int64(len(e.fill))+st.raw < chunkSize {
		before := len(e.fill)
		for _, record := range st.data {
			e.fill = append(append(e.fill, bytes.TrimPrefix(record, []byte(jsontext.ByteOrderMark))...), '\n')
		}
		e.o.hold(int64(len(e.fill) - before))
		st = nil
		if !all {
			return nil
		}
	}
	if st == nil && len(e.fill) == 0 {
		return nil
	}
	if e.file == nil {
		e.file = e.o.format.NewFile(e.push, e.o.about())
	}
	file, fill := e.file, e.fill
	e.fill = nil
	return func(ctx context.Context) error {
		return e.o.s.compute(ctx, func() error {
			defer e.account()
			if len(fill) > 0 {
				defer e.o.hold(-int64(len(fill)))
				if err := file.AppendJSON(ctx, fill); err != nil {
					return err
				}
			}
			if st == nil {
				return nil
			}
			return file.Append(ctx, st.rows)
		})
	}
}

// push takes bytes of the file in their order.
func (e *rowEncoder) push(b []byte) {
	e.o.hold(int64(cap(b)))
	e.o.mu.Lock()
	e.o.push(b)
	e.o.mu.Unlock()
}

// account counts what the file holds now.
func (e *rowEncoder) account() {
	e.o.mu.Lock()
	defer e.o.mu.Unlock()
	now := e.file.Held()
	e.o.hold(now - e.held)
	e.held = now
}

func (e *rowEncoder) end() error {
	defer e.account()
	return e.file.Close()
}
