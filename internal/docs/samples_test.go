package docs

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// TestSampleOutputsAreWhatDemoPrints holds the samples of demo's output to the texts in its source.
func TestSampleOutputsAreWhatDemoPrints(t *testing.T) {
	texts := demoTexts(t)
	if printable("Embedded Kinesis (4 shards), DynamoDB and S3 are up; 2 workers run in this process; seed 1.", texts) {
		t.Fatal("any words pass")
	}
	samples := 0
	for _, body := range append(fenced(t, readme, "text"), fenced(t, metering, "text")...) {
		if !strings.HasPrefix(body, "Embedded Kinesis (") {
			continue
		}
		samples++
		for line := range strings.Lines(body) {
			if !printable(strings.TrimSpace(line), texts) {
				t.Errorf("demo does not print %q: run it, and paste what it prints", line)
			}
		}
		if crash := strings.Contains(body, "SIGKILL"); crash != strings.Contains(body, " in the middle of a commit, ") {
			t.Error("the sample of demo --crash shows no kill in the middle of a commit")
		}
	}
	if samples != 3 {
		t.Errorf("%d samples of demo's output, want that of demo, that of demo --crash and that of demo --format parquet", samples)
	}
}

// demoTexts are the fixed words of the string literals in internal/demo: what stands between their verbs.
func demoTexts(t *testing.T) map[string]bool {
	t.Helper()
	verb := regexp.MustCompile(`%[-+# 0-9.*]*[a-zA-Z]`)
	texts := map[string]bool{}
	for _, f := range tree(t) {
		if f.test || f.dir() != "internal/demo" {
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			if _, imports := n.(*ast.ImportSpec); imports {
				return false
			}
			if e, ok := n.(ast.Expr); ok {
				if text, ok := unquoted(e); ok {
					for _, part := range verb.Split(text, -1) {
						if part = strings.TrimFunc(part, func(r rune) bool { return !letter(r) && !unicode.IsDigit(r) }); strings.ContainsFunc(part, letter) {
							texts[part] = true
						}
					}
				}
			}
			return true
		})
	}
	return texts
}

var measure = regexp.MustCompile(`^\d+[sm]?`)

// printable says whether a line is made of the texts, in the singular or plural, with only numbers and punctuation
// between them.
func printable(line string, texts map[string]bool) bool {
	for line != "" {
		if n := len(measure.FindString(line)); n > 0 {
			line = line[n:]
			continue
		}
		if r := []rune(line)[0]; !letter(r) {
			line = line[len(string(r)):]
			continue
		}
		longest := 0
		for text := range texts {
			for _, form := range []string{text, text + "s"} {
				rest, ok := strings.CutPrefix(line, form)
				if ok && len(form) > longest && (rest == "" || !letter([]rune(rest)[0])) {
					longest = len(form)
				}
			}
		}
		if longest == 0 {
			return false
		}
		line = line[longest:]
	}
	return true
}

func letter(r rune) bool { return unicode.IsLetter(r) }
