package containers

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ignored says whether .dockerignore keeps a path out: the last pattern that matches it or a folder above it decides.
// Known are the forms that the file uses: a path, a leading **/, * within a name, ! for an exception.
// https://docs.docker.com/build/concepts/context/#dockerignore-files
func ignored(patterns []string, name string) bool {
	out := false
	for _, p := range patterns {
		p, exception := strings.CutPrefix(p, "!")
		for part := name; part != "."; part = path.Dir(part) {
			if matches(p, part) {
				out = !exception
				break
			}
		}
	}
	return out
}

func matches(pattern, name string) bool {
	if tail, anywhere := strings.CutPrefix(pattern, "**/"); anywhere {
		pattern, name = tail, path.Base(name)
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

func ignorePatterns(t *testing.T) (patterns []string) {
	t.Helper()
	for line := range strings.Lines(read(t, ".dockerignore")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			patterns = append(patterns, line)
		}
	}
	return patterns
}

// buildContext copies what Docker would send to the builder.
func buildContext(t *testing.T) string {
	t.Helper()
	patterns, to := ignorePatterns(t), t.TempDir()
	for _, name := range sent(t, patterns) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(to, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// sent lists the files that are not ignored.
func sent(t *testing.T, patterns []string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, at)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		switch {
		case name == ".":
		case d.IsDir() && ignored(patterns, name) && (d.Name() == ".git" || d.Name() == "node_modules"):
			return fs.SkipDir // no exception leads below them
		case !d.IsDir() && !ignored(patterns, name):
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestContextHoldsTheProgramAlone(t *testing.T) {
	files := sent(t, ignorePatterns(t))
	for _, want := range []string{"go.mod", "go.sum", "cmd/standpipe/main.go", "internal/httpserver/server.go"} {
		if !slices.Contains(files, want) {
			t.Errorf("%s is not sent to the builder", want)
		}
	}
	embedded := []string{ // by the program itself
		"internal/cost/prices.yaml", "partition/zones.tsv", "internal/statuspage/page/page.css", "internal/statuspage/page/page.html", "internal/statuspage/page/page.js",
	}
	for _, want := range embedded {
		if !slices.Contains(files, want) {
			t.Errorf("%s is not sent to the builder", want)
		}
	}
	for _, name := range files {
		if slices.Contains(embedded, name) {
			continue
		}
		if ext := path.Ext(name); ext != ".go" && ext != ".mod" && ext != ".sum" || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "internal/realservers/") {
			t.Errorf("%s is sent to the builder", name)
		}
	}
}

func TestIgnorePatterns(t *testing.T) {
	patterns := []string{"*", "!a", "**/*_test.go", "a/b"}
	for name, want := range map[string]bool{"x": true, "x/y": true, "a": false, "a/c/d.go": false, "a/c/d_test.go": true, "a/b": true, "a/b/c": true, "d_test.go": true} {
		if got := ignored(patterns, name); got != want {
			t.Errorf("%s: ignored %v", name, got)
		}
	}
}

// TestNothingWritesFiles: the container's file system may be read-only. Only demo, try and import write, which are not for
// containers.
func TestNothingWritesFiles(t *testing.T) {
	writes := []string{"Create", "CreateTemp", "Mkdir", "MkdirAll", "MkdirTemp", "OpenFile", "Rename", "Symlink", "WriteFile"}
	files := 0
	for _, name := range sent(t, ignorePatterns(t)) {
		dir := path.Dir(name)
		if path.Ext(name) != ".go" || strings.HasPrefix(dir, "internal/") && dir != "internal/httpserver" || name == "cmd/standpipe/import.go" {
			continue
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && slices.Contains(writes, sel.Sel.Name) {
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "os" {
					t.Errorf("%s calls os.%s", name, sel.Sel.Name)
				}
			}
			return true
		})
	}
	if files < 50 {
		t.Errorf("%d files looked at", files)
	}
}
