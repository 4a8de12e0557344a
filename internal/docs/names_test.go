package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const endtoend = "internal/endtoend"

// testName finds tests in prose, with the parts of a sub-test behind slashes.
var testName = regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark)[A-Z]\w*(?:/[\w-]+)*`)

// subtests tells how the sub-tests of a test are named, from the lists in its body. A test that is not here
// has none that a document may name.
var subtests = map[string]func(lists) []string{
	"TestCrashes": func(l lists) (names []string) {
		for _, step := range l["steps"] {
			for _, fault := range l["faults"] {
				names = append(names, step+"/"+fault)
			}
		}
		return names
	},
	"TestCompletionArrivesDuringAnUndo": func(l lists) (names []string) {
		for _, moment := range l["moment"] {
			for _, when := range l["when"] {
				names = append(names, when+" "+moment)
			}
		}
		return names
	},
	"TestAdvanceWakesUpDuringAndAfterAnUndo": func(l lists) []string { return l["moment"] },
	"TestAnswersThatDecideNothing":           func(l lists) []string { return l["cases"] },
	"TestBatchWithEndsOnly":                  func(l lists) []string { return l["kind"] },
}

func TestTestsNamedInDocumentsExist(t *testing.T) {
	tests := map[string]*ast.FuncDecl{}
	for _, f := range tree(t) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && f.test && fn.Recv == nil {
				tests[fn.Name.Name] = fn
			}
		}
	}
	strangers, err := filepath.Glob(filepath.Join(root, "internal/strangers/*/*_test.go")) // in modules of their own
	if err != nil || len(strangers) == 0 {
		t.Fatalf("find the tests of other modules: %v", err)
	}
	for _, name := range strangers {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				tests[fn.Name.Name] = fn
			}
		}
	}
	named := 0
	for _, file := range documents {
		for _, name := range testName.FindAllString(read(t, file), -1) {
			named++
			top, sub, deep := strings.Cut(name, "/")
			switch fn := tests[top]; {
			case fn == nil:
				t.Errorf("%s names %s, which does not exist", file, name)
			case !deep:
			case subtests[top] == nil:
				t.Errorf("%s names %s: say in this test how the sub-tests of %s are named", file, name, top)
			case !oneOf(subtests[top](listsOf(fn)), sub):
				t.Errorf("%s names %s, but %s has no sub-test %s", file, name, top, sub)
			}
		}
	}
	if named == 0 {
		t.Error("no tests are named")
	}
}

// TestEveryStepIsInTheCrashTable: a step of the protocol that is tested has its row in docs/crash-safety.md.
func TestEveryStepIsInTheCrashTable(t *testing.T) {
	text := read(t, crashSafety)
	steps := 0
	for _, f := range tree(t) {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || f.dir() != endtoend || fn.Name.Name != "TestCrashes" {
				continue
			}
			for _, step := range listsOf(fn)["steps"] {
				steps++
				if !strings.Contains(text, "TestCrashes/"+underscored(step)+"/") {
					t.Errorf("no row of %s names TestCrashes/%s", crashSafety, underscored(step))
				}
			}
		}
	}
	if steps == 0 {
		t.Error("no steps found")
	}
}

func oneOf(names []string, sub string) bool {
	for _, n := range names {
		if underscored(n) == sub {
			return true
		}
	}
	return false
}

// underscored is a sub-test's name as the go tool prints it.
func underscored(name string) string { return strings.ReplaceAll(name, " ", "_") }

// lists are the names in a test's tables: by variable the strings of a literal, or the keys of a map, and
// those that a range runs over. A struct with `true` behind its name has undo/ in front of it.
type lists map[string][]string

func listsOf(fn *ast.FuncDecl) lists {
	found := lists{}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if v, ok := left.(*ast.Ident); ok && n.Tok == token.DEFINE && i < len(n.Rhs) {
					found.add(v.Name, n.Rhs[i])
				}
			}
		case *ast.RangeStmt:
			if v, ok := n.Value.(*ast.Ident); ok {
				found.add(v.Name, n.X)
			}
		}
		return true
	})
	return found
}

func (l lists) add(name string, e ast.Expr) {
	table, ok := e.(*ast.CompositeLit)
	if !ok {
		return
	}
	for _, el := range table.Elts {
		prefix := ""
		switch v := el.(type) {
		case *ast.KeyValueExpr:
			el = v.Key
		case *ast.CompositeLit:
			if len(v.Elts) == 0 {
				continue
			}
			el = v.Elts[0]
			if last, ok := v.Elts[len(v.Elts)-1].(*ast.Ident); ok && last.Name == "true" {
				prefix = "undo/"
			}
		}
		if text, ok := unquoted(el); ok {
			l[name] = append(l[name], prefix+text)
		}
	}
}
