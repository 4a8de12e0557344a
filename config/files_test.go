package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	_ "time/tzdata"
)

var update = flag.Bool("update", false, "rewrite the expected messages in testdata/config")

// TestFiles loads every file of testdata/config. A good one has no problem,
// and its warnings, if any, stand in NAME.txt; a bad one has exactly the
// problems of NAME.txt.
func TestFiles(t *testing.T) {
	for _, kind := range []string{"good", "bad"} {
		t.Run(kind, func(t *testing.T) {
			t.Chdir(filepath.Join("..", "testdata", "config", kind))
			files, err := filepath.Glob("*.yaml")
			if err != nil || len(files) == 0 {
				t.Fatalf("list %s files: %v, %d files", kind, err, len(files))
			}
			for _, file := range files {
				c, err := Load(Source{File: file})
				var got string
				if kind == "bad" {
					if err == nil {
						t.Errorf("%s: no problem found", file)
						continue
					}
					got = err.Error() + "\n"
				} else {
					if err != nil {
						t.Errorf("%s: %v", file, err)
					}
					for _, w := range c.Warnings() {
						got += w + "\n"
					}
				}
				compare(t, strings.TrimSuffix(file, ".yaml")+".txt", got)
				for _, secret := range []string{"hunter2", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI"} {
					if strings.Contains(got, secret) {
						t.Errorf("%s: shows the secret %s: %s", file, secret, got)
					}
				}
			}
		})
	}
}

// compare holds got against a file, which is absent where nothing is
// expected.
func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if got == "" {
			return
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n--- got\n%s--- want\n%s", file, got, want)
	}
}
