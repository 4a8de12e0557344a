package parquet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"golang.org/x/sync/errgroup"
)

var sortColumns = []Column{
	{Name: "id", Type: "bigint"}, {Name: "word", Type: "string"}, {Name: "small", Type: "tinyint"}, {Name: "flag", Type: "boolean"}, {Name: "f", Type: "float"},
	{Name: "d", Type: "double"}, {Name: "day", Type: "date"}, {Name: "at", Type: "timestamp"}, {Name: "cheap", Type: "decimal(9,2)"}, {Name: "dear", Type: "decimal(30,2)"},
	{Name: "tags", Type: "array<string>"}, {Name: "more", Type: "map<string,struct<a:int>>"},
}

func sortRecord(r *rand.Rand, id int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `{"id":%d`, id)
	some := func(name, value string) {
		if r.IntN(6) > 0 {
			fmt.Fprintf(&b, `,"%s":%s`, name, value)
		}
	}
	some("word", pick(r, `""`, `"a"`, `"ab"`, `"ä"`, `"Z"`, `"`+strings.Repeat("w", r.IntN(100))+`"`))
	some("small", fmt.Sprint(r.IntN(5)-2))
	some("flag", pick(r, "true", "false"))
	some("f", fmt.Sprint(r.IntN(7)-3)+".5")
	some("d", fmt.Sprint(r.NormFloat64()))
	some("day", fmt.Sprintf(`"19%02d-01-01"`, r.IntN(100)))
	some("at", fmt.Sprintf(`"19%02d-01-01T00:00:00Z"`, r.IntN(100)))
	some("cheap", fmt.Sprint(r.IntN(9)-4))
	some("dear", fmt.Sprint(r.IntN(9)-4))
	some("tags", pick(r, `[]`, `["x"]`, `["x",null,"y"]`))
	some("more", pick(r, `{}`, `{"k":{"a":1},"l":null}`, `{"k":{}}`))
	b.WriteByte('}')
	return []byte(b.String())
}

// TestRowGroupsAreSorted draws keys and rows, writes them from several goroutines, and finds each row once, in order.
func TestRowGroupsAreSorted(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	groups := 0
	for range 8 {
		names := []string{"word", "small", "flag", "f", "d", "day", "at", "cheap", "dear", "id"}
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		var by []string
		for _, n := range names[:1+r.IntN(3)] {
			by = append(by, n+pick(r, "", " asc", " DESC", " desc nulls first", " NULLS LAST", " nulls first"))
		}
		layout := FileOptions{
			SortBy: strings.Join(by, ", "), Codec: pick(r, "snappy", "none"), Version: r.IntN(3), NoDictionary: r.IntN(3) == 0,
			RowGroup: int64(pick(r, 1, 20_000, 1<<20)), Page: pick(r, 1, 500, 1<<20), Groups: 1 + r.IntN(3),
		}
		f := newFormat(t, sortColumns, Options{}, layout)
		var out written
		file := f.NewFile(out.add, nil)
		want := make([][]string, 3)
		var g errgroup.Group
		for worker := range 3 {
			g.Go(func() error {
				s, rows, r := f.Schema().NewShredder(), &Rows{}, rand.New(rand.NewPCG(seed, uint64(worker)))
				for i := range 10 {
					for j := range 50 {
						if _, err := s.Append(rows, sortRecord(r, worker*500+i*50+j)); err != nil {
							return err
						}
					}
					text, err := assemble(f.Schema(), rows.Columns, rows.N)
					if err != nil {
						return err
					}
					want[worker] = append(want[worker], text...)
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
		read := open(t, out.bytes())
		checkBounds(t, read)
		checkOrder(t, layout.SortBy, f, read)
		got := contents(t, f.Schema(), read)
		all := slices.Concat(want...)
		slices.Sort(got)
		slices.Sort(all)
		if !slices.Equal(got, all) {
			t.Fatalf("layout %+v: %d rows, want %d, or they differ", layout, len(got), len(all))
		}
		groups += len(read.RowGroups())
	}
	if groups < 10 {
		t.Errorf("only %d row groups", groups)
	}
}

// checkOrder compares each row with the next one, by the words of the option.
func checkOrder(t *testing.T, by string, f *Format, read *pq.File) {
	t.Helper()
	for g, group := range read.RowGroups() {
		said := read.Metadata().RowGroups[g].SortingColumns
		var columns [][]pq.Value
		for i, key := range strings.Split(by, ", ") {
			words := strings.Fields(strings.ToLower(key))
			leaf, _ := f.Schema().Parquet().Lookup(words[0])
			if want := (format.SortingColumn{ColumnIdx: int32(leaf.ColumnIndex), Descending: slices.Contains(words, "desc"), NullsFirst: slices.Contains(words, "first")}); said[i] != want {
				t.Errorf("%s: the footer says %+v, want %+v", by, said[i], want)
			}
			columns = append(columns, valuesOf(t, group.ColumnChunks()[leaf.ColumnIndex]))
		}
		for row := 1; row < len(columns[0]); row++ {
			for i, values := range columns {
				a, b := values[row-1], values[row]
				if said[i].Descending && !a.IsNull() && !b.IsNull() {
					a, b = b, a
				}
				if said[i].NullsFirst && (a.IsNull() || b.IsNull()) {
					a, b = b, a
				}
				c := 0
				switch {
				case a.IsNull() != b.IsNull() && a.IsNull():
					c = 1
				case a.IsNull() != b.IsNull():
					c = -1
				case !a.IsNull():
					c = compareKind(a.Kind())(a, b)
				}
				if c > 0 {
					t.Fatalf("%s: rows %d and %d of row group %d are %v and %v in column %d", by, row-1, row, g, values[row-1], values[row], i)
				}
				if c < 0 {
					break
				}
			}
		}
	}
}

// valuesOf reads a column that is not nested.
func valuesOf(t *testing.T, chunk pq.ColumnChunk) (all []pq.Value) {
	t.Helper()
	pages := chunk.Pages()
	defer func() { _ = pages.Close() }()
	for {
		page, err := pages.ReadPage()
		if err != nil {
			return all
		}
		values := make([]pq.Value, page.NumValues())
		_, _ = page.Values().ReadValues(values)
		for _, v := range values {
			all = append(all, v.Clone())
		}
		pq.Release(page)
	}
}

// A sorted column's page index says so, and that is what a reader of few values skips by.
func TestPagesOfASortedColumnFollowEachOther(t *testing.T) {
	f := newFormat(t, accessLogColumns, Options{}, FileOptions{SortBy: "user, requesttime desc", Page: 8 << 10, Groups: 1})
	var out written
	file := f.NewFile(out.add, nil)
	s, rows := f.Schema().NewShredder(), &Rows{}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 5000 {
		if _, err := s.Append(rows, accessLogAt(r, i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Append(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	if held := file.Held(); held < 2*rows.Bytes {
		t.Errorf("%d bytes held, of rows that take %d", held, rows.Bytes)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	read := open(t, out.bytes())
	user, _ := f.Schema().Parquet().Lookup("user")
	index := read.ColumnIndexes()[user.ColumnIndex]
	if index.BoundaryOrder != format.Ascending || len(index.MinValues) < 2 {
		t.Errorf("the order of %d pages is %v", len(index.MinValues), index.BoundaryOrder)
	}
}

// TestSortedRowGroupsStayWithinTheirMemory has values that take more than they may.
func TestSortedRowGroupsStayWithinTheirMemory(t *testing.T) {
	const limit = 4 << 20
	f := newFormat(t, accessLogColumns, Options{}, FileOptions{SortBy: "user", Groups: 1, Held: limit})
	file := f.NewFile(func([]byte) {}, nil)
	s, rows := f.Schema().NewShredder(), &Rows{}
	r := rand.New(rand.NewPCG(1, 2))
	most, ended := int64(0), 0
	for i := range 50_000 {
		if _, err := s.Append(rows, accessLogAt(r, i)); err != nil {
			t.Fatal(err)
		}
		if rows.N < 500 {
			continue
		}
		before := file.Held()
		if err := file.Append(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
		rows.Reset()
		if held := file.Held(); held < before {
			ended++
		} else {
			most = max(most, held)
		}
	}
	if most > limit || most < limit/2 || ended < 3 {
		t.Errorf("up to %d bytes held, %d row groups", most, ended)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWhatCanNotBeSortedBy(t *testing.T) {
	for by, want := range map[string]string{
		"nothing":            "column nothing: is not in the schema",
		"tags":               "column tags: is nested; only columns of plain types",
		"id, more":           "column more: is nested",
		"id, word, ID desc":  "column id: is named twice",
		"id down":            `column id: unexpected "down" behind it; there may be ASC or DESC`,
		"id desc nulls":      `unexpected "desc nulls"`,
		"id nulls first asc": `unexpected "nulls first asc"`,
		"id,,word":           "no column stands between two commas",
		"_rest":              "column _rest: is not in the schema",
		"tags.list.element":  "is nested",
	} {
		schema, err := ParseSchema(sortColumns, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var bad *SortError
		if _, err := NewFormat(schema, FileOptions{SortBy: by}); !errors.As(err, &bad) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", by, err, want)
		}
	}
	schema, err := ParseSchema(sortColumns, Options{Timestamps: Int96, Rest: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewFormat(schema, FileOptions{SortBy: "at"}); err == nil || !strings.Contains(err.Error(), "int96 have no order") {
		t.Errorf("%v", err)
	}
	if _, err := NewFormat(schema, FileOptions{SortBy: "`_rest` DESC, Word,"}); err != nil {
		t.Error(err)
	}
}
