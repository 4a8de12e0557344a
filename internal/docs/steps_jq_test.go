package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"standpipe/sink"
	"standpipe/sink/steps"
)

func TestJQExamples(t *testing.T) {
	var b strings.Builder
	b.WriteString("| Program | A record | Becomes |\n|---|---|---|\n")
	for _, e := range [][2]string{
		{`select(.status >= 500)`, `{"status": 503, "ms": 1.10}`},
		{`select(.status >= 500)`, `{"status": 200}`},
		{`.detail`, `{"detail": {"b": 1.0, "a": "\u00e9"}}`},
		{`{id, ms: (.ms + 0), detail}`, `{"id": 12345678901234567890, "ms": 1.10, "detail": {"b": 1.0, "a": 2}}`},
		{`.items[] | {name}`, `{"items": [{"name": "x", "n": 1}, {"name": "y"}]}`},
		{`.items[] | 10 / .n`, `{"items": [{"n": 5}, {"n": 0}]}`},
		{`del(.password)`, `{"user": "ana", "password": "x"}`},
		{`.`, `GET /a`},
		{`select(.a != 2)`, `{"a":1}{"a":2}{"a": 3}`},
	} {
		s, err := steps.NewJQ("jq", steps.JQ{Program: e[0], MaxBytes: 64 << 20, Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", quoted(e[0]), quoted(e[1]), become(s, []byte(e[1])))
	}
	keep(t, stepsPage, "jq", b.String())
}

func TestJQProgramsOnTheirPageCompile(t *testing.T) {
	n := 0
	for i := range fenced(t, stepsPage, "yaml") {
		for _, s := range stepsOf(t, i) {
			if s.JQ == "" {
				continue
			}
			n++
			step, err := steps.NewJQ(s.Name, steps.JQ{Program: s.JQ, Input: s.Input, Output: s.Output, MaxBytes: int64(s.MaxBytes), Timeout: time.Minute})
			if err != nil {
				t.Errorf("%s: %v", s.JQ, err)
			} else if s.Input == steps.Text {
				const line = "15.165.43.146 - ana [31/Jan/2023:06:22:15 +0000] \"GET /random HTTP/1.1\" 200 11\n"
				const want = "`{\"bytes\":\"11\",\"ip\":\"15.165.43.146\",\"method\":\"GET\",\"path\":\"/random\",\"protocol\":\"HTTP/1.1\",\"status\":200,\"time\":\"2023-01-31T06:22:15Z\",\"user\":\"ana\"}`"
				if got := become(step, []byte(line)); got != want {
					t.Errorf("an access log becomes %s, want %s", got, want)
				}
			}
		}
	}
	if n < 5 {
		t.Errorf("found %d programs", n)
	}
}

// TestDifferencesFromJQ16 puts those rows of the table of programs on the page that have a reason.
func TestDifferencesFromJQ16(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "jq", "testdata", "jq16.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| Input | Program | jq 1.6 | Standpipe | |\n|---|---|---|---|---|\n")
	for line := range strings.Lines(string(data)) {
		if row := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(row) == 5 {
			b.WriteString("|")
			for _, cell := range row[:4] {
				if cell == "" {
					b.WriteString(" nothing |")
				} else if cell == "error" {
					b.WriteString(" error |")
				} else {
					b.WriteString(" " + quoted(cell) + " |")
				}
			}
			b.WriteString(" " + strings.NewReplacer("|", `\|`, "*", `\*`).Replace(row[4]) + " |\n")
		}
	}
	keep(t, stepsPage, "jq 1.6", b.String())
}

func TestPartitionKeysExamples(t *testing.T) {
	var b strings.Builder
	b.WriteString("| Program | A record | Its keys |\n|---|---|---|\n")
	for _, e := range [][2]string{
		{`{customer_id:.customer_id,year:.event_timestamp|strftime("%Y")}`, `{"customer_id":"c7", "event_timestamp":1565382027}`},
		{`{n: .n, ok: .ok}`, `{"n": 1.0, "ok": true}`},
		{`{n: .n}`, `{"n": ""}`},
		{`{n: .n}`, `{}`},
		{`{n: .n}`, `{"n": ["a"]}`},
		{`{n: .n}`, `GET /a`},
		{`{n: .n}`, `{"n":1}{"n":2}`},
		{`.n`, `{"n": 1}`},
		{`{n: .n[]}`, `{"n": [1, 2]}`},
	} {
		s, err := steps.NewPartitionKeys("keys", e[0], time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		s.Do(sink.Record{Data: []byte(e[1])}, func(r sink.Record) bool {
			var list []string
			for _, k := range r.Keys {
				list = append(list, quoted(k.Name+"="+k.Value))
			}
			if r.Failure != nil {
				list = []string{"an error record: " + r.Failure.Message}
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", quoted(e[0]), quoted(e[1]), strings.Join(list, ", "))
			return true
		})
	}
	keep(t, stepsPage, "partition_keys", b.String())
}
