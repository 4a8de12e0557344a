package partition

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	javaTable   = "../testdata/partition/java.tsv"
	javaProgram = "../testdata/partition/Expected.java"
)

// javaRow is a time with what Java makes of it.
type javaRow struct {
	zone, at, pattern, want string
	line                    int
}

func (r javaRow) question() string { return r.zone + "\t" + r.at + "\t" + r.pattern + "\n" }

func readJavaRows(t testing.TB) (rows []javaRow) {
	t.Helper()
	data, err := os.ReadFile(javaTable)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != 4 {
			t.Fatalf("line %d has %d cells", i+1, len(cells))
		}
		rows = append(rows, javaRow{cells[0], cells[1], cells[2], cells[3], i + 1})
	}
	if len(rows) < 900 {
		t.Fatalf("only %d rows", len(rows))
	}
	return rows
}

// narrower holds the patterns that Java takes and a prefix may refuse: those with a brace, which ends the expression, with
// nothing in them, with padding that some times outgrow, and with years of so many letters that Java fails for some numbers of
// them.
var narrower = regexp.MustCompile(`[{}]|^[\[\]]*$|p|y{11}|u{11}|Y{11}`)

// check compares a prefix with Java. What Java refuses is refused; what it takes is taken, but for the few patterns that
// docs/prefixes.md names.
func (r javaRow) check(t *testing.T) {
	t.Helper()
	at, err := time.Parse(time.RFC3339, r.at)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse("!{timestamp:"+r.pattern+"}", Data, InZone(zone(t, r.zone)))
	switch {
	case err == nil && r.want == "error" || err != nil && r.want != "error" && !narrower.MatchString(r.pattern):
		t.Errorf("line %d: %q in %s: %v, Java has %q", r.line, r.pattern, r.zone, err, r.want)
	case err == nil:
		if got := p.Path(at, ""); got != r.want {
			t.Errorf("line %d: %q in %s at %s: %q, Java has %q", r.line, r.pattern, r.zone, r.at, got, r.want)
		}
		if n := p.MaxBytes(); n < len(r.want) {
			t.Errorf("line %d: %q in %s makes %q, longer than %d bytes", r.line, r.pattern, r.zone, r.want, n)
		}
	}
}

func TestJavaTable(t *testing.T) {
	for _, r := range readJavaRows(t) {
		r.check(t)
	}
}
