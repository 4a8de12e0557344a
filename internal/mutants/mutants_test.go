package mutants

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// Every mutant must fit the code as it is now, and still be Go.
func TestEveryMutantApplies(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range All() {
		if seen[m.Name] {
			t.Errorf("two mutants are called %q", m.Name)
		}
		seen[m.Name] = true
		if m.Why == "" {
			t.Errorf("mutant %q does not say what goes wrong", m.Name)
		}
		if m.Killer != "" && !isTest(t, m.Killer) {
			t.Errorf("mutant %q is to be caught by %s, which is no test of internal/endtoend", m.Name, m.Killer)
		}
		changed, err := Apply(root, m)
		if err != nil {
			t.Error(err)
			continue
		}
		for file, text := range changed {
			if _, err := parser.ParseFile(token.NewFileSet(), file, text, 0); err != nil {
				t.Errorf("mutant %q: %v", m.Name, err)
			}
		}
	}
}

// Each rule has a mutant that must be caught, and so has each guard that is not the only one.
func TestEveryRuleHasAMutant(t *testing.T) {
	for rule := 1; rule <= 18; rule++ {
		if !slices.ContainsFunc(All(), func(m Mutant) bool { return m.Rule == rule && m.Guarded == "" }) {
			t.Errorf("no mutant of rule %d must be caught", rule)
		}
	}
}

// All of them fit into one program, which Go compiles.
func TestMutantsCompile(t *testing.T) {
	if raced || testing.Short() {
		t.Skip("compiles the program anew: `make measured` runs this")
	}
	build(t)
}

// isTest says whether a pattern is that of a test, by its name or the beginning of it.
func isTest(t *testing.T, pattern string) bool {
	name, _, _ := strings.Cut(strings.Trim(pattern, "^$"), "/")
	files, err := filepath.Glob(root + "/internal/endtoend/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(text), "\nfunc "+strings.TrimSuffix(name, "$")+"(t *testing.T)")
	})
}
