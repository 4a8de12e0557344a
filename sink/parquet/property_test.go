package parquet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
)

// TestRandomRecordsAgainstSlowReading draws schemas and records, compares each with the slow reading, and at the end the
// file that parquet-go makes of the rows.
func TestRandomRecordsAgainstSlowReading(t *testing.T) {
	unlessRaced(t)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	rowsSeen, refused := 0, 0
	schemas := 150
	if testing.Short() {
		schemas = 30
	}
	for range schemas {
		options := randomOptions(r)
		columns := randomColumns(r, options.Strict)
		schema, err := ParseSchema(columns, options)
		if err != nil {
			t.Fatalf("%+v: %v", columns, err)
		}
		s, rows, reference := schema.NewShredder(), &Rows{}, slow{schema, options}
		w := &writer{r, schema, pick(r, 0, 1, 3, 20)}
		var want []string
		for range 30 {
			record := w.record()
			if r.IntN(30) == 0 { // broken somewhere
				i := r.IntN(len(record))
				record = record[:i] + pick(r, "", "x", `"`, "\\", "\x00", "\xff", "}", "]", ",", "1") + record[min(len(record), i+r.IntN(2)):]
			}
			expected, err := reference.rows([]byte(record))
			n, fault := s.Append(rows, []byte(record))
			if problem := compare(expected, err, n, fault); problem != "" {
				t.Fatalf("columns %+v options %+v record %q: %s", columns, options, record, problem)
			}
			if want = append(want, expected...); fault != nil {
				refused++
			}
		}
		got, err := assemble(schema, rows.Columns, rows.N)
		if err != nil {
			t.Fatalf("columns %+v options %+v: %v", columns, options, err)
		}
		for i := range want {
			if !sameRow(got[i], want[i]) {
				t.Fatalf("columns %+v options %+v\n got %s\nwant %s", columns, options, got[i], want[i])
			}
		}
		rowsSeen += len(got)
		throughFile(t, schema, rows, got)
	}
	t.Logf("%d rows, %d records refused", rowsSeen, refused)
	if rowsSeen < 10*schemas || refused == 0 {
		t.Errorf("%d rows and %d refusals do not test much", rowsSeen, refused)
	}
}

// compare says how an outcome differs from the expected one, but for the rows themselves.
func compare(want []string, wantErr error, n int, err error) string {
	var fault *FitError
	if err != nil && !errors.As(err, &fault) {
		return fmt.Sprintf("error %v is no FitError", err)
	}
	switch {
	case (wantErr == nil) != (err == nil):
		return fmt.Sprintf("got error %v, want %v", err, wantErr)
	case err == nil && n != len(want):
		return fmt.Sprintf("got %d rows, want %d", n, len(want))
	case errors.Is(wantErr, errMisfit) && fault.Code != CodeMalformedData, errors.Is(wantErr, errNotJSON) && fault.Code != CodeParseError:
		return fmt.Sprintf("got error %v, want %v", err, wantErr)
	case err != nil && len(err.Error()) > 1000:
		return "a very long message"
	}
	return ""
}

// sameRow compares rows and, in them, JSON kept as text by its meaning: how its keys are escaped is left open.
func sameRow(a, b string) bool {
	if a == b {
		return true
	}
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	return reflect.DeepEqual(meaning(x), meaning(y))
}

func meaning(v any) any {
	switch v := v.(type) {
	case string:
		var inner any
		if strings.HasPrefix(v, "{") || strings.HasPrefix(v, "[") {
			dec := json.NewDecoder(strings.NewReader(v))
			dec.UseNumber()
			if dec.Decode(&inner) == nil {
				return meaning(inner)
			}
		}
	case []any:
		for i := range v {
			v[i] = meaning(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = meaning(v[k])
		}
	}
	return v
}

// throughFile writes the rows as a Parquet file and expects the same rows from it.
func throughFile(t *testing.T, schema *Schema, rows *Rows, want []string) {
	t.Helper()
	var file bytes.Buffer
	w := pq.NewGenericWriter[any](&file, schema.Parquet())
	for i, column := range w.ColumnWriters() {
		if _, err := column.WriteRowValues(rows.Columns[i]); err != nil {
			t.Fatalf("write column %d: %v", i, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := pq.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	columns := make([][]pq.Value, len(rows.Columns))
	n := 0
	for _, group := range f.RowGroups() {
		reader := group.Rows()
		buffer := make([]pq.Row, 16)
		for {
			got, err := reader.ReadRows(buffer)
			for _, row := range buffer[:got] {
				for _, v := range row {
					columns[v.Column()] = append(columns[v.Column()], v.Clone())
				}
			}
			if n += got; err != nil {
				break
			}
		}
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := assemble(schema, columns, n)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("through a file:\n got %s\nwant %s\n%s", got, want, schema.Parquet())
	}
}

// FuzzAppend compares with the slow reading under schemas that have every type.
func FuzzAppend(f *testing.F) {
	for i, c := range readCases(f) {
		f.Add(uint8(i), []byte(c.record))
	}
	f.Add(uint8(0), []byte(strings.Repeat("[", 100)))
	everything := "t tinyint; Sh smallint; i int; l bigint; f float; d double; n decimal(9,2); m decimal(18,4); o decimal(30,10); b boolean; s string; a varchar(5); c char(3); " +
		"day date; ts timestamp; list array<int>; deep array<array<struct<x:int,y:map<string,string>>>>; map map<string,double>; st struct<a:int,b:struct<c:string>>; k@b.x string"
	var schemas []*Schema
	for _, options := range []string{"-", "strict", "case", "dots rest", "strict rest epoch-ms int96", "ns", "ms dots"} {
		for _, columns := range []string{everything, "a int", "a string", "a timestamp", "a array<int>", "a struct<x:int,y:string>", "a decimal(10,2)", "a double", "a date", "a map<string,int>"} {
			schema, err := ParseSchema(readColumns(f, columns), readOptions(f, options))
			if err != nil {
				f.Fatal(err)
			}
			schemas = append(schemas, schema)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, record []byte) {
		schema := schemas[int(which)%len(schemas)]
		if bytes.Count(record, []byte("["))+bytes.Count(record, []byte("{")) > 5000 {
			return // encoding/json has a limit
		}
		before := record
		record = bytes.Clone(record)
		want, wantErr := slow{schema, schema.options}.rows(record)
		s, rows := schema.NewShredder(), &Rows{}
		for range 2 { // the second time with what was learnt of the first
			n, err := s.Append(rows, record)
			if problem := compare(want, wantErr, n, err); problem != "" {
				t.Fatalf("%+v: %s", schema.columns, problem)
			}
		}
		if !bytes.Equal(before, record) {
			t.Fatal("the record was changed")
		}
		for i := range record {
			record[i] = 'x' // nothing of it may have been kept
		}
		got, err := assemble(schema, rows.Columns, rows.N)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range got {
			if !sameRow(row, want[i%len(want)]) {
				t.Fatalf("\n got %s\nwant %s", row, want[i%len(want)])
			}
		}
	})
}
