package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"standpipe/config"
	"standpipe/internal/kinesistest"
	"standpipe/sink"
	"standpipe/sink/steps"
)

const stepsPage = "docs/steps.md"

// stepsOf loads the configuration in the n-th block of docs/steps.md.
func stepsOf(t *testing.T, n int) []config.Step {
	t.Helper()
	file := filepath.Join(t.TempDir(), "standpipe.yaml")
	text := fenced(t, stepsPage, "yaml")[n] + "stream: {name: clicks, region: eu-west-1}\noutputs: [{bucket: lake}]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Source{File: file})
	if err != nil {
		t.Fatalf("block %d of %s: %v", n, stepsPage, err)
	}
	return cfg.Steps
}

func TestStepsOnTheirPageLoad(t *testing.T) {
	for n := range fenced(t, stepsPage, "yaml") {
		if len(stepsOf(t, n)) == 0 {
			t.Errorf("block %d of %s has no steps", n, stepsPage)
		}
	}
}

// become says what a step makes of a record.
func become(s steps.Each, data []byte) string {
	var made []string
	blank := 0
	s.Do(sink.Record{Data: data}, func(r sink.Record) bool {
		switch {
		case r.Failure != nil:
			made = append(made, fmt.Sprintf("an error record, `%s`: %s", r.Failure.Code, r.Failure.Message))
		case len(r.Data) == 0 && r.RawAfter == s.Name():
			blank++
		default:
			made = append(made, quoted(string(r.Data)))
		}
		return true
	})
	switch {
	case blank > 0:
		made = append(made, fmt.Sprintf("%d dropped", blank))
	case len(made) == 0:
		return "dropped"
	}
	return strings.Join(made, ", ")
}

// quoted is text as code in a table, with what can not be seen written as in a JSON string.
func quoted(text string) string {
	return "`" + strings.NewReplacer("\n", `\n`, "|", `\|`).Replace(text) + "`"
}

func TestSplitExamples(t *testing.T) {
	var b strings.Builder
	b.WriteString("| By | A record | Becomes |\n|---|---|---|\n")
	for _, c := range []struct{ by, delimiter, data string }{
		{"json", "", `{"a":1}{"b": 2.0}`},
		{"json", "", "{\"a\":1}\n{\"b\":2}\n"},
		{"json", "", `{"a":1}{"b"`},
		{"array", "", `[{"a":1}, [2, 3]]`},
		{"array", "", `[]`},
		{"array", "", `{"a":[1,2]}`},
		{"array", "", `[1][2]`},
		{"delimiter", "####", "GET /a####GET /b####"},
		{"delimiter", "\n", "GET /a\n\nGET /b\n"},
	} {
		s, err := steps.NewSplit("split", c.by, c.delimiter, 64<<20)
		if err != nil {
			t.Fatal(err)
		}
		by := "`" + c.by + "`"
		if c.delimiter != "" {
			by += " " + quoted(c.delimiter)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", by, quoted(c.data), become(s, []byte(c.data)))
	}
	keep(t, stepsPage, "split", b.String())
}

func TestDecompressExamples(t *testing.T) {
	var b strings.Builder
	b.WriteString("| Gzip of | `cloudwatch_logs` makes of it |\n|---|---|\n")
	s, err := steps.NewDecompress("decompress", "cloudwatch_logs", 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, envelope := range []string{
		`{"messageType":"DATA_MESSAGE", "logGroup":"g", "logEvents":[{"id":"1", "timestamp":1675146135164, "message":"GET /a"}, {"message":"{\"status\": 200}\n"}]}`,
		`{"messageType":"DATA_MESSAGE", "logEvents":[{"message":"\n"}, {"message":"GET /a"}]}`,
		`{"messageType":"CONTROL_MESSAGE", "logEvents":[{"message":"CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}]}`,
		`{"messageType":"DATA_MESSAGE", "logEvents":[]}`,
		`{"status": 200}`,
	} {
		fmt.Fprintf(&b, "| %s | %s |\n", quoted(envelope), become(s, kinesistest.Gzip([]byte(envelope))))
	}
	keep(t, stepsPage, "decompress", b.String())
}

// TestEnvelopeByJQ runs the page's program on what CloudWatch Logs sends.
func TestEnvelopeByJQ(t *testing.T) {
	var program string
	for n := range fenced(t, stepsPage, "yaml") {
		if list := stepsOf(t, n); len(list) == 2 && list[0].Decompress == "gzip" {
			program = list[1].JQ
		}
	}
	unpack, err := steps.NewDecompress("decompress", "gzip", 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	query, err := steps.NewJQ("jq", steps.JQ{Program: program, MaxBytes: 64 << 20, Timeout: time.Minute})
	if err != nil || program == "" {
		t.Fatalf("program %q: %v", program, err)
	}
	chain := steps.NewChain([]steps.Step{unpack, query}, sink.NewMemory(1<<20), nil)
	run := func(kind string, messages ...string) (results []string) {
		out, done, err := chain.Run(t.Context(), "s", func(yield func(sink.Record) bool) {
			yield(sink.Record{Data: kinesistest.Gzip(kinesistest.LogEnvelope(kind, messages...))})
		})
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		for rec := range out {
			if rec.Failure != nil {
				t.Fatal(rec.Failure.Message)
			}
			results = append(results, string(rec.Data)+"\n")
		}
		return results
	}
	got := run("DATA_MESSAGE", `{"status": 200}`, "GET /a")
	if len(got) != 2 || got[0] != fenced(t, stepsPage, "json")[0] || !strings.Contains(got[1], `"message":"GET /a"`) {
		t.Errorf("%s shows %q, the program makes %q", stepsPage, fenced(t, stepsPage, "json")[0], got)
	}
	if got := run("CONTROL_MESSAGE", "CWL CONTROL MESSAGE: Checking health"); len(got) != 0 {
		t.Errorf("a control message becomes %q", got)
	}
}
