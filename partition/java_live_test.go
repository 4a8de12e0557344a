package partition

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestJavaStillSaysSo has Java make the table and the names of zones again, and asks it about more than they hold: patterns at
// random, and every zone in winter, in summer and in Ramadan. UPDATE=1 writes table and names anew.
func TestJavaStillSaysSo(t *testing.T) {
	needJava(t)
	table, err := os.ReadFile(javaTable)
	if err != nil {
		t.Fatal(err)
	}
	more := append(zoneRows(), randomRows(3000)...)
	var questions strings.Builder
	for _, r := range append(readJavaRows(t), more...) {
		questions.WriteString(r.question())
	}
	questions.WriteString("zones\n")
	answers := askJava(t, javaProgram, questions.String())

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
	for _, r := range more {
		r.want = answers[0][strings.LastIndexByte(answers[0], '\t')+1:]
		r.check(t)
		answers = answers[1:]
	}
	names := strings.Join(slices.Collect(remarks(zonesTable)), "") + strings.Join(answers, "\n") + "\n"
	switch {
	case os.Getenv("UPDATE") != "":
		write(t, javaTable, strings.Join(lines, "\n")+"\n")
		write(t, "zones.tsv", names)
	case len(wrong) > 0:
		t.Errorf("%s differs from Java in lines %v; UPDATE=1 writes it anew", javaTable, wrong)
	default:
		sameNames(t, answers)
	}
}

// sameNames compares the zones that both this Java and zones.tsv know: updates of Java 17 bring new zones.
func sameNames(t *testing.T, answers []string) {
	t.Helper()
	compared := 0
	for _, line := range answers {
		cells := strings.Split(line, "\t")
		for id := range strings.SplitSeq(cells[6], " ") {
			names, ok := namesOf(id)
			if !ok {
				t.Logf("%s is not in zones.tsv", id)
				continue
			}
			compared++
			if names != zoneNames(cells[:6]) {
				t.Errorf("zones.tsv has %q for %s, Java %q; UPDATE=1 writes it anew", names, id, cells[:6])
			}
		}
	}
	if compared < 500 {
		t.Errorf("only %d zones compared", compared)
	}
}

func remarks(table string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.Lines(table) {
			if strings.HasPrefix(line, "# ") && !yield(line) {
				return
			}
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// zoneRows asks for the names and offsets of every zone of zones.tsv.
func zoneRows() (rows []javaRow) {
	for line := range strings.Lines(zonesTable) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		for id := range strings.SplitSeq(cells[len(cells)-1], " ") {
			if len(cells) < 7 {
				break
			}
			for _, at := range []string{"2024-01-15T00:00:00Z", "2024-03-20T00:00:00Z", "2024-07-15T00:00:00Z"} {
				rows = append(rows, javaRow{zone: id, at: at, pattern: "dd HH:mm|z|zzzz|v|vvvv|VV|O|XXX"})
			}
		}
	}
	return rows
}

// randomRows makes patterns from letters, a few characters that mean something, and text, the same at each run.
func randomRows(n int) (rows []javaRow) {
	r := rand.New(rand.NewPCG(3, 4))
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	for range n {
		pattern := ""
		for range 1 + r.IntN(7) {
			switch k := r.IntN(20); {
			case k < 13:
				c := "GyuYQqMLwWDdFEecgaBHkKhmsSnANVzvOXxZ"[r.IntN(36)]
				if k == 0 {
					pattern += strings.Repeat("p", 1+r.IntN(12))
				}
				pattern += strings.Repeat(string(c), []int{1, 1, 2, 2, 3, 4, 5, 1 + r.IntN(20)}[r.IntN(8)])
			case k < 18:
				pattern += pick("/", "-", "=", " ", ":", "''", "'x'", "'p'''")
			default:
				pattern += pick("[", "]", "'", "#", "b", "T", "日", "[]")
			}
		}
		at := fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", 2012+r.IntN(13), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
		rows = append(rows, javaRow{zone: pick("UTC", "America/New_York", "Asia/Kolkata", "Europe/London"), at: at, pattern: pattern})
	}
	return rows
}

// needJava ends a test where there is no Java 17 to ask.
func needJava(t *testing.T) {
	t.Helper()
	out, err := exec.Command("java", "-version").CombinedOutput()
	reason := ""
	switch {
	case err != nil:
		reason = fmt.Sprintf("no java to ask: %v", err)
	case !bytes.Contains(out, []byte(`version "17.`)):
		reason = fmt.Sprintf("the table is that of Java 17, and java is another: %s", out)
	default:
		return
	}
	if os.Getenv("REQUIRE_SERVERS") == "1" {
		t.Fatalf("%s (and REQUIRE_SERVERS=1 is set)", reason)
	}
	t.Skip(reason)
}

func askJava(t *testing.T, program, questions string) []string {
	t.Helper()
	java := exec.Command("java", "-XX:TieredStopAtLevel=1", program)
	java.Stdin = strings.NewReader(questions)
	var complaints bytes.Buffer
	java.Stderr = &complaints
	out, err := java.Output()
	if err != nil {
		t.Fatalf("run %s: %v\n%s", program, err, complaints.String())
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}
