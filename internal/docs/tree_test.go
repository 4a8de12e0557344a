package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// root is the repository as seen from this package.
const root = "../.."

const module = "standpipe"

// source is a Go file of this module.
type source struct {
	name  string // from the root, with slashes
	test  bool
	lines int
	*ast.File
}

func (s source) dir() string { return path.Dir(s.name) }

// in says whether the file is in one of the folders or below.
func (s source) in(folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return s.dir() == f || strings.HasPrefix(s.name, f+"/") })
}

// imports gives the local name of each imported package by its path; "" where the file does not choose one.
func (s source) imports(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, spec := range s.Imports {
		pkg, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		found[pkg] = ""
		if spec.Name != nil {
			found[pkg] = spec.Name.Name
		}
	}
	return found
}

// tree gives every Go file of the module.
func tree(t *testing.T) []source {
	t.Helper()
	all, err := parsed()
	if err != nil || len(all) < 100 {
		t.Fatalf("walk the tree: %v, %d Go files", err, len(all))
	}
	return all
}

var parsed = sync.OnceValues(parse)

func parse() (all []source, err error) {
	err = filepath.WalkDir(root, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, at)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		switch {
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules" || exists(filepath.Join(at, "go.mod"))):
			return fs.SkipDir // not of this module
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		text, err := os.ReadFile(at)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, source{name, strings.HasSuffix(name, "_test.go"), strings.Count(string(text), "\n"), file})
		return nil
	})
	return all, err
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// read gives a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// unquoted is the value of a string literal.
func unquoted(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}
