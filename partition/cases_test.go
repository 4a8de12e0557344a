package partition

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

type row struct {
	line                            int
	expr                            string
	kind                            Kind
	loc                             *time.Location
	at                              time.Time
	failure, path, refused, warning string
}

// readCases reads testdata/partition/cases.tsv; its first line names the columns.
func readCases(t testing.TB) []row {
	t.Helper()
	data, err := os.ReadFile("../testdata/partition/cases.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		cells := strings.Split(line, "\t")
		for len(cells) < 7 {
			cells = append(cells, "")
		}
		for j, c := range cells {
			if strings.HasPrefix(c, `"`) {
				if cells[j], err = strconv.Unquote(c); err != nil {
					t.Fatalf("line %d, cell %d: %v", i+1, j+1, err)
				}
			}
		}
		r := row{line: i + 1, expr: cells[0], failure: cells[4], path: cells[5], warning: cells[6]}
		r.kind = map[string]Kind{"data": Data, "errors": Errors}[cells[1]]
		if r.kind.name() != cells[1] {
			t.Fatalf("line %d: kind %q", i+1, cells[1])
		}
		if r.loc, err = time.LoadLocation(cells[2]); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		if r.at, err = time.Parse(time.RFC3339, cells[3]); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		if text, ok := strings.CutPrefix(r.path, "error: "); ok {
			r.path, r.refused = "", text
		}
		rows = append(rows, r)
	}
	if len(rows) < 80 {
		t.Fatalf("only %d rows", len(rows))
	}
	return rows
}

func (k Kind) name() string {
	if k == Errors {
		return "errors"
	}
	return "data"
}

func TestCases(t *testing.T) {
	for _, r := range readCases(t) {
		t.Run("line "+strconv.Itoa(r.line), func(t *testing.T) {
			p, err := Parse(r.expr, r.kind, InZone(r.loc))
			if r.refused != "" {
				checkRefused(t, r, err)
				return
			}
			if err != nil {
				t.Fatalf("Parse(%q): %v", r.expr, err)
			}
			if got := Display(p.Path(r.at, r.failure)); got != r.path {
				t.Errorf("path of %q = %q, want %q", r.expr, got, r.path)
			}
			if got := Display(p.Evaluator().Path(r.at, r.failure)); got != r.path {
				t.Errorf("evaluator's path of %q = %q, want %q", r.expr, got, r.path)
			}
			warnings := strings.Join(p.Warnings(), "\n")
			if !strings.Contains(warnings, r.warning) || (r.warning == "") != (warnings == "") {
				t.Errorf("warnings of %q = %q, want %q", r.expr, warnings, r.warning)
			}
		})
	}
}

// checkRefused wants each part of the row's message, and problems whose offsets and texts agree with the
// expression.
func checkRefused(t *testing.T, r row, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("Parse(%q) is accepted, want %q", r.expr, r.refused)
	}
	parts := strings.Split(r.refused, " && ")
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("Parse(%q) = %v, want %q in it", r.expr, err, part)
		}
	}
	var parse *ParseError
	if !errors.As(err, &parse) || len(parse.Problems) == 0 {
		t.Fatalf("Parse(%q) returned a %T with no problems", r.expr, err)
	}
	if offsets := strings.Count(r.refused, "offset "); offsets > len(parse.Problems) {
		t.Errorf("Parse(%q) lists %d problems, want %d", r.expr, len(parse.Problems), offsets)
	}
	for _, p := range parse.Problems {
		if !strings.HasPrefix(r.expr[p.Offset:], p.Text) {
			t.Errorf("Parse(%q): no %q at offset %d", r.expr, p.Text, p.Offset)
		}
	}
}
