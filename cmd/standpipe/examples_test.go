package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExamples tries each example on its sample, and compares what comes of it with its page. UPDATE=1 writes the pages
// anew.
func TestExamples(t *testing.T) {
	examples, err := filepath.Glob(filepath.Join("..", "..", "examples", "*", "standpipe.yaml"))
	if err != nil || len(examples) < 4 {
		t.Fatalf("found %v, %v", examples, err)
	}
	t.Chdir(filepath.Join("..", "..")) // the pages' commands are for the top of the tree
	for _, file := range examples {
		dir := filepath.Dir(strings.TrimPrefix(filepath.ToSlash(file), "../../"))
		t.Run(filepath.Base(dir), func(t *testing.T) { example(t, dir) })
	}
}

func example(t *testing.T, dir string) {
	page, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), "```sh\ngo run ./cmd/standpipe try ")
	command, rest, _ := strings.Cut(rest, "\n```\n")
	middle, rest, _ := strings.Cut(rest, "```text\n")
	shown, after, found := strings.Cut(rest, "```\n")
	if !ok || !found {
		t.Fatalf("the page of %s has no `go run ./cmd/standpipe try …` with its output behind it", dir)
	}
	r := execute(t, nil, append([]string{"try"}, strings.Fields(command)...)...)
	if r.code != exitOK || r.stderr != "" {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
	if instants.ReplaceAllString(r.stdout, "*") == instants.ReplaceAllString(shown, "*") {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Fatalf("the page shows:\n%s\nthe program prints:\n%s", shown, r.stdout)
	}
	page = []byte(before + "```sh\ngo run ./cmd/standpipe try " + command + "\n```\n" + middle + "```text\n" + r.stdout + "```\n" + after)
	if err := os.WriteFile(filepath.Join(dir, "README.md"), page, 0o644); err != nil {
		t.Fatal(err)
	}
}
