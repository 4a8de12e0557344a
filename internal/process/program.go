package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Root is the repository's folder. Tests run in their package's folder, which is somewhere below it.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("look for the repository: there is no go.mod in this folder nor in one above")
		}
		dir = parent
	}
}

// Build makes the program standpipe in dir and gives its path. Flags are more ones of go build.
func Build(t testing.TB, dir string, flags ...string) string {
	t.Helper()
	top, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "standpipe")
	cmd := exec.CommandContext(t.Context(), "go", append(append([]string{"build", "-o", program}, flags...), "./cmd/standpipe")...)
	cmd.Dir = top
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return program
}

// Environment is what a program needs of this process's environment, and more: the AWS settings of whoever runs the
// tests are not for it.
func Environment(more ...string) []string {
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "JAVA_HOME", "SYSTEMROOT"} {
		if value, ok := os.LookupEnv(name); ok {
			more = append(more, name+"="+value)
		}
	}
	return more
}

// Folder makes a folder for Launch. It is not one of the test's own: the guard removes it also when the test binary
// is killed.
func Folder() (string, error) {
	dir, err := os.MkdirTemp("", "standpipe-test-")
	if err != nil {
		return "", fmt.Errorf("make a folder for a process: %w", err)
	}
	return dir, nil
}
