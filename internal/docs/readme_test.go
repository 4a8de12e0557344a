package docs

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"standpipe/config"
)

const (
	readme      = "README.md"
	reference   = "docs/configuration.md"
	operations  = "docs/operations.md"
	permissions = "docs/permissions.md"
	containers  = "docs/containers.md"
	crashSafety = "docs/crash-safety.md"

	commandsPage = "docs/commands.md"
	formats      = "docs/formats.md"
	guarantee    = "docs/guarantee.md"
	migration    = "docs/migration.md"
	parquet      = "docs/parquet.md"
	proof        = "docs/testing.md"

	example     = "testdata/config/good/readme.yaml"
	accounts    = "testdata/config/good/other-accounts-readme.yaml"
	table       = "testdata/config/good/parquet.yaml"
	ofGlue      = "testdata/config/good/parquet-glue.yaml"
	metricsFile = "cmd/standpipe/testdata/metrics.txt"
)

func TestConfigurationTable(t *testing.T) {
	keep(t, reference, "configuration", config.MarkdownTable())
}

// TestExampleConfigurations: what a reader copies is a file that other tests load and check.
func TestExampleConfigurations(t *testing.T) {
	blocks, files := fenced(t, readme, "yaml"), []string{example, table, ofGlue, accounts}
	for _, file := range []string{parquet, permissions} {
		blocks = append(blocks, fenced(t, file, "yaml")...)
	}
	if len(blocks) != len(files) {
		t.Fatalf("the documents have %d configurations, want %d", len(blocks), len(files))
	}
	for i, file := range files {
		if want := read(t, file); blocks[i] != want {
			t.Errorf("a document's standpipe.yaml is not %s:\n got:\n%s\nwant:\n%s", file, blocks[i], want)
		}
		cfg, err := config.Load(config.Source{File: filepath.Join(root, filepath.FromSlash(file))})
		if err != nil {
			t.Fatal(err)
		}
		if w := cfg.Warnings(); len(w) > 0 {
			t.Errorf("%s has warnings: %v", file, w)
		}
	}
}

// metrics gives the golden list as name, with labels, and meaning.
func metrics(t *testing.T) (list [][2]string) {
	t.Helper()
	for _, entry := range regexp.MustCompile(`(?m)^(standpipe_\S+)\n    (.*)$`).FindAllStringSubmatch(read(t, metricsFile), -1) {
		list = append(list, [2]string{entry[1], entry[2]})
	}
	if len(list) == 0 {
		t.Fatalf("%s lists no metrics", metricsFile)
	}
	return list
}

func TestMetricsTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("| Metric | Meaning |\n|---|---|\n")
	for _, m := range metrics(t) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", m[0], m[1])
	}
	keep(t, operations, "metrics", b.String())
}

func TestMetricsNamedInDocumentsExist(t *testing.T) {
	known := map[string]bool{}
	for _, m := range metrics(t) {
		name, _, _ := strings.Cut(m[0], "{")
		known[name] = true
	}
	for _, file := range documents {
		for _, name := range regexp.MustCompile(`\bstandpipe_[a-z_]+`).FindAllString(read(t, file), -1) {
			if !known[name] {
				t.Errorf("%s names metric %s, which is not in %s", file, name, metricsFile)
			}
		}
	}
}

// TestErrorRecordHasItsMembers compares the documents' error records with the members that the sink always writes.
func TestErrorRecordHasItsMembers(t *testing.T) {
	members := regexp.MustCompile(`"(\w+)":`)
	list := func(text string) (names []string) {
		for _, m := range members.FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
		return names
	}
	for first, source := range map[string][3]string{
		`{"rawData"`:      {"sink/errorrecord.go", "func appendErrorRecord", formats},
		`{"attemptsMade"`: {"sink/errorconversion.go", "func appendConversionError", parquet},
	} {
		_, body, _ := strings.Cut(read(t, source[0]), source[1])
		want := list(body)
		var got []string
		for _, b := range fenced(t, source[2], "json") {
			if strings.HasPrefix(b, first) {
				got = list(b)
			}
		}
		if len(want) == 0 || !strings.HasPrefix(strings.Join(got, " "), strings.Join(want, " ")) {
			t.Errorf("the error record of %s has %v, %s writes %v", source[2], got, source[0], want)
		}
	}
}

// TestLogPointsToAHeading: the log sends operators to a section of a page by its name.
func TestLogPointsToAHeading(t *testing.T) {
	found := 0
	for _, f := range tree(t) {
		if f.test || !f.in("cmd", "config", "consumer", "partition", "sink") {
			continue
		}
		for _, m := range regexp.MustCompile(`see \\"([^"\\]+)\\" in ([a-zA-Z/-]+\.md)`).FindAllStringSubmatch(read(t, f.name), -1) {
			found++
			if !headings(t, m[2])[slug(m[1])] {
				t.Errorf("%s points to %q, which %s does not have", f.name, m[1], m[2])
			}
		}
	}
	if found == 0 {
		t.Error("no such log line any more: take this test out")
	}
}
