package parquetread

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xitongsys/parquet-go/common"
	"github.com/xitongsys/parquet-go/reader"
	"github.com/xitongsys/parquet-go/source"
)

// Column is one leaf column of a file: values in their order, null for none, with their levels.
type Column struct {
	Path        []string // names below the root
	Values      []any    // as the reader has them: int32, int64, float32, float64, bool, or string for all bytes
	Repetitions []int32
	Definitions []int32
}

// Columns reads a whole file. Pages of version 2 and dictionaries are read too; a panic of the reader is an error.
func Columns(data []byte) (rows int64, columns []Column, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("read Parquet: %v", r)
		}
	}()
	r, err := reader.NewParquetColumnReader(&memory{bytes.NewReader(data), data}, 1)
	if err != nil {
		return 0, nil, fmt.Errorf("read Parquet footer: %w", err)
	}
	defer r.ReadStop()
	for i, path := range r.SchemaHandler.ValueColumns {
		// A null is a value here, so that there is one for each row at least; a page more than there is ends the column.
		values, repetitions, definitions, err := r.ReadColumnByIndex(int64(i), r.GetNumRows())
		if err != nil {
			return 0, nil, fmt.Errorf("read Parquet column %s: %w", path, err)
		}
		names := common.StrToPath(r.SchemaHandler.InPathToExPath[path])
		columns = append(columns, Column{names[1:], values, repetitions, definitions})
	}
	return r.GetNumRows(), columns, nil
}

// Lines gives a file's rows as JSON objects, a line each, with the names of the columns. Only files without nested
// columns can be shown so.
func Lines(data []byte) ([]byte, error) {
	n, columns, err := Columns(data)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for i := range n {
		row := make(map[string]any, len(columns))
		for _, c := range columns {
			if len(c.Path) != 1 || int64(len(c.Values)) != n {
				return nil, fmt.Errorf("show Parquet rows: column %s is nested, or has %d values for %d rows", strings.Join(c.Path, "."), len(c.Values), n)
			}
			row[c.Path[0]] = c.Values[i]
		}
		if err := enc.Encode(row); err != nil {
			return nil, fmt.Errorf("show Parquet rows: %w", err)
		}
	}
	return out.Bytes(), nil
}

// memory is a file in memory as the reader wants it.
type memory struct {
	*bytes.Reader
	data []byte
}

var errReadOnly = errors.New("file is only read")

func (m *memory) Write([]byte) (int, error)                 { return 0, errReadOnly }
func (m *memory) Close() error                              { return nil }
func (m *memory) Create(string) (source.ParquetFile, error) { return nil, errReadOnly }
func (m *memory) Open(string) (source.ParquetFile, error) {
	return &memory{bytes.NewReader(m.data), m.data}, nil
}

var _ io.ReadSeekCloser = (*memory)(nil)
