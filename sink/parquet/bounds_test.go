package parquet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	pq "github.com/parquet-go/parquet-go"
)

// TestShortBoundsHoldEveryValue cuts texts and bytes of every kind.
func TestShortBoundsHoldEveryValue(t *testing.T) {
	long := func(s string) string { return strings.Repeat(s, 100) }
	cases := []string{
		"", "a", long("a"), long("ä"), "x" + long("ä"), "xy" + long("😀"), "xyz" + long("😀"), long("\U0010FFFF"), long("\uD7FF"), "a" + long("\U0010FFFF"),
		long("\x7F"), long("\xFF"), "a" + long("\xFF"), long("\xFF") + "a" + long("\xFF"), long("\x80"), "a" + long("\x80"), strings.Repeat("b", 64), strings.Repeat("b", 65),
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		b := make([]byte, 60+r.IntN(10))
		for i := range b {
			b[i] = byte(pick(r, 0xFF, 0xFE, 0, 'a', r.IntN(256)))
		}
		cases = append(cases, string(b))
	}
	for _, c := range cases {
		v := []byte(c)
		least, most := lowerBound(v), upperBound(v)
		if bytes.Compare(least, v) > 0 || bytes.Compare(most, v) < 0 || string(v) != c {
			t.Errorf("%q: bounds %q and %q", c, least, most)
		}
		if len(least) > boundLength || len(most) > boundLength+utf8.UTFMax && !strings.HasPrefix(c, strings.Repeat("\xFF", boundLength)) {
			t.Errorf("%q: bounds of %d and %d bytes", c, len(least), len(most))
		}
		if valid := utf8.Valid(v); valid && (!utf8.Valid(least) || !utf8.Valid(most) && !strings.HasPrefix(c, "\U0010FFFF")) {
			t.Errorf("%q: bounds %q and %q are no text", c, least, most)
		}
	}
}

// TestLargeStringsLeaveTheFooterSmall writes strings of a megabyte, in columns with and without a dictionary, each of which
// is a page or a row group: what bounds, footer and page index take of each is little.
func TestLargeStringsLeaveTheFooterSmall(t *testing.T) {
	unlessRaced(t)
	const records, size = 10, 1 << 20
	large := strings.Repeat("z", size)
	for name, layout := range map[string]FileOptions{
		"pages": {Groups: 1}, "row groups": {Groups: 1, RowGroup: 1}, "plain": {Groups: 1, NoDictionary: true, Page: 1, Version: 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFormat(t, []Column{{Name: "kind", Type: "string"}, {Name: "body", Type: "string"}, {Name: "parts", Type: "array<string>"}}, Options{}, layout)
			var out written
			file := f.NewFile(out.add, nil)
			s, rows := f.Schema().NewShredder(), &Rows{}
			add := func(kind, body string) {
				if _, err := s.Append(rows, []byte(`{"kind":"`+kind+`","body":"`+body+`","parts":["`+body+`",null]}`)); err != nil {
					t.Fatal(err)
				}
			}
			for range 100 {
				add("a", "b") // both begin with a dictionary
			}
			for i := range records {
				add("a", fmt.Sprintf("%s%d", large, i))
				if err := file.Append(t.Context(), rows); err != nil {
					t.Fatal(err)
				}
				rows.Reset()
			}
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
			data := out.bytes()
			read := open(t, data)
			md := read.Metadata()
			last := md.RowGroups[len(md.RowGroups)-1].Columns
			pages := last[0].ColumnIndexOffset
			for _, g := range md.RowGroups {
				for _, c := range g.Columns {
					pages = min(pages, c.ColumnIndexOffset)
				}
			}
			if tail := int64(len(data)) - pages; tail > records*1500 {
				t.Errorf("page index and footer take %d bytes for %d row groups", tail, len(md.RowGroups))
			}
			if n := read.NumRows(); n != records+100 {
				t.Errorf("%d rows", n)
			}
			stat := last[1].MetaData.Statistics
			if !strings.HasPrefix(large, string(stat.MaxValue[:50])) || string(stat.MaxValue) <= large[:boundLength] || len(stat.MaxValue) > boundLength {
				t.Errorf("the greatest is said to be %q", stat.MaxValue)
			}
			checkBounds(t, read)
			if got := contents(t, f.Schema(), read); !strings.Contains(got[0], `"b"`) || !strings.Contains(got[records+99], fmt.Sprintf("zzz%d", records-1)) {
				t.Errorf("first and last row are %.80s and %.80s", got[0], got[records+99])
			}
		})
	}
}

// checkBounds compares every value of a file with the bounds of its page and of its row group.
func checkBounds(t testing.TB, f *pq.File) {
	t.Helper()
	for g, group := range f.RowGroups() {
		for c, chunk := range group.ColumnChunks() {
			index, err := chunk.ColumnIndex()
			if err != nil {
				t.Fatal(err)
			}
			stats := f.Metadata().RowGroups[g].Columns[c].MetaData.Statistics
			typ := chunk.Type()
			less := typ.Compare
			if typ.Kind() == pq.FixedLenByteArray {
				less = compareKind(pq.FixedLenByteArray)
			}
			pages := chunk.Pages()
			for p := 0; ; p++ {
				page, err := pages.ReadPage()
				if err != nil {
					if p != index.NumPages() {
						t.Errorf("column %d: %d pages, %d in the index", c, p, index.NumPages())
					}
					break
				}
				values := make([]pq.Value, page.NumValues())
				n, _ := page.Values().ReadValues(values)
				nulls := 0
				for _, v := range values[:n] {
					if v.IsNull() {
						nulls++
						continue
					}
					if index.NullPage(p) || less(v, index.MinValue(p)) < 0 || less(v, index.MaxValue(p)) > 0 {
						t.Fatalf("column %d of row group %d, page %d: %.80v is outside %.80v to %.80v", c, g, p, v, index.MinValue(p), index.MaxValue(p))
					}
					if stats.MinValue != nil && (less(v, typ.Kind().Value(stats.MinValue)) < 0 || less(v, typ.Kind().Value(stats.MaxValue)) > 0) {
						t.Fatalf("column %d of row group %d: %.80v is outside its bounds", c, g, v)
					}
				}
				if int64(nulls) != index.NullCount(p) || index.NullPage(p) != (nulls == n) {
					t.Errorf("column %d, page %d: %d nulls of %d, the index says %d", c, p, nulls, n, index.NullCount(p))
				}
				pq.Release(page)
			}
			_ = pages.Close()
		}
	}
}
