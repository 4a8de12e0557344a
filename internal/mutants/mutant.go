package mutants

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Mutant is a mistake in the program.
type Mutant struct {
	Name  string // its rule first
	Rule  int    // of the commit protocol; 0 for what the rules take for granted
	Edits []Edit
	Why   string // what goes wrong
	// Guarded, when not empty, says what else guards the same: alone the mistake may stay without consequence, and
	// nothing demands that it is caught. Where the program itself has the other guards, a mutant whose Of names this
	// one takes them away too.
	Guarded string
	// Killer is the test that catches it, where chance would take long: a pattern as for go test -run. Those without are
	// left to the simulation.
	Killer string
	Of     []string // the mutants that this one is made of; their Edits come before its own
}

// Edit replaces a text that stands exactly once in a file.
type Edit struct {
	File     string // below the root of the repository, with slashes
	Old, New string
}

// All lists every mutant, in the order of the rules.
func All() []Mutant {
	return slices.Concat(leaseRules, intentRules, carryOutRules, undoRules, reading, together)
}

// Apply gives the changed files of a mutant, by their paths below root. It fails when a text that is to be
// replaced does not stand exactly once in its file: then the code has changed, and the mutant must follow.
func Apply(root string, m Mutant) (map[string]string, error) {
	changed := map[string]string{}
	edits, err := m.edits()
	if err != nil {
		return nil, err
	}
	for _, e := range edits {
		text, ok := changed[e.File]
		if !ok {
			b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(e.File)))
			if err != nil {
				return nil, fmt.Errorf("apply mutant %q: %w", m.Name, err)
			}
			text = string(b)
		}
		if n := strings.Count(text, e.Old); n != 1 {
			return nil, fmt.Errorf("apply mutant %q: the text to replace stands %d times in %s instead of once: bring internal/mutants up to date with the code\n%s", m.Name, n, e.File, e.Old)
		}
		changed[e.File] = strings.Replace(text, e.Old, e.New, 1)
	}
	return changed, nil
}

func (m Mutant) edits() ([]Edit, error) {
	var edits []Edit
	for _, name := range m.Of {
		i := slices.IndexFunc(All(), func(o Mutant) bool { return o.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("apply mutant %q: there is no mutant %q", m.Name, name)
		}
		edits = append(edits, All()[i].Edits...)
	}
	return append(edits, m.Edits...), nil
}
