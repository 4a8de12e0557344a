package docs

import (
	"slices"
	"strings"
	"testing"
)

// arrows are the packages of ours that a package may import. What is not listed stands below cmd, which may
// import everything, or below internal, which may import everything but cmd.
var arrows = map[string][]string{
	"config":               {},
	"partition":            {},
	"sink":                 {"standpipe/internal/awserr", "standpipe/internal/jsontext", "standpipe/internal/pause", "standpipe/internal/spoil", "standpipe/internal/tally", "standpipe/partition", "standpipe/sink/eventtime", "standpipe/sink/parquet"},
	"sink/eventtime":       {"standpipe/internal/jq", "standpipe/internal/jsontext", "standpipe/partition"},
	"sink/parquet":         {"standpipe/internal/jsontext"},
	"sink/steps":           {"standpipe/internal/awserr", "standpipe/internal/jq", "standpipe/internal/jsontext", "standpipe/partition", "standpipe/sink"},
	"sink/steps/transform": {"standpipe/internal/awserr", "standpipe/internal/jsontext", "standpipe/internal/pause", "standpipe/partition", "standpipe/sink", "standpipe/sink/steps"},
	"consumer":             {"standpipe/internal/awserr", "standpipe/internal/pause", "standpipe/internal/spoil", "standpipe/internal/tally", "standpipe/sink"},
	"internal/cost":        {"standpipe/internal/requests"},
	"internal/faults":      {},
	"internal/jsontext":    {},
	"internal/jq":          {"standpipe/internal/jsontext"},
	"internal/awserr":      {},
	"internal/pause":       {},
	"internal/spoil":       {},
	"internal/tally":       {},
	"internal/window":      {},
}

func TestImportsPointOneWay(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range tree(t) {
		for pkg := range f.imports(t) {
			if strings.HasPrefix(pkg, module+"/cmd/") {
				t.Errorf("%s imports %s: nothing imports cmd", f.name, pkg)
			}
			if f.test {
				continue // tests may use fakes and suites
			}
			if f.dir() == "partition" && (ours(pkg) || strings.Contains(strings.Split(pkg, "/")[0], ".")) {
				t.Errorf("%s imports %s: partition imports the standard library alone", f.name, pkg)
			}
			if allowed, listed := arrows[f.dir()]; listed && ours(pkg) && !slices.Contains(allowed, pkg) {
				t.Errorf("%s imports %s: of ours %s may import %v", f.name, pkg, f.dir(), allowed)
			}
		}
		seen[f.dir()] = true
		if _, listed := arrows[f.dir()]; !listed && !f.in("cmd", "internal") && f.dir() != "." {
			t.Errorf("%s: say in this test what package %s may import", f.name, f.dir())
		}
	}
	for dir := range arrows {
		if !seen[dir] {
			t.Errorf("no package %s: take it out of this test", dir)
		}
	}
}

// TestPackagesAreListed keeps CONTRIBUTING.md's table of packages whole.
func TestPackagesAreListed(t *testing.T) {
	text := read(t, "CONTRIBUTING.md")
	seen := map[string]bool{}
	for _, f := range tree(t) {
		if parts := strings.Split(f.dir(), "/"); len(parts) == 2 && parts[0] == "internal" && !seen[parts[1]] {
			seen[parts[1]] = true
			if !strings.Contains(text, "["+parts[1]+"](") && !strings.Contains(text, "["+f.dir()+"](") {
				t.Errorf("CONTRIBUTING.md does not say what %s is for", f.dir())
			}
		}
	}
}

func ours(pkg string) bool { return pkg == module || strings.HasPrefix(pkg, module+"/") }
