package parquet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"golang.org/x/sync/errgroup"
)

// written is a file in memory, in the pieces it was given in.
type written struct {
	mu     sync.Mutex
	pieces [][]byte
}

func (w *written) add(b []byte) {
	w.mu.Lock()
	w.pieces = append(w.pieces, b)
	w.mu.Unlock()
}

func (w *written) bytes() []byte { return bytes.Join(w.pieces, nil) }

func newFormat(t testing.TB, columns []Column, options Options, layout FileOptions) *Format {
	t.Helper()
	schema, err := ParseSchema(columns, options)
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewFormat(schema, layout)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func open(t testing.TB, data []byte) *pq.File {
	t.Helper()
	f, err := pq.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// contents reads every row of a file, as assemble writes it.
func contents(t testing.TB, schema *Schema, f *pq.File) (all []string) {
	t.Helper()
	for _, group := range f.RowGroups() {
		columns := make([][]pq.Value, schema.root.end)
		rows := group.Rows()
		buffer := make([]pq.Row, 100)
		for {
			n, err := rows.ReadRows(buffer)
			for _, row := range buffer[:n] {
				for _, v := range row {
					columns[v.Column()] = append(columns[v.Column()], v.Clone())
				}
			}
			if err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		_ = rows.Close()
		got, err := assemble(schema, columns, int(group.NumRows()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, got...)
	}
	return all
}

// TestManyGoroutinesWriteOneFile writes random schemas with every layout, from several goroutines and in many row
// groups, and finds each row once.
func TestManyGoroutinesWriteOneFile(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	groups := 0
	for i := range 12 {
		options := randomOptions(r)
		layout := FileOptions{
			Codec: pick(r, "snappy", "zstd", "gzip", "none"), Version: r.IntN(3), NoDictionary: r.IntN(3) == 0,
			RowGroup: int64(pick(r, 1, 10_000, 1<<20)), Page: pick(r, 1, 500, 1<<20), Groups: 1 + r.IntN(3),
		}
		f := newFormat(t, randomColumns(r, options.Strict), options, layout)
		var out written
		file := f.NewFile(out.add, map[string]string{MetaBatch: "b-1"})
		var mu sync.Mutex
		var want []string
		var g errgroup.Group
		for worker := range uint64(3) {
			g.Go(func() error {
				s, rows := f.Schema().NewShredder(), &Rows{}
				w := &writer{rand.New(rand.NewPCG(seed, worker)), f.Schema(), 0}
				for range 10 {
					for range 1 + w.IntN(20) {
						_, _ = s.Append(rows, []byte(w.record()))
					}
					text, err := assemble(f.Schema(), rows.Columns, rows.N)
					if err != nil {
						return err
					}
					mu.Lock()
					want = append(want, text...)
					mu.Unlock()
					if err := file.Append(t.Context(), rows); err != nil {
						return err
					}
					rows.Reset()
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if held := file.Held(); held != 0 {
			t.Errorf("%d bytes held after Close", held)
		}
		if len(want) == 0 {
			continue // no record fitted
		}
		read := open(t, out.bytes())
		got := contents(t, f.Schema(), read)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("case %d, layout %+v: %d rows, want %d, or they differ", i, layout, len(got), len(want))
		}
		if batch, _ := read.Lookup(MetaBatch); batch != "b-1" {
			t.Errorf("batch %q in the footer", batch)
		}
		checkBounds(t, read)
		checkStranger(t, read, out.bytes())
		groups += len(read.RowGroups())
	}
	if groups < 20 {
		t.Errorf("only %d row groups", groups)
	}
}

// TestLayout looks at a file of access logs: what ends row groups and pages, which columns have dictionaries, and what
// a reader can skip by.
func TestLayout(t *testing.T) {
	unlessRaced(t)
	f := newFormat(t, accessLogColumns, Options{}, FileOptions{RowGroup: 8 << 20})
	var out written
	file := f.NewFile(out.add, map[string]string{MetaVersion: "1.2.3"})
	s, rows := f.Schema().NewShredder(), &Rows{}
	r := rand.New(rand.NewPCG(1, 2))
	const records = 120_000
	raw := 0
	for i := range records {
		record := accessLogAt(r, i)
		raw += len(record)
		if _, err := s.Append(rows, record); err != nil {
			t.Fatal(err)
		}
		if rows.N == 1000 {
			if err := file.Append(t.Context(), rows); err != nil {
				t.Fatal(err)
			}
			rows.Reset()
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	read := open(t, out.bytes())
	if n := read.NumRows(); n != records {
		t.Fatalf("%d rows", n)
	}
	if by := read.Metadata().CreatedBy; !strings.HasPrefix(by, "standpipe version 1.2.3") {
		t.Errorf("created by %q", by)
	}
	if n := len(read.RowGroups()); n < 2 || n > 4 {
		t.Errorf("%d row groups", n)
	}
	for _, group := range read.Metadata().RowGroups {
		for _, c := range group.Columns {
			name := strings.Join(c.MetaData.PathInSchema, ".")
			dictionary := c.MetaData.DictionaryPageOffset != 0
			if want := !slices.Contains([]string{"requestid", "ip", "requesttime"}, name); dictionary != want {
				t.Errorf("%s: dictionary %v", name, dictionary)
			}
			if c.ColumnIndexOffset == 0 || c.OffsetIndexOffset == 0 || c.MetaData.Statistics.MinValue == nil {
				t.Errorf("%s has no page index or statistics", name)
			}
		}
	}
	index := read.OffsetIndexes()[0]
	for i, p := range index.PageLocations[1:] {
		if n := p.FirstRowIndex - index.PageLocations[i].FirstRowIndex; n > pageRows+1000 {
			t.Errorf("a page of %d rows", n)
		}
	}
	t.Logf("%d bytes of JSON, %d of Parquet, %.2f", raw, len(out.bytes()), float64(raw)/float64(len(out.bytes())))
}

// An engine that trusts wrong bounds leaves out rows: what the writer can not order has none.
func TestBoundsOfDecimals(t *testing.T) {
	columns := []Column{{Name: "small", Type: "decimal(9,2)"}, {Name: "large", Type: "decimal(30,2)"}, {Name: "largest", Type: "decimal(38,2)"}}
	f := newFormat(t, columns, Options{}, FileOptions{})
	var out written
	file := f.NewFile(out.add, nil)
	s, rows := f.Schema().NewShredder(), &Rows{}
	for _, v := range []string{"-700", "-5", "1", "3"} {
		if _, err := s.Append(rows, fmt.Appendf(nil, `{"small": %s, "large": %s, "largest": %s}`, v, v, v)); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Append(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for i, c := range open(t, out.bytes()).Metadata().RowGroups[0].Columns {
		if bounded := c.MetaData.Statistics.MinValue != nil; bounded != (i == 0) {
			t.Errorf("%s has bounds: %v", columns[i].Name, bounded)
		}
	}
}

func accessLogAt(r *rand.Rand, i int) []byte {
	return fmt.Appendf(nil, `{"requestId": "%08x-%04x-%04x-%04x-%012x", "ip": "%d.%d.%d.%d", "user": "user-%d", "requestTime": %d, `+
		`"httpMethod": "%s", "resourcePath": "/random/%s", "status": %d, "protocol": "HTTP/1.1", "responseLength": %d}`,
		r.Uint32(), r.IntN(1<<16), r.IntN(1<<16), r.IntN(1<<16), r.Uint64()>>16, r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(5000),
		1675146135164+int64(i)*100+r.Int64N(50), pick(r, "GET", "GET", "GET", "POST", "PUT"), pick(r, "strings", "numbers", "items", "users"),
		pick(r, 200, 200, 200, 200, 204, 404, 500), r.IntN(3000))
}

// TestFileOfNoRowsHasNoBytes is why an object without rows is no object.
func TestFileOfNoRowsHasNoBytes(t *testing.T) {
	f := newFormat(t, accessLogColumns, Options{}, FileOptions{})
	var out written
	file := f.NewFile(out.add, nil)
	if err := file.Append(t.Context(), &Rows{}); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil || len(out.bytes()) > 0 {
		t.Errorf("%d bytes, error %v", len(out.bytes()), err)
	}
}

// TestAppendGivesUpWithItsContext waits for a row group that never comes free.
// Records that are kept as JSON until there is a file may make far more values than one of them may, and become rows in
// pieces.
func TestRecordsThatWaitBecomeRowsInPieces(t *testing.T) {
	var columns []Column
	for i := range 100 {
		columns = append(columns, Column{Name: fmt.Sprint("c", i), Type: "int"})
	}
	f := newFormat(t, columns, Options{}, FileOptions{})
	w := &written{}
	file := f.NewFile(w.add, nil)
	const n = 2*maxValues/100 + 1
	if err := file.AppendJSON(t.Context(), []byte(strings.Repeat(" {}\n", n)+`{"c7":1}`)); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if got := open(t, w.bytes()); got.NumRows() != n+1 {
		t.Errorf("%d rows, want %d", got.NumRows(), n+1)
	}
	for _, r := range []any{f.rows.Get(), f.rows.Get()} {
		if r, ok := r.(*Rows); ok && len(r.Columns) > 0 && cap(r.Columns[0])*100 > 2*piece/int(valueSize) {
			t.Errorf("room for %d rows was needed", cap(r.Columns[0]))
		}
	}
	if err := f.NewFile(w.add, nil).AppendJSON(t.Context(), []byte(`{}{"c1":"x"}`)); err == nil {
		t.Error("a record that does not fit was taken")
	}
}

func TestAppendGivesUpWithItsContext(t *testing.T) {
	f := newFormat(t, accessLogColumns, Options{}, FileOptions{Groups: 1})
	file := f.NewFile(func([]byte) {}, nil)
	rows := &Rows{}
	if _, err := f.Schema().NewShredder().Append(rows, []byte(accessLog)); err != nil {
		t.Fatal(err)
	}
	if _, err := file.take(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := file.Append(ctx, rows); err != context.Canceled {
		t.Errorf("error %v", err)
	}
}

// TestBadLayouts names what is wrong with each.
func TestBadLayouts(t *testing.T) {
	schema, err := ParseSchema(accessLogColumns, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]FileOptions{
		"no codec lz4":      {Codec: "lz4"},
		"no level 10":       {Codec: "gzip", Level: 10},
		"no level 1":        {Level: 1},
		"not 3":             {Version: 3},
		"can not be negati": {Page: -1},
	} {
		if _, err := NewFormat(schema, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// A table of a thousand columns has row groups of more than a few rows, although its buffers alone take what a row group
// may take by default.
func TestRowGroupsOfWideTables(t *testing.T) {
	var columns []Column
	for i := range 1000 {
		columns = append(columns, Column{Name: fmt.Sprint("c", i), Type: "int"})
	}
	f := newFormat(t, columns, Options{}, FileOptions{Held: 16 << 20})
	w := &written{}
	file := f.NewFile(w.add, nil)
	rows, s := f.NewRows(), f.Schema().NewShredder()
	for i := range 2000 {
		if _, err := s.Append(rows, fmt.Appendf(nil, `{"c%d":%d}`, i%1000, i)); err != nil {
			t.Fatal(err)
		}
		if rows.Bytes >= 1<<20 {
			if err := file.Append(t.Context(), rows); err != nil {
				t.Fatal(err)
			}
			rows.Reset()
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if got := open(t, w.bytes()); len(got.RowGroups()) > 4 {
		t.Errorf("%d row groups of %d rows", len(got.RowGroups()), got.NumRows())
	}
}
