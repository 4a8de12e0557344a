package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block is what stands in a document between <!-- name --> and <!-- /name -->.
func block(t *testing.T, file, name string) string {
	t.Helper()
	text := read(t, file)
	begin, end := fmt.Sprintf("<!-- %s -->\n", name), fmt.Sprintf("<!-- /%s -->", name)
	_, rest, found := strings.Cut(text, begin)
	body, _, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no block %q", file, name)
	}
	return body
}

// keep compares a block with what it is made from. UPDATE=1 writes it anew.
func keep(t *testing.T, file, name, want string) {
	t.Helper()
	got := block(t, file, name)
	if got == want {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Errorf("%s: block %q is out of date; run `UPDATE=1 go test ./internal/docs`\n got:\n%s\nwant:\n%s", file, name, got, want)
		return
	}
	begin := fmt.Sprintf("<!-- %s -->\n", name)
	text := strings.Replace(read(t, file), begin+got, begin+want, 1)
	if err := os.WriteFile(filepath.Join(root, file), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// fenced gives the bodies of a document's code blocks in a language.
func fenced(t *testing.T, file, language string) []string {
	t.Helper()
	var bodies []string
	for _, m := range regexp.MustCompile("(?ms)^```(\\S*)\n(.*?)^```$").FindAllStringSubmatch(read(t, file), -1) {
		if m[1] == language {
			bodies = append(bodies, m[2])
		}
	}
	if len(bodies) == 0 {
		t.Fatalf("%s has no block of %s", file, language)
	}
	return bodies
}
