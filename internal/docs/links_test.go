package docs

import (
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documents are the pages for people.
var documents = []string{readme, reference, operations, permissions, containers, commandsPage, formats, parquet, proof, guarantee, migration,
	"docs/architecture.md", "docs/comparison.md", "docs/faq.md", "docs/sizing.md", "docs/verify.md", "docs/replay.md", "docs/redrive.md", "docs/deploy.md", "docs/cost.md", errorsPage, crashSafety,
	"docs/performance.md", prefixes, security, stepsPage, "CONTRIBUTING.md", "CHANGELOG.md", metering,
	"examples/clicks/README.md", "examples/click-bodies/README.md", "examples/common-log/README.md"}

const (
	security = "docs/security.md"
	metering = "examples/metering/README.md"
)

func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, file := range documents {
		for _, m := range link.FindAllStringSubmatch(read(t, file), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			switch {
			case strings.Contains(target, "://"):
				continue
			case target == "":
				target = file
			default:
				target = path.Join(path.Dir(file), target)
			}
			if !exists(filepath.Join(root, filepath.FromSlash(target))) {
				t.Errorf("%s links to %s, which does not exist", file, m[1])
				continue
			}
			if anchor != "" && !headings(t, target)[anchor] {
				t.Errorf("%s links to %s, but %s has no such heading", file, m[1], target)
			}
		}
	}
}

// TestFilesNamedInCodeExist: `sink/lane.go` is that file, `lane.go` any of that name.
func TestFilesNamedInCodeExist(t *testing.T) {
	known := map[string]bool{}
	for _, f := range tree(t) {
		known[f.name], known[path.Base(f.name)] = true, true
	}
	named := 0
	for _, file := range documents {
		for _, m := range regexp.MustCompile("`([a-z_/]+\\.go)`").FindAllStringSubmatch(read(t, file), -1) {
			if named++; !known[m[1]] {
				t.Errorf("%s names %s, which does not exist", file, m[1])
			}
		}
	}
	if named == 0 {
		t.Error("no files are named")
	}
}

// headings are the anchors of a document.
func headings(t *testing.T, file string) map[string]bool {
	t.Helper()
	anchors := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(read(t, file), -1) {
		anchors[slug(m[1])] = true
	}
	return anchors
}

// slug is the anchor of a heading, as code hosts make it.
func slug(heading string) string {
	kept := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(kept, " ", "-")
}
