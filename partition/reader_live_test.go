package partition

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// TestJavaStillReadsSo has Java make the table again, and asks it about times at random in patterns at random, as it writes them
// and with a byte changed. UPDATE=1 writes the table anew.
func TestJavaStillReadsSo(t *testing.T) {
	needJava(t)
	table, err := os.ReadFile(parsedTable)
	if err != nil {
		t.Fatal(err)
	}
	more := randomTexts(t, 4000)
	var questions strings.Builder
	for _, r := range append(readParsedRows(t), more...) {
		questions.WriteString(r.question())
	}
	answers := askJava(t, parsedProgram, questions.String())

	var wrong []int
	lines := strings.Split(strings.TrimSuffix(string(table), "\n"), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		if answers[0] != line {
			wrong, lines[i] = append(wrong, i+1), answers[0]
		}
		answers = answers[1:]
	}
	taken, refused := 0, 0
	for _, r := range more {
		r.want = answers[0][strings.LastIndexByte(answers[0], '\t')+1:]
		answers = answers[1:]
		switch ok := r.check(t); {
		case ok && r.want == "error":
			refused++
		case ok:
			taken++
		}
	}
	if taken < 1000 || refused < 1000 {
		t.Errorf("only %d texts were read, and %d not", taken, refused)
	}
	switch {
	case os.Getenv("UPDATE") != "":
		write(t, parsedTable, strings.Join(lines, "\n")+"\n")
	case len(wrong) > 0:
		t.Errorf("%s differs from Java in lines %v; UPDATE=1 writes it anew", parsedTable, wrong)
	}
}

// randomTexts makes patterns of random letters, has Java write times with them, and changes a byte in half of the texts. They
// are the same at each run.
func randomTexts(t *testing.T, n int) (rows []parsedRow) {
	r := rand.New(rand.NewPCG(5, 6))
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	var questions strings.Builder
	for range n {
		fields := []string{pick("yyyy", "uuuu", "yy", "y", "yyy", "u", "yyyy G"), pick("MM", "M", "MMM", "MMMM", "LL", "L"), pick("dd", "d", "ppd")}
		if r.IntN(6) == 0 {
			fields[1], fields[2] = pick("D", "DD", "DDD"), pick("", "MM", "EEE")
		}
		fields = append(fields, pick("", "HH", "H", "kk", "hh a", "h a", "K a", "A", "N", "HH a", "HH hh"), pick("", "mm", "m"), pick("", "ss", "s", "ss.SSS", "ssSSS", "ss.SSSSSS", "ss n"),
			pick("", "", "EEE", "EEEE"), pick("", "X", "XX", "XXX", "XXXXX", "x", "xx", "xxx", "Z", "ZZZZ", "O", "OOOO", "VV"))
		if r.IntN(3) == 0 {
			r.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
		}
		between, pattern, depth := pick("", "", "-", " ", "/", "''", "'T'"), "", 0
		for i, field := range fields {
			if i > 0 {
				pattern += between
			}
			if r.IntN(12) == 0 {
				pattern, depth = pattern+"[", depth+1
			}
			pattern += field
			if depth > 0 && r.IntN(2) == 0 {
				pattern, depth = pattern+"]", depth-1
			}
		}
		at := fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d.%09dZ", pickInt(r, 1, 44, 1970, 2012, 2020, 2024, 9999), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1e9))
		zone := pick("UTC", "America/New_York", "Asia/Kolkata", "Europe/London")
		fmt.Fprintf(&questions, "%s\t%s\t%s\n", zone, at, pattern)
	}
	for _, answer := range askJava(t, javaProgram, questions.String()) {
		cells := strings.Split(answer, "\t")
		row := parsedRow{zone: cells[0], pattern: cells[2], text: cells[3]}
		if b := []byte(row.text); r.IntN(2) == 0 {
			i := r.IntN(len(b))
			switch r.IntN(4) {
			case 0:
				b = append(b[:i], b[i+1:]...)
			case 1:
				b = append(b[:i+1], b[i:]...)
			default:
				b[i] = "0123456789 -+:.ZaAbJT"[r.IntN(21)]
			}
			row.text = string(b)
		}
		rows = append(rows, row)
	}
	return rows
}

func pickInt(r *rand.Rand, all ...int) int { return all[r.IntN(len(all))] }
