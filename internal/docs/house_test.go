package docs

import (
	"go/ast"
	"testing"
)

// maxLines is how long a file may be that is no test.
const maxLines = 500

// longer are files that may be longer, each with its reason.
var longer = map[string]string{}

func TestFilesAreShort(t *testing.T) {
	long := map[string]bool{}
	for _, f := range tree(t) {
		if f.test || f.lines <= maxLines {
			continue
		}
		long[f.name] = true
		if longer[f.name] == "" {
			t.Errorf("%s has %d lines, more than %d: split it by what its parts do, or give a reason in this test", f.name, f.lines, maxLines)
		}
	}
	for name := range longer {
		if !long[name] {
			t.Errorf("%s has no more than %d lines: take it out of this test", name, maxLines)
		}
	}
}

// TestNothingSleeps: a sleep can not be ended by a signal. Timers in a select can.
func TestNothingSleeps(t *testing.T) {
	files := 0
	for _, f := range tree(t) {
		if f.test || !f.in("config", "consumer", "sink", "partition", "cmd", "internal/demo", "internal/httpserver") {
			continue
		}
		files++
		local, imported := f.imports(t)["time"]
		if !imported {
			continue
		}
		if local == "" {
			local = "time"
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" {
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == local {
					t.Errorf("%s calls time.Sleep: wait for a timer and the context", f.name)
				}
			}
			return true
		})
	}
	if files == 0 {
		t.Error("no files looked at")
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	described := map[string]bool{}
	for _, f := range tree(t) {
		if f.test || f.dir() == "." {
			continue
		}
		described[f.dir()] = described[f.dir()] || f.Doc != nil && f.Name.Name != "" && len(f.Doc.Text()) > 80
	}
	for dir, ok := range described {
		if !ok {
			t.Errorf("package %s has no doc comment that says what it is for", dir)
		}
	}
}
