package vulncheck

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The script runs with a stand-in for the go command that answers as govulncheck does.
func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		code   string
		ok     bool
		says   string
	}{
		"nothing found":         {"No vulnerabilities found.", "0", true, "checked: No vulnerabilities found."},
		"found":                 {"Vulnerability #1: GO-2026-0001", "3", false, "failed: vulnerabilities are found"},
		"no database":           {"govulncheck: fetching vulnerabilities: Get \"https://vuln.go.dev/index/modules.json.gz\": dial tcp: no route", "1", true, "not checked: the vulnerability database at https://vuln.go.dev does not answer: govulncheck: fetching"},
		"code that fails":       {"govulncheck: loading packages: there are errors", "1", false, "failed: govulncheck ends with code 1"},
		"killed":                {"", "137", false, "failed: govulncheck ends with code 137"},
		"tool is not in go.mod": {"go: no such tool \"govulncheck\"", "2", false, "failed: govulncheck ends with code 2"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			script := "#!/bin/sh\n[ \"$1 $2 $3 $4 $5\" = \"tool govulncheck -db https://vuln.go.dev ./...\" ] || exit 99\ncat <<'END'\n" + c.answer + "\nEND\nexit " + c.code + "\n"
			if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("bash", "vulncheck.sh")
			cmd.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "VULN_DB=")
			out, err := cmd.CombinedOutput()
			if (err == nil) != c.ok || !strings.Contains(string(out), c.says) {
				t.Errorf("ended with %v: %s", err, out)
			}
		})
	}
}
