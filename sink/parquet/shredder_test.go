package parquet

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func mustSchema(t testing.TB, columns string, options string) *Schema {
	t.Helper()
	schema, err := ParseSchema(readColumns(t, columns), readOptions(t, options))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestHostileRecords(t *testing.T) {
	unlessRaced(t)
	million := 1_000_000
	columns := "a array<int>; b array<array<string>>; c string; d struct<e:struct<f:int>>; m map<string,map<string,int>>; n decimal(38,10); t timestamp"
	for _, options := range []string{"-", "strict", "rest"} {
		schema := mustSchema(t, columns, options)
		s, rows := schema.NewShredder(), &Rows{}
		for _, part := range []string{"[", `{"a":`, `[{"d":`, `{"x":[`} {
			for _, column := range []string{"a", "b", "c", "d", "m", "unknown"} {
				record := `{"` + column + `":` + strings.Repeat(part, million/len(part))
				var fault *FitError
				if n, err := s.Append(rows, []byte(record)); !errors.As(err, &fault) || fault.Code != CodeParseError || n != 0 || rows.N != 0 {
					t.Fatalf("%d brackets %s in %s: %d rows, %v", million, part, column, n, err)
				}
			}
		}
		closed := []byte(`{"unknown":` + strings.Repeat("[", million) + strings.Repeat("]", million) + `}`)
		if n, err := s.Append(rows, closed); err != nil || n != 1 {
			t.Fatalf("deep unknown value: %d rows, %v", n, err)
		}
		for _, number := range []string{strings.Repeat("9", million), "0." + strings.Repeat("0", million) + "1", "1e" + strings.Repeat("9", million), "-" + strings.Repeat("1", million) + "e-" + strings.Repeat("9", 50)} {
			for _, column := range []string{"a", "n", "t"} {
				if _, err := s.Append(rows, []byte(`{"`+column+`":`+number+`}`)); err != nil && len(err.Error()) > 500 {
					t.Fatalf("a message of %d bytes", len(err.Error()))
				}
			}
		}
	}
}

// A record of a megabyte that would make a wide table's columns take gigabytes is refused, and costs no such memory.
func TestRecordsOfTooManyValues(t *testing.T) {
	unlessRaced(t)
	var columns []Column
	for i := range 400 {
		columns = append(columns, Column{Name: fmt.Sprint("c", i), Type: "string"})
	}
	fields := "f0:int"
	for i := range 300 {
		fields += fmt.Sprintf(",f%d:int", i+1)
	}
	columns = append(columns, Column{Name: "l", Type: "array<struct<" + fields + ">>"}, Column{Name: "m", Type: "map<string,struct<" + fields + ">>"})
	schema, err := ParseSchema(columns, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var entries []string
	for i := range 50_000 {
		entries = append(entries, fmt.Sprintf(`"%d":{}`, i))
	}
	for name, record := range map[string]string{
		"rows": strings.Repeat("{}", 300_000), "elements": `{"l":[` + strings.Repeat("{},", 300_000) + `{}]}`, "entries": `{"m":{` + strings.Join(entries, ",") + `}}`,
	} {
		s, rows := schema.NewShredder(), &Rows{}
		var fault *FitError
		if n, err := s.Append(rows, []byte(record)); !errors.As(err, &fault) || fault.Code != CodeMalformedData || !strings.Contains(fault.Message, "more than 2097152 values") || n != 0 {
			t.Fatalf("%s: %d rows, %v", name, n, err)
		}
		if _, err := s.Append(rows, []byte(record+"}")); !errors.As(err, &fault) || fault.Code != CodeParseError {
			t.Fatalf("%s: %v", name, err)
		}
		reserved := 0
		for _, c := range rows.Columns {
			reserved += cap(c)
		}
		if reserved > 2*maxValues {
			t.Errorf("%s: room for %d values", name, reserved)
		}
		if n, err := s.Append(rows, []byte(`{"c0":"x"}{"c1":"y"}`)); n != 2 || err != nil {
			t.Errorf("%s, then others: %d rows, %v", name, n, err)
		}
	}
}

func TestLongStringsStayWhole(t *testing.T) {
	unlessRaced(t)
	schema := mustSchema(t, "a string; b string; m map<string,int>", "-")
	s, rows := schema.NewShredder(), &Rows{}
	long := strings.Repeat("long ", 1<<18)
	for round := range 3 {
		rows.Reset()
		var want []string
		for i := range 200 {
			text := fmt.Sprint("row ", i)
			if i%50 == 7 {
				text = long + text
			}
			if _, err := s.Append(rows, []byte(`{"a":"`+text+`","b":"x\n"}`)); err != nil {
				t.Fatal(err)
			}
			want = append(want, `{"a":"`+text+`","b":"x\n","m":null}`)
			if _, err := s.Append(rows, []byte(`{"a":"`+long+`","b":"gone","m":5}`)); err == nil {
				t.Fatal("a number became a map")
			}
		}
		got, err := assemble(schema, rows.Columns, rows.N)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("round %d row %d: %.100s", round, i, got[i])
			}
		}
		const values = 200 * 4 * 24 // a map has two columns
		if bytes := int64(4*len(long) + 200*2); rows.Bytes < bytes+values || rows.Bytes > bytes+values+200*16 {
			t.Errorf("%d bytes counted for some %d", rows.Bytes, bytes+values)
		}
	}
	rows.Reset()
	if rows.Bytes != 0 || rows.N != 0 {
		t.Errorf("after Reset: %d bytes, %d rows", rows.Bytes, rows.N)
	}
	kept := 0
	for _, c := range rows.bytes.chunks {
		kept += cap(c)
	}
	if kept > 4<<20 {
		t.Errorf("an empty Rows keeps %d bytes", kept)
	}
}

func TestARefusedRecordLeavesNothing(t *testing.T) {
	schema := mustSchema(t, "a int; l array<struct<x:string,y:int>>; m map<string,string>; z int", "rest")
	s, rows := schema.NewShredder(), &Rows{}
	good := `{"a":1,"l":[{"x":"p","y":2},{}],"m":{"k":"v"},"u":1,"z":3}`
	if _, err := s.Append(rows, []byte(good)); err != nil {
		t.Fatal(err)
	}
	want, err := assemble(schema, rows.Columns, 1)
	if err != nil {
		t.Fatal(err)
	}
	size := rows.Bytes
	for cut := range len(good) {
		for _, bad := range []string{good[:cut], good + good[:cut] + "?", strings.Replace(good, "3", `"x"`, 1), good + `{"l":[{"x":"q"},{"y":"no"}]}`} {
			if bad == "" {
				continue
			}
			if n, err := s.Append(rows, []byte(bad)); err == nil || n != 0 {
				t.Fatalf("%s: %d rows, %v", bad, n, err)
			}
		}
	}
	got, err := assemble(schema, rows.Columns, rows.N)
	if err != nil || len(got) != 1 || got[0] != want[0] || rows.Bytes != size {
		t.Errorf("got %s, %v, %d bytes; want %s, %d bytes", got, err, rows.Bytes, want, size)
	}
}

func TestFitErrorNamesItsColumn(t *testing.T) {
	schema := mustSchema(t, "a struct<b:array<struct<C:int>>>; d map<string,int>", "-")
	for record, want := range map[string]string{
		`{"a":{"b":[{"c":1},{"c":"secret"}]}}`: "a.b.c", `{"d":{"x":"y"}}`: "d", `{"a":1}`: "a", `7`: "", ``: "", `{"a":`: "",
	} {
		var fault *FitError
		if _, err := schema.NewShredder().Append(&Rows{}, []byte(record)); !errors.As(err, &fault) || fault.Column != want {
			t.Errorf("%s: %v, want column %q", record, err, want)
		}
	}
}

func TestOtherKeysAndOrdersThanLearnt(t *testing.T) {
	schema := mustSchema(t, "a int; b int; c struct<a:int,b:int>", "-")
	s, rows := schema.NewShredder(), &Rows{}
	for _, test := range [][2]string{
		{`{"a":1,"b":2,"c":{"a":3,"b":4}}`, `{"a":1,"b":2,"c":{"a":3,"b":4}}`},
		{`{"c":{"B":4,"A":3},"B":2,"A":1}`, `{"a":1,"b":2,"c":{"a":3,"b":4}}`},
		{`{"A":1,"x":{"a":9},"B":2}`, `{"a":1,"b":2,"c":null}`},
		{`{"b":2,"":0,"a":1,"c":{}}`, `{"a":1,"b":2,"c":{"a":null,"b":null}}`},
		{`{"\u0061":1,"\u0042":2,"c":[3]}`, `{"a":1,"b":2,"c":{"a":3,"b":null}}`},
		{`{"a":1,"b":2,"c":{"a":3,"b":4}}`, `{"a":1,"b":2,"c":{"a":3,"b":4}}`},
	} {
		for range 2 {
			if got := outcome(t, schema, s, rows, test[0]); got[0] != test[1] {
				t.Errorf("%s gives %s, want %s", test[0], got[0], test[1])
			}
		}
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	for _, options := range []string{"-", "rest", "strict epoch-ms"} {
		o := readOptions(t, options)
		schema, err := ParseSchema(append(accessLogColumns[1:], readColumns(t, "n decimal(30,2); l array<string>; m map<string,double>; s struct<a:boolean>; t timestamp")...), o)
		if err != nil {
			t.Fatal(err)
		}
		record := []byte(strings.TrimSuffix(accessLog, "}") + `,"n":1.25,"l":["a\n",null],"m":{"k":1.5},"s":{"a":true},"t":"2026-09-07T12:00:02.5Z","extra":{"Ü":[1, 2]}}`)
		s, rows := schema.NewShredder(), &Rows{}
		fill := func() {
			rows.Reset()
			for range 1000 {
				if _, err := s.Append(rows, record); err != nil {
					t.Fatal(err)
				}
			}
		}
		fill()
		if n := testing.AllocsPerRun(5, fill); n > 0 {
			t.Errorf("%s: %v allocations for 1000 records", options, n)
		}
	}
}

// TestCasesFollowEachOtherInOneRows appends all records of a schema to the same rows, with refused ones between them.
func TestCasesFollowEachOtherInOneRows(t *testing.T) {
	type key struct{ columns, options string }
	groups := map[key][]testCase{}
	for _, c := range readCases(t) {
		k := key{fmt.Sprint(c.columns), fmt.Sprint(c.options)}
		groups[k] = append(groups[k], c)
	}
	for _, group := range groups {
		schema, err := ParseSchema(group[0].columns, group[0].options)
		if err != nil {
			continue
		}
		s, rows := schema.NewShredder(), &Rows{}
		var want []string
		for _, c := range group {
			if n, _ := s.Append(rows, []byte(c.record)); n > 0 {
				want = append(want, c.want...)
			}
		}
		throughFile(t, schema, rows, want)
	}
}

func TestRowsOfTwoSchemasAreRefused(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("rows took the columns of another schema")
		}
	}()
	rows := &Rows{}
	for _, columns := range []string{"a int", "a int; b int"} {
		mustSchema(t, columns, "-").NewShredder().Append(rows, []byte(`{"a":1}`))
	}
}
