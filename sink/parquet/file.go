package parquet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	pq "github.com/parquet-go/parquet-go"
)

// File writes one Parquet file. Several goroutines append to it at once: each takes a row group in progress, adds its
// rows and gives it back; a full row group is written, and its bytes leave for the output. A further row group is only
// begun when those in progress are busy and have grown, so that many goroutines do not make small ones. Nothing is a
// file before Close has returned.
type File struct {
	format *Format
	meta   map[string]string
	out    fileOutput
	pool   pagePool

	mu     sync.Mutex
	writer *pq.GenericWriter[any] // nil before the first rows
	groups []*rowGroup
	free   []*rowGroup
	freed  chan struct{} // closed and replaced when a row group is given back
	err    error         // why nothing more can be written

	commit sync.Mutex   // while a row group is written
	footer atomic.Int64 // memory that the row groups written so far take until Close
}

// rowGroup is a row group in progress. Whoever took it has it alone.
type rowGroup struct {
	writer *pq.ConcurrentRowGroupWriter
	size   atomic.Int64 // of the values in it, before encoding
	page   int          // rows since all pages were ended
	held   atomic.Int64 // memory, finished pages included
	rows   Rows         // that wait to be sorted
}

// columnHeld is what a column of a row group takes at least: buffers for values and levels, and an empty dictionary.
const columnHeld = 24 << 10

// footerHeld is what a column of a written row group leaves for the footer, about: its metadata, bounds and page index.
const footerHeld = 1 << 10

// NewFile begins a file. What it consists of is handed to out in pieces that out may keep, from one goroutine at a time.
// meta is stored in the footer. Its pairs and the options are not looked at before the first rows come.
func (f *Format) NewFile(out func([]byte), meta map[string]string) *File {
	file := &File{format: f, meta: meta, freed: make(chan struct{})}
	file.out = fileOutput{file: file, give: out}
	return file
}

// Append adds rows of the file's schema, which may be reset afterwards. It waits while every row group in progress is
// being written to by others. After an error the file can not be completed.
func (f *File) Append(ctx context.Context, rows *Rows) error {
	if rows.N == 0 {
		return nil
	}
	g, err := f.take(ctx, rows)
	if err != nil {
		return err
	}
	err = f.write(g, rows)
	f.give(g, err)
	return err
}

// piece is how many bytes of rows AppendJSON has in memory at once: of a wide table they are many times the JSON.
const piece = 4 << 20

// AppendJSON adds the rows of a record, or of several that stand behind each other without byte order marks. They are
// known to fit.
func (f *File) AppendJSON(ctx context.Context, records []byte) error {
	s, ok := f.format.shred.Get().(*Shredder)
	if !ok {
		s = f.format.schema.NewShredder()
	}
	defer f.format.shred.Put(s)
	rows := f.format.NewRows()
	defer f.format.Free(rows)
	for i := 0; i < len(records); {
		var err error
		if i, err = s.appendUntil(rows, piece, records, i); err != nil {
			return err
		}
		if err := f.Append(ctx, rows); err != nil {
			return err
		}
		rows.Reset()
	}
	return nil
}

// take waits for a row group that nobody else has.
func (f *File) take(ctx context.Context, rows *Rows) (*rowGroup, error) {
	f.mu.Lock()
	for {
		switch {
		case f.err != nil:
			defer f.mu.Unlock()
			return nil, f.err
		case f.writer == nil:
			f.begin(rows)
		}
		if g := f.fullest(); g != nil {
			f.mu.Unlock()
			return g, nil
		}
		if f.mayBegin() {
			g := &rowGroup{writer: f.writer.BeginRowGroup()}
			f.groups = append(f.groups, g)
			f.mu.Unlock()
			return g, nil
		}
		freed := f.freed
		f.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		f.mu.Lock()
	}
}

// fullest takes the free row group that has most, so that it is written soon and the others stay few.
func (f *File) fullest() *rowGroup {
	best := -1
	for i, g := range f.free {
		if best < 0 || g.size.Load() > f.free[best].size.Load() {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	g := f.free[best]
	f.free = append(f.free[:best], f.free[best+1:]...)
	return g
}

func (f *File) mayBegin() bool {
	if len(f.groups) >= f.format.options.Groups {
		return false
	}
	for _, g := range f.groups {
		if g.size.Load() < f.format.options.RowGroup/8 {
			return false
		}
	}
	return true
}

// give hands a row group back.
func (f *File) give(g *rowGroup, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
	f.free = append(f.free, g)
	close(f.freed)
	f.freed = make(chan struct{})
}

// write adds rows to a row group, and writes it when it is full.
func (f *File) write(g *rowGroup, rows *Rows) error {
	size := rows.Bytes
	if len(f.format.sort) > 0 {
		g.rows.take(rows)
	}
	for i, c := range g.writer.ColumnWriters() {
		values := rows.Columns[i]
		size += int64(len(values)) * (f.format.width[i] - valueSize)
		if len(f.format.sort) > 0 {
			continue
		}
		if _, err := c.WriteRowValues(values); err != nil {
			return fmt.Errorf("encode Parquet column %d: %w", i, err)
		}
	}
	size = g.size.Add(size)
	if g.page += rows.N; g.page >= pageRows && g.rows.N == 0 {
		g.page = 0
		if err := g.writer.Flush(); err != nil {
			return fmt.Errorf("encode Parquet pages: %w", err)
		}
	}
	g.measure()
	if size < f.format.options.RowGroup && !f.tooBig(g) {
		return nil
	}
	return f.end(g)
}

// tooBig says whether a row group takes what it may. The buffers of a table of many hundred columns may take that before
// the first row: it then takes half as much on top, since row groups of a few rows help nobody.
func (f *File) tooBig(g *rowGroup) bool {
	most, buffers := f.format.options.Held, g.buffers()
	return most > 0 && g.held.Load()-buffers >= max(most-buffers, most/2)
}

// buffers is what the row group takes without values.
func (g *rowGroup) buffers() int64 { return columnHeld * int64(len(g.writer.ColumnWriters())) }

// measure takes account of the memory in use. Buffers of values grow by doubling.
func (g *rowGroup) measure() {
	g.held.Store(2*(g.rows.Bytes+g.writer.Size()) + g.buffers())
}

// end writes a row group to the output and leaves it empty.
func (f *File) end(g *rowGroup) error {
	if g.rows.N > 0 {
		if err := f.encode(g); err != nil {
			return err
		}
	}
	f.commit.Lock()
	defer f.commit.Unlock()
	if _, err := g.writer.Commit(); err != nil {
		return fmt.Errorf("write Parquet row group: %w", err)
	}
	f.out.flush()
	f.footer.Add(footerHeld * int64(len(g.writer.ColumnWriters())))
	g.size.Store(0)
	g.page = 0
	g.measure()
	return nil
}

// Held is how much memory the file holds, in bytes: values, dictionaries and pages that have not gone to the output, and
// what the footer will say of those that have. It may be called at any time.
func (f *File) Held() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	held := f.footer.Load()
	for _, g := range f.groups {
		held += g.held.Load()
	}
	return held - f.pool.size.Load() // finished pages are counted twice above, but take only what they hold
}

// Close writes what is left and the footer, and lets go of all memory. It is called once, when no Append is under way.
// A file without rows has no bytes at all.
func (f *File) Close() error {
	f.mu.Lock()
	groups, w, err := f.groups, f.writer, f.err
	f.groups, f.free, f.writer = nil, nil, nil
	if f.err == nil {
		f.err = io.ErrClosedPipe
	}
	f.mu.Unlock()
	if w == nil || err != nil {
		return err
	}
	for _, g := range groups {
		if err := f.end(g); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("write Parquet footer: %w", err)
	}
	f.out.flush()
	f.footer.Store(0)
	return nil
}

// begin makes the writer for a file with such rows.
func (f *File) begin(rows *Rows) {
	o := f.format.options
	options := []pq.WriterOption{
		f.format.schema.encoded(f.format.encodings(rows)),
		pq.Compression(f.format.codec),
		pq.DataPageVersion(o.Version),
		pq.DataPageStatistics(false), // the column index has them
		pq.PageBufferSize(o.Page),
		pq.WriteBufferSize(0),
		pq.ColumnPageBuffers(&f.pool),
		pq.DictionaryMaxBytes(dictionaryBytes),
		pq.ColumnIndexSizeLimit(func([]string) int { return 0 }), // bounds are short as they are
		pq.CreatedBy("standpipe", f.meta[MetaVersion], ""),
	}
	for i, path := range f.format.schema.parquet.Columns() {
		if !f.format.bounded[i] {
			options = append(options, pq.SkipPageBounds(path...))
		}
	}
	if len(f.format.sort) > 0 {
		options = append(options, f.format.sorting())
	}
	for k, v := range f.meta {
		options = append(options, pq.KeyValueMetadata(k, v))
	}
	f.writer = pq.NewGenericWriter[any](&f.out, options...)
}

// Keys of the metadata in a file's footer.
const (
	MetaVersion     = "standpipe.version"     // of the program that wrote it; also in the footer's created_by
	MetaApplication = "standpipe.application" // leases.application of the configuration
	MetaBatch       = "standpipe.batch"       // the id that the object's S3 metadata and its journal have
)

// fileOutput takes the bytes of a file in order. Pages are passed on as they are, what lies between them is gathered.
type fileOutput struct {
	file   *File
	give   func([]byte)
	gather bytes.Buffer
}

// Write implements io.Writer.
func (o *fileOutput) Write(b []byte) (int, error) {
	if !o.file.pool.giving {
		return o.gather.Write(b)
	}
	o.flush()
	o.give(b)
	return len(b), nil
}

func (o *fileOutput) flush() {
	if o.gather.Len() > 0 {
		o.give(bytes.Clone(o.gather.Bytes()))
		o.gather.Reset()
	}
}
