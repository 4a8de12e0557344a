package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Values of partition keys make object keys that are no names of files. Try shows these objects as any other.
func TestTryShowsObjectsWhoseKeysAreNoFileNames(t *testing.T) {
	dir := t.TempDir()
	file, sample := filepath.Join(dir, "standpipe.yaml"), filepath.Join(dir, "sample.ndjson")
	for name, text := range map[string]string{
		file: `stream: {name: clicks, region: eu-west-1}
steps: [{partition_keys: "{k: .k}"}]
outputs: [{name: raw, bucket: lake, prefix: "clicks/k=!{partitionKeyFromQuery:k}/"}]
`,
		sample: `{"k":"12:00"}` + "\n" + `{"k":"/x/"}` + "\n" + `{"k":"a"}` + "\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := execute(t, nil, "try", "-c", file, sample)
	if r.code != exitOK {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
	for _, want := range []string{"k=12:00/", "k=/x//", "k=a/", "    " + `{"k":"12:00"}`, "    " + `{"k":"/x/"}`, "    " + `{"k":"a"}`} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("%q is missing in:\n%s", want, r.stdout)
		}
	}
}
