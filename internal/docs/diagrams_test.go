package docs

import (
	"strings"
	"testing"
)

// TestDiagramsAreWhole: to Mermaid a semicolon ends a statement, so that what stands behind one in a label is lost, or
// breaks the diagram.
func TestDiagramsAreWhole(t *testing.T) {
	blocks := fenced(t, "docs/architecture.md", "mermaid")
	for _, body := range blocks {
		kind, _, _ := strings.Cut(body, "\n")
		switch strings.Fields(kind)[0] {
		case "flowchart", "sequenceDiagram", "stateDiagram-v2":
		default:
			t.Errorf("a diagram begins with %q: no kind that was looked at", kind)
		}
		for line := range strings.Lines(body) {
			if strings.Contains(line, ";") {
				t.Errorf("a semicolon in a diagram: %s", line)
			}
		}
	}
}
