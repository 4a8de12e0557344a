package parquet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/format"

	"standpipe/internal/parquetread"
)

// TestDeltaWhereItPays looks at what columns of access logs are stored by, and that pages of version 1 have what every
// reader knows.
func TestDeltaWhereItPays(t *testing.T) {
	unlessRaced(t)
	columns := append(slices.Clone(accessLogColumns), Column{Name: "page", Type: "string"}, Column{Name: "noise", Type: "bigint"}, Column{Name: "day", Type: "int"})
	delta := []format.Encoding{format.DeltaBinaryPacked, format.DeltaByteArray, format.DeltaLengthByteArray}
	for name, c := range map[string]struct {
		layout FileOptions
		want   map[string]format.Encoding
	}{
		"version 1":     {FileOptions{}, map[string]format.Encoding{"requesttime": format.Plain, "ip": format.Plain, "page": format.Plain, "noise": format.Plain}},
		"version 2":     {FileOptions{Version: 2}, map[string]format.Encoding{"requesttime": format.DeltaBinaryPacked, "ip": format.DeltaLengthByteArray, "noise": format.Plain, "httpmethod": format.RLEDictionary}},
		"no dictionary": {FileOptions{Version: 2, NoDictionary: true}, map[string]format.Encoding{"day": format.DeltaBinaryPacked, "httpmethod": format.DeltaByteArray}},
		"sorted":        {FileOptions{Version: 2, SortBy: "page"}, map[string]format.Encoding{"page": format.DeltaByteArray}},
	} {
		f := newFormat(t, columns, Options{}, c.layout)
		var out written
		file := f.NewFile(out.add, nil)
		s, rows := f.Schema().NewShredder(), &Rows{}
		r := rand.New(rand.NewPCG(1, 2))
		for i := range 5000 {
			record := strings.TrimSuffix(string(accessLogAt(r, i)), "}") + fmt.Sprintf(`,"page":"/shop/departments/garden/items/%d","noise":%d,"day":%d}`, r.IntN(1<<30), int64(r.Uint64()), i/100)
			if _, err := s.Append(rows, []byte(record)); err != nil {
				t.Fatal(err)
			}
		}
		want, err := assemble(f.Schema(), rows.Columns, rows.N)
		if err != nil {
			t.Fatal(err)
		}
		if err := file.Append(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		read := open(t, out.bytes())
		for _, chunk := range read.Metadata().RowGroups[0].Columns {
			path := chunk.MetaData.PathInSchema[0]
			if e, named := c.want[path]; named && !slices.Contains(chunk.MetaData.Encoding, e) {
				t.Errorf("%s: %s is stored by %v, want %v", name, path, chunk.MetaData.Encoding, e)
			}
			for _, e := range chunk.MetaData.Encoding {
				if c.layout.Version != 2 && slices.Contains(delta, e) {
					t.Errorf("%s: %s is stored by %v", name, path, e)
				}
			}
		}
		got := contents(t, f.Schema(), read)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the rows differ", name)
		}
		t.Logf("%s: %d bytes", name, len(out.bytes()))
	}
}

// A column of booleans has no dictionary, not even where a file begins with nulls: Arrow's readers refuse such a file, and
// others read nulls.
func TestBooleansHaveNoDictionary(t *testing.T) {
	f := newFormat(t, []Column{{Name: "b", Type: "boolean"}, {Name: "list", Type: "array<boolean>"}, {Name: "i", Type: "int"}}, Options{}, FileOptions{})
	var out written
	file := f.NewFile(out.add, nil)
	for _, record := range []string{`{}`, `{"b":true,"list":[false,true]}`} {
		if err := file.AppendJSON(t.Context(), []byte(record)); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for i, chunk := range open(t, out.bytes()).Metadata().RowGroups[0].Columns {
		if dictionary := slices.Contains(chunk.MetaData.Encoding, format.RLEDictionary); dictionary != (i == 2) {
			t.Errorf("%v is stored by %v", chunk.MetaData.PathInSchema, chunk.MetaData.Encoding)
		}
	}
}

// The first rows of a file choose its encodings, and what comes later may be of another kind: differences that no number
// of the column's width holds, and strings without anything in common.
func TestDifferencesThatNobodyForesaw(t *testing.T) {
	unlessRaced(t)
	columns := []Column{{Name: "a", Type: "bigint"}, {Name: "i", Type: "int"}, {Name: "t", Type: "tinyint"}, {Name: "at", Type: "timestamp"}, {Name: "day", Type: "date"}, {Name: "s", Type: "string"}, {Name: "w", Type: "string"}}
	f := newFormat(t, columns, Options{}, FileOptions{Version: 2, NoDictionary: true})
	var out written
	file := f.NewFile(out.add, nil)
	s, rows := f.Schema().NewShredder(), &Rows{}
	var a []int64
	var text []string
	add := func(bigint, integer, tiny, at int64, day, word, wide string) {
		a, text = append(a, bigint), append(text, word)
		if _, err := s.Append(rows, fmt.Appendf(nil, `{"a":%d,"i":%d,"t":%d,"at":%d,"day":"%s","s":"%s","w":"%s"}`, bigint, integer, tiny, at, day, word, wide)); err != nil {
			t.Fatal(err)
		}
		if rows.N == 500 {
			if err := file.Append(t.Context(), rows); err != nil {
				t.Fatal(err)
			}
			rows.Reset()
		}
	}
	for i := range int64(5000) {
		add(i, i, i%100, 1_700_000_000+i, "2026-01-01", fmt.Sprint("/shop/departments/garden/items/", i), fmt.Sprintf("%08d-%016x", i*7919, i*i*2654435761))
	}
	for i := range 5000 {
		if word := strings.Repeat("x", i%3*i); i%2 == 0 {
			add(math.MinInt64, math.MinInt32, -128, -9e15, "0000-01-01", word, "")
		} else {
			add(math.MaxInt64, math.MaxInt32, 127, 9e15, "9999-12-31", "é"+word, word)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	read := open(t, out.bytes())
	chosen := map[string][]format.Encoding{}
	for _, chunk := range read.Metadata().RowGroups[0].Columns {
		chosen[chunk.MetaData.PathInSchema[0]] = chunk.MetaData.Encoding
	}
	if !slices.Contains(chosen["a"], format.DeltaBinaryPacked) || !slices.Contains(chosen["i"], format.DeltaBinaryPacked) || !slices.Contains(chosen["s"], format.DeltaByteArray) || !slices.Contains(chosen["w"], format.DeltaLengthByteArray) {
		t.Errorf("stored by %v", chosen)
	}
	n, got, err := parquetread.Columns(out.bytes())
	if err != nil || n != 10_000 {
		t.Fatal(n, err)
	}
	for i, want := range a {
		if got[0].Values[i] != want || got[5].Values[i] != text[i] {
			t.Fatalf("row %d: %v, %.50v", i, got[0].Values[i], got[5].Values[i])
		}
	}
	if all := contents(t, f.Schema(), read); len(all) != 10_000 || !strings.Contains(all[5000], "-9223372036854775808") || !strings.Contains(all[9999], "9223372036854775807") {
		t.Errorf("%d rows", len(all))
	}
}
