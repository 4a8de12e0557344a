package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// FuzzLoad reads arbitrary bytes as a file and as a variable: no panic, no
// error that is not Problems, no control character in a message, and the same
// answer twice.
func FuzzLoad(f *testing.F) {
	for _, kind := range []string{"good", "bad"} {
		files, err := filepath.Glob(filepath.Join("..", "testdata", "config", kind, "*.yaml"))
		if err != nil || len(files) == 0 {
			f.Fatalf("list %s files: %v", kind, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data, "STANDPIPE_OUTPUTS_0_BUCKET=lake")
		}
	}
	f.Add([]byte("a: &a [*a]"), "STANDPIPE_\x00=x")
	f.Add([]byte("outputs: [null, {bucket: a}]"), "STANDPIPE_OUTPUTS_1_NAME=a=b")
	f.Fuzz(func(t *testing.T, data []byte, env string) {
		src := Source{File: "fuzz.yaml", Env: []string{env}}
		c, err := load(src, data)
		var ps Problems
		if err != nil && !errors.As(err, &ps) {
			t.Fatalf("an error that is no Problems: %v", err)
		}
		for _, p := range ps {
			if i := strings.IndexFunc(p.String(), unicode.IsControl); i >= 0 {
				t.Errorf("a control character at %d of %q", i, p.String())
			}
		}
		if err == nil && (c.Stream.Name == "" || len(c.Outputs) == 0 || c.Journal.Prefix == "" || c.Errors.Bucket == "") {
			t.Errorf("passes without a stream, output, journal or error bucket: %+v", c)
		}
		c.Warnings()
		if _, again := load(src, data); (again == nil) != (err == nil) || err != nil && again.Error() != err.Error() {
			t.Errorf("first %v\nthen %v", err, again)
		}
	})
}

func TestLongBrokenFileKeepsTheLineOfTheParser(t *testing.T) {
	data := "stream: {name: clicks}\nlog: {level: \"info\n" + strings.Repeat("# a comment that makes the file long\n", 5000)
	_, err := load(Source{File: "long.yaml"}, []byte(data))
	if err == nil || !strings.HasPrefix(err.Error(), "long.yaml: is not YAML: line ") {
		t.Errorf("got %v", err)
	}
}
