package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"standpipe/config"
	"standpipe/internal/demo"
)

// samples are the fenced blocks of a language in a document of the repository.
func samples(t *testing.T, file, language string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, part := range strings.Split(string(text), "\n```"+language+"\n")[1:] {
		body, _, _ := strings.Cut(part, "\n```\n")
		all = append(all, body+"\n")
	}
	return all
}

// shows says whether a sample is the output, with … for lines left out.
func shows(sample, output string) bool {
	for i, part := range strings.Split("\n"+sample, "\n…\n") {
		at := strings.Index("\n"+output, "\n"+strings.TrimPrefix(part, "\n"))
		if at < 0 || i == 0 && at > 0 {
			return false
		}
		output = output[at+len(strings.TrimPrefix(part, "\n")):]
	}
	return output == ""
}

func TestSamplesAreWhatIsPrinted(t *testing.T) {
	if shows("a\n…\nb\n", "a\nc\n") || shows("b\n", "a\nb\n") || shows("a\n", "a\nb\n") || !shows("a\n…\nc\n", "a\nb\nc\n") {
		t.Fatal("anything passes")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	find := func(language, begin string) string {
		t.Helper()
		for _, s := range samples(t, "docs/parquet.md", language) {
			if strings.HasPrefix(s, begin) {
				return s
			}
		}
		t.Fatalf("docs/parquet.md has no sample of %s that begins with %q", language, begin)
		return ""
	}
	ddl := execute(t, nil, "ddl", "-c", filepath.Join(root, "testdata", "config", "good", "parquet.yaml"), "--since", "2026")
	if sample := find("sql", "CREATE EXTERNAL TABLE"); !shows(sample, ddl.stdout) {
		t.Errorf("docs/parquet.md shows what ddl does not print: paste this, with … for lines left out\n%s", ddl)
	}
	sample := find("text", "5 records of access-log.ndjson")
	t.Chdir(filepath.Join(root, "testdata"))
	schema := execute(t, nil, "schema", "access-log.ndjson")
	if !shows(sample, strings.TrimSuffix(schema.stderr, "\n")) {
		t.Errorf("docs/parquet.md shows what schema does not print: paste this, with … for lines left out\n%s", schema)
	}
}

// TestMeteringExampleIsWhatDemoRuns: the example's columns, folders and query are the demo's.
func TestMeteringExampleIsWhatDemoRuns(t *testing.T) {
	file := filepath.Join("..", "..", "examples", "metering", "standpipe.yaml")
	if r := execute(t, nil, "ddl", "-c", file); r.code != exitOK || !strings.HasPrefix(r.stdout, "CREATE EXTERNAL TABLE `access` (\n") {
		t.Fatal(r)
	}
	cfg, err := config.Load(config.Source{File: file})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(strings.Fields(cfg.Outputs[0].Schema), " "); got != strings.Join(strings.Fields(demo.AccessSchema), " ") {
		t.Errorf("the example has the columns %s", got)
	}
	queries := samples(t, "examples/metering/README.md", "sql")
	if len(queries) != 1 || queries[0] != demo.Metering+"\n" {
		t.Errorf("the example shows %q, demo runs %q", queries, demo.Metering)
	}
}
