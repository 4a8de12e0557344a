package readers

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// reader is a program that writes the rows of files as JSON, beside each.
type reader struct {
	name    string
	needs   string   // what `make readers` leaves
	command []string // before the files
	inexact bool     // decimals are read as floating point numbers
	must    bool     // where REQUIRE_SERVERS=1
}

var all = []reader{
	{"hyparquet", "../npm/node_modules/hyparquet", []string{"node", "../npm/rows.mjs", "hyparquet"}, true, true},
	{"parquet-wasm", "../npm/node_modules/parquet-wasm", []string{"node", "../npm/rows.mjs", "parquet-wasm"}, false, true},
	{"pyarrow", "../python/.cache/fetched", []string{"../python/.cache/venv/bin/python", "../python/rows.py"}, false, false},
}

// read has the files read.
func (r reader) read(t *testing.T, files []string) {
	t.Helper()
	cmd := exec.Command(filepath.FromSlash(r.command[0]), append(r.command[1:], files...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", r.name, err, out)
	}
}

// lines gives the rows of a file that has been read.
func (r reader) lines(t *testing.T, file string) [][]byte {
	t.Helper()
	out, err := os.ReadFile(file + "." + r.name)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSuffix(out, []byte("\n")), []byte("\n"))
}

// require skips a test whose reader is not there.
func (r reader) require(t *testing.T) {
	t.Helper()
	_, err := os.Stat(filepath.FromSlash(r.needs))
	if err == nil {
		if _, err = exec.LookPath(filepath.FromSlash(r.command[0])); err == nil {
			return
		}
	}
	if r.must && os.Getenv("REQUIRE_SERVERS") == "1" {
		t.Fatalf("%s can not be run (%v): `make readers` fetches it", r.name, err)
	}
	t.Skipf("NOT RUN: %s can not be run (%v): `make readers` fetches it", r.name, err)
}
