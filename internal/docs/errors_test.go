package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"standpipe/internal/redrive"
)

const errorsPage = "docs/errors.md"

// errorCode is how codes of error records look in the source.
var errorCode = regexp.MustCompile(`^(?:(?:Standpipe|Lambda|DataFormatConversion|DynamicPartitioning)\.[A-Za-z]+|Decompression failed\.)$`)

// TestErrorCodesAreExplained: the page has a section for each type and a row for each code that the source has, and no more.
func TestErrorCodesAreExplained(t *testing.T) {
	known := map[string]bool{}
	for _, f := range tree(t) {
		if f.test || !f.in("consumer", "sink") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, filepath.FromSlash(f.name)), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil && errorCode.MatchString(text) {
					known[text] = true
				}
			}
			return true
		})
	}
	if len(known) < 10 {
		t.Fatalf("codes in the source: %v", known)
	}
	var types []string
	rows := map[string]bool{}
	for line := range strings.Lines(read(t, errorsPage)) {
		if kind, ok := strings.CutPrefix(strings.TrimSpace(line), "## "); ok && !strings.Contains(kind, " ") {
			types = append(types, kind)
		}
		m := regexp.MustCompile("^\\| `([^`]+)` \\|.*\\|.*\\|.*\\|$").FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		if rows[m[1]] {
			t.Errorf("%s has code %s twice", errorsPage, m[1])
		}
		if rows[m[1]] = true; !known[m[1]] {
			t.Errorf("%s explains code %s, which the source does not have", errorsPage, m[1])
		}
	}
	for code := range known {
		if !rows[code] {
			t.Errorf("%s does not explain code %s", errorsPage, code)
		}
	}
	if !slices.Equal(types, redrive.Types) {
		t.Errorf("%s has sections of the types %v, redrive knows %v", errorsPage, types, redrive.Types)
	}
}
