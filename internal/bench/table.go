package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// bench is what all cases share.
type bench struct {
	self    string // this program
	dir     string // for what the cases need while they run
	mb      int64
	seconds int
	programs
}

// programs are the files of what is measured: standpipe, and loops of the SDK of go.mod and of former.mod.
type programs struct{ standpipe, loop, former string }

// newBench builds the programs into a folder.
func newBench(ctx context.Context, dir string) (*bench, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	b := &bench{self: self, dir: dir, programs: programs{filepath.Join(dir, "standpipe"), filepath.Join(dir, "loop"), filepath.Join(dir, "former")}}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module: %w", err)
	}
	former := filepath.Join(strings.TrimSpace(string(root)), "internal", "bench", "former.mod")
	for _, args := range [][]string{
		{b.standpipe, "standpipe/cmd/standpipe"}, {b.loop, "standpipe/internal/bench/sdkloop"}, {b.former, "-modfile", former, "standpipe/internal/bench/sdkloop"},
	} {
		if out, err := exec.CommandContext(ctx, "go", append([]string{"build", "-o"}, args...)...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", filepath.Base(args[0]), err, out)
		}
	}
	return b, nil
}

// A table has a row for each of its cases.
type table struct {
	name  string // of its place in a document
	intro string
	head  string // two lines of Markdown
	cases []benchCase
	row   func(context.Context, benchCase) (cells string, err error)
}

// print measures the cases whose name contains a text, row by row. Unless doc is empty the table, if it is whole, takes its
// place there.
func (t table) print(ctx context.Context, w io.Writer, only, doc string) error {
	if !slices.ContainsFunc(t.cases, func(c benchCase) bool { return strings.Contains(c.Name, only) }) {
		return nil
	}
	out := t.head
	if _, err := fmt.Fprintf(w, "%s\n\n%s", t.intro, t.head); err != nil {
		return err
	}
	for _, c := range t.cases {
		if !strings.Contains(c.Name, only) {
			continue
		}
		cells, err := t.row(ctx, c)
		if err != nil {
			return fmt.Errorf("case %q: %w", c.Name, err)
		}
		row := fmt.Sprintf("| %-28s | %s |\n", c.Name, cells)
		out += row
		if _, err := io.WriteString(w, row); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(w); err != nil || doc == "" || only != "" {
		return err
	}
	return replace(doc, t.name, out)
}

// replace puts a table into its place in a document.
func replace(doc, name, table string) error {
	text, err := os.ReadFile(doc)
	if err != nil {
		return err
	}
	begin, end := fmt.Sprintf("<!-- %s -->\n", name), fmt.Sprintf("<!-- /%s -->", name)
	head, rest, found := strings.Cut(string(text), begin)
	_, tail, ended := strings.Cut(rest, end)
	if !found || !ended {
		return fmt.Errorf("%s has no place for the table %q: write <!-- %s --> and <!-- /%s --> where it belongs", doc, name, name, name)
	}
	return os.WriteFile(doc, []byte(head+begin+table+end+tail), 0o600)
}
