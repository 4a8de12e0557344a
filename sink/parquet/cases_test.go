package parquet

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
)

// testCase is a line of testdata/cases.tsv.
type testCase struct {
	line    int
	columns []Column
	options Options
	record  string
	want    []string // rows as assemble gives them, or one error as "Code: message"
}

// readCases reads the table. Its cells are columns, options, record, what becomes of it, and the source of that; a
// record or column that starts with = is a Go string.
func readCases(t testing.TB) (cases []testCase) {
	t.Helper()
	data, err := os.ReadFile("testdata/cases.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != 5 {
			t.Fatalf("line %d has %d cells, want 5: %s", i+1, len(cells), line)
		}
		if source := cells[4]; strings.Trim(source[:1], "DPRTSMI") != "" || len(source) < 3 {
			t.Errorf("line %d: source %q does not start with a grade", i+1, source)
		}
		c := testCase{line: i + 1, columns: readColumns(t, cells[0]), options: readOptions(t, cells[1]), record: unquoted(t, cells[2])}
		c.want = strings.Split(cells[3], " ; ")
		if cells[3] == "" {
			t.Errorf("line %d expects nothing", i+1)
		}
		cases = append(cases, c)
	}
	return cases
}

func unquoted(t testing.TB, s string) string {
	t.Helper()
	if !strings.HasPrefix(s, "=") {
		return s
	}
	plain, err := strconv.Unquote(s[1:])
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return plain
}

// readColumns reads "name type; name@key type".
func readColumns(t testing.TB, text string) (columns []Column) {
	t.Helper()
	for _, c := range strings.Split(unquoted(t, text), "; ") {
		name, typ, _ := strings.Cut(c, " ")
		name, key, _ := strings.Cut(name, "@")
		columns = append(columns, Column{Name: name, Type: typ, Key: key})
	}
	return columns
}

func readOptions(t testing.TB, text string) (o Options) {
	t.Helper()
	for _, word := range strings.Fields(text) {
		switch word {
		case "-":
		case "strict":
			o.Strict = true
		case "case":
			o.CaseSensitive = true
		case "dots":
			o.DotsToUnderscores = true
		case "rest":
			o.Rest = true
		case "ms":
			o.Timestamps = Millis
		case "ns":
			o.Timestamps = Nanos
		case "int96":
			o.Timestamps = Int96
		case "epoch-ms":
			o.Epoch = EpochMillis
		case "epoch-us":
			o.Epoch = EpochMicros
		case "epoch-ns":
			o.Epoch = EpochNanos
		default:
			t.Fatalf("unknown option %q", word)
		}
	}
	return o
}

// outcome is what a record becomes, in the form of testCase.want.
func outcome(t testing.TB, schema *Schema, s *Shredder, rows *Rows, record string) []string {
	t.Helper()
	rows.Reset()
	n, err := s.Append(rows, []byte(record))
	var fault *FitError
	if errors.As(err, &fault) {
		if rows.N != 0 || rows.Bytes != 0 {
			t.Errorf("a refused record left %d rows, %d bytes", rows.N, rows.Bytes)
		}
		return []string{strings.TrimPrefix(fault.Code, "DataFormatConversion.") + ": " + fault.Message}
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := assemble(schema, rows.Columns, n)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCases(t *testing.T) {
	cases := readCases(t)
	for _, c := range cases {
		schema, err := ParseSchema(c.columns, c.options)
		var got []string
		if err != nil {
			got = []string{"InvalidSchema: " + err.Error()}
		} else {
			got = outcome(t, schema, schema.NewShredder(), &Rows{}, c.record)
		}
		if a, b := strings.Join(got, " ; "), strings.Join(c.want, " ; "); a != b {
			t.Errorf("testdata/cases.tsv:%d: %s\n got %s\nwant %s", c.line, c.record, a, b)
		}
	}
	if len(cases) < 300 {
		t.Errorf("only %d cases", len(cases))
	}
}
