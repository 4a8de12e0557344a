package jq

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const jq16Table = "testdata/jq16.tsv"

// The table has an input, a program, the results of jq 1.6, ours where they differ, and why. Results are separated by two
// spaces; "error" stands for any error, at compile time too. UPDATE=1 fills in the results, with jq 1.6 as the jq in PATH,
// and leaves the reasons.
func TestResultsOfJQ16(t *testing.T) {
	t.Setenv("TZ", "UTC")
	data, err := os.ReadFile(jq16Table)
	if err != nil {
		t.Fatal(err)
	}
	update := os.Getenv("UPDATE") != ""
	if update {
		if version, err := exec.Command("jq", "--version").Output(); err != nil || strings.TrimSpace(string(version)) != "jq-1.6" {
			t.Fatalf("the jq in PATH is %s (%v), want jq-1.6", version, err)
		}
	}
	var table []string
	same, other := 0, 0
	for line := range strings.Lines(string(data)) {
		row := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		for len(row) < 5 {
			row = append(row, "")
		}
		input, program := row[0], row[1]
		ours := strings.ReplaceAll(results(t, program, input, Limits{1 << 20, 64 << 20, 10 * time.Second}), "\n", "  ")
		if i := strings.Index(ours, "error: "); i >= 0 && (i == 0 || ours[i-1] == ' ') {
			ours = ours[:i] + "error"
		}
		if strings.HasPrefix(ours, "compile: ") || strings.HasPrefix(ours, "read: ") {
			ours = "error"
		}
		if update {
			row[2], row[3] = jq16(t, program, input), ours
			if row[2] == row[3] {
				row[3], row[4] = "", ""
			}
			table = append(table, strings.TrimRight(strings.Join(row, "\t"), "\t"))
			continue
		}
		if want := cmp.Or(row[3], row[2]); ours != want {
			t.Errorf("%s on %s\ngives %s\nwant  %s", program, input, ours, want)
		}
		if row[3] == "" {
			same++
		} else if other++; row[4] == "" {
			t.Errorf("%s on %s differs from jq 1.6, and nobody says why", program, input)
		}
	}
	if update {
		if err := os.WriteFile(jq16Table, []byte(strings.Join(table, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Logf("%d programs give what jq 1.6 gives, %d do not", same, other)
}

func jq16(t *testing.T, program, input string) string {
	cmd := exec.CommandContext(t.Context(), "jq", "-c", program)
	cmd.Stdin = strings.NewReader(input)
	var out bytes.Buffer
	cmd.Stdout = &out
	err := cmd.Run()
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if out.Len() == 0 {
		lines = nil
	}
	if err != nil {
		lines = append(lines, "error")
	}
	return strings.Join(lines, "  ")
}
