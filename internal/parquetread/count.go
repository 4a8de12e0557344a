package parquetread

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/xitongsys/parquet-go/common"
	"github.com/xitongsys/parquet-go/layout"
	"github.com/xitongsys/parquet-go/parquet"
	"github.com/xitongsys/parquet-go/reader"
)

// What Count takes for the numbers of a file that Standpipe has written; beyond it they are damage, and would cost memory.
const (
	maxFooter = 64 << 20
	maxPage   = 256 << 20 // a page ends when it has parquet.page_size, 64 MiB at most, and the record that it is in
	maxValues = 16 << 20  // in a page
)

const magic = "PAR1"

// Count reads every page of every column of a file and gives its rows: each column of each row group has to hold as many
// as the footer says. open gives the file's size bytes from an offset on; it is called once or twice for the footer, and
// once for the file. In memory are the footer and one page at a time, with its values about ten times what they take in
// the file before compression. A panic of the reader is an error.
func Count(size int64, open func(from int64) (io.ReadCloser, error)) (rows int64, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("read Parquet: %v", r)
		}
	}()
	r, err := openFooter(size, open)
	if err != nil {
		return 0, err
	}
	body, err := open(0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	p := &pass{r: r, in: bufio.NewReaderSize(body, 64<<10)}
	for i, group := range r.Footer.RowGroups {
		for _, chunk := range group.Columns {
			if err := p.chunk(chunk.MetaData, group.NumRows); err != nil {
				names := common.StrToPath(r.SchemaHandler.InPathToExPath[inPath(r, chunk.MetaData)])
				return 0, fmt.Errorf("row group %d, column %s: %w", i, strings.Join(names[min(1, len(names)):], "."), err)
			}
		}
		rows += group.NumRows
	}
	if rows != r.Footer.NumRows {
		return 0, fmt.Errorf("the row groups have %d rows, the footer says %d", rows, r.Footer.NumRows)
	}
	return rows, nil
}

// openFooter reads the end of a file.
func openFooter(size int64, open func(from int64) (io.ReadCloser, error)) (*reader.ParquetReader, error) {
	const frame = int64(len(magic)) + 4 // behind the footer: its length and the magic
	if size < frame+int64(len(magic)) {
		return nil, fmt.Errorf("%d bytes are no Parquet file", size)
	}
	for want := min(size, 64<<10); ; {
		tail, err := last(size, want, open)
		if err != nil {
			return nil, err
		}
		if string(tail[want-int64(len(magic)):]) != magic {
			return nil, errors.New("it does not end as a Parquet file does")
		}
		footer := int64(binary.LittleEndian.Uint32(tail[want-frame:]))
		switch {
		case footer > size-frame-int64(len(magic)):
			return nil, fmt.Errorf("the footer is said to have %d bytes, more than the file", footer)
		case footer > maxFooter:
			return nil, fmt.Errorf("the footer has %d bytes, more than the %d that are read", footer, maxFooter)
		case footer+frame > want:
			want = footer + frame
			continue
		}
		r, err := reader.NewParquetColumnReader(&memory{bytes.NewReader(tail), tail}, 1)
		if err != nil {
			return nil, fmt.Errorf("read the footer: %w", err)
		}
		return r, nil
	}
}

// last gives the last n bytes.
func last(size, n int64, open func(from int64) (io.ReadCloser, error)) ([]byte, error) {
	body, err := open(size - n)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	tail := make([]byte, n)
	if _, err := io.ReadFull(body, tail); err != nil {
		return nil, fmt.Errorf("read the last %d bytes: %w", n, err)
	}
	return tail, nil
}

// pass goes through a file from its beginning to its end.
type pass struct {
	r  *reader.ParquetReader
	in *bufio.Reader
	at int64
}

func inPath(r *reader.ParquetReader, m *parquet.ColumnMetaData) string {
	return common.PathToStr(append([]string{r.SchemaHandler.GetRootInName()}, m.PathInSchema...))
}

// chunk reads what a row group has of a column: so many rows.
func (p *pass) chunk(m *parquet.ColumnMetaData, rows int64) error {
	from := m.DataPageOffset
	if m.DictionaryPageOffset != nil {
		from = *m.DictionaryPageOffset
	}
	if from < p.at {
		return fmt.Errorf("it begins at byte %d, within what comes before", from)
	}
	if _, err := io.CopyN(io.Discard, p.in, from-p.at); err != nil {
		return fmt.Errorf("it begins at byte %d: %w", from, err)
	}
	p.at = from
	var dictionary *layout.Page
	var values, seen int64
	for end := from + m.TotalCompressedSize; p.at < end; {
		page, err := p.page(m, end)
		if err != nil {
			return fmt.Errorf("page at byte %d: %w", p.at, err)
		}
		one, n, begun, err := layout.ReadPage(thrift.NewTBufferedTransport(thrift.NewStreamTransportR(bytes.NewReader(page)), len(page)), p.r.SchemaHandler, m)
		if err != nil {
			return fmt.Errorf("page before byte %d: %w", p.at, err)
		}
		if one.Header.GetType() == parquet.PageType_DICTIONARY_PAGE {
			dictionary = one
			continue
		}
		one.Decode(dictionary)
		values, seen = values+n, seen+begun
	}
	if values != m.NumValues || seen != rows {
		return fmt.Errorf("it has %d values in %d rows, the footer says %d in %d", values, seen, m.NumValues, rows)
	}
	return nil
}

// page gives a page's bytes, its header before them.
func (p *pass) page(m *parquet.ColumnMetaData, end int64) ([]byte, error) {
	var whole bytes.Buffer
	h := parquet.NewPageHeader()
	err := h.Read(context.Background(), thrift.NewTCompactProtocolConf(thrift.NewStreamTransportR(io.TeeReader(oneByte{p.in}, &whole)), &thrift.TConfiguration{MaxMessageSize: 1 << 20}))
	if err != nil {
		return nil, fmt.Errorf("read its header: %w", err)
	}
	var values int32
	switch {
	case h.DataPageHeader != nil:
		values = h.DataPageHeader.NumValues
	case h.DataPageHeaderV2 != nil:
		values = h.DataPageHeaderV2.NumValues
	case h.DictionaryPageHeader != nil:
		values = h.DictionaryPageHeader.NumValues
	}
	n := int64(h.CompressedPageSize)
	switch {
	case n < 0 || n > end-p.at-int64(whole.Len()) || h.UncompressedPageSize < 0 || h.UncompressedPageSize > maxPage:
		return nil, fmt.Errorf("it can not have %d bytes, and %d before compression", n, h.UncompressedPageSize)
	case values < 0 || values > maxValues:
		return nil, fmt.Errorf("it can not have %d values", values)
	}
	if _, err := io.CopyN(&whole, p.in, n); err != nil {
		return nil, fmt.Errorf("read its %d bytes: %w", n, err)
	}
	p.at += int64(whole.Len())
	return whole.Bytes(), nil
}

// oneByte keeps the thrift reader, which has a buffer, from taking more than a header.
type oneByte struct{ io.Reader }

func (o oneByte) Read(p []byte) (int, error) {
	return o.Reader.Read(p[:min(1, len(p))])
}
