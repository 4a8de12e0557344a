package demo

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func touch(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestFormerDemosFolderIsEmptied(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "demo")
	release, err := claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	release()
	touch(t, filepath.Join(dir, bucket, "clicks", "x.gz"))
	touch(t, filepath.Join(dir, "logs", "worker-1.log"))
	touch(t, filepath.Join(dir, "notes.txt"))
	if release, err = claim(dir); err != nil {
		t.Fatal(err)
	}
	defer release()
	if exists(filepath.Join(dir, bucket)) || exists(filepath.Join(dir, "logs", "worker-1.log")) {
		t.Error("the former demo's files are still there")
	}
	if !exists(filepath.Join(dir, "notes.txt")) {
		t.Error("a file that no demo made is gone")
	}
}

func TestForeignFolderIsRefused(t *testing.T) {
	dir := t.TempDir()
	touch(t, filepath.Join(dir, bucket, "thesis.txt"))
	_, err := claim(dir)
	want := "use folder " + dir + ": it is not empty, and no former demo made it; name another one with --dir, or empty it yourself"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if !exists(filepath.Join(dir, bucket, "thesis.txt")) {
		t.Error("its files are gone")
	}
}

func TestFolderOfARunningDemoIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no locks there")
	}
	dir := t.TempDir()
	release, err := claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := claim(dir); err == nil || !strings.Contains(err.Error(), "another demo is running in it") {
		t.Errorf("got %v", err)
	}
	release()
	if release, err = claim(dir); err != nil {
		t.Fatal(err)
	}
	release()
}

func TestFileInPlaceOfFolderIsOneSentence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	touch(t, file)
	_, err := claim(filepath.Join(file, "demo"))
	want := "write to folder " + filepath.Join(file, "demo") + ": not a directory; name another folder with --dir"
	if err == nil || runtime.GOOS != "windows" && err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestOnlyAFullDiskIsToldToBeEmptied(t *testing.T) {
	for cause, want := range map[error]string{
		syscall.EACCES: "name another folder with --dir",
		syscall.ENOSPC: "free some space there, or name another folder with --dir",
		syscall.EDQUOT: "free some space there, or name another folder with --dir",
	} {
		err := unwritable("demo", &os.PathError{Op: "open", Path: "demo/x", Err: cause})
		if got := err.Error(); got != "write to folder demo: "+cause.Error()+"; "+want {
			t.Errorf("got %s", got)
		}
	}
}

// TestServerErrorsAreTheDisksOnlyIfTheDiskFails has an S3 server that answers 500 over a folder that can be written,
// then over one that is gone.
func TestServerErrorsAreTheDisksOnlyIfTheDiskFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	status := http.StatusInternalServerError
	g := &diskGuard{dir: dir, failed: make(chan struct{}), next: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })}
	s := &servers{guard: g, failed: g.failed}
	ask := func() {
		g.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPut, "/lake/x", strings.NewReader("x")))
	}
	ask()
	if err := s.full(); err != nil {
		t.Fatalf("got %v although the folder can be written", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("the probe left %v, error %v", left, err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	status = http.StatusNotFound
	ask()
	if err := s.full(); err != nil {
		t.Errorf("got %v after a 404", err)
	}
	status = http.StatusInternalServerError
	ask()
	ask()
	if err := s.full(); !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "write to folder "+dir+": ") {
		t.Errorf("got %v", err)
	}
}
