package s3fake

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// folder is a volume in the file system. os.Root keeps every name, and every symbolic link, inside it.
type folder struct{ root *os.Root }

var _ volume = (*folder)(nil)

// openFolder makes the folder and proves that it can be written.
func openFolder(dir string) (*folder, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f := &folder{root}
	if err := f.probe(); err != nil {
		_ = root.Close()
		return nil, err
	}
	return f, nil
}

// probe also clears what a killed process left half written.
func (f *folder) probe() error {
	if err := f.removeAll(stateFolder + "/tmp"); err != nil {
		return err
	}
	if err := f.mkdir(stateFolder + "/tmp"); err != nil {
		return err
	}
	name := temporary()
	if _, err := f.write(name, strings.NewReader(strings.Repeat("space?\n", 1024))); err != nil {
		_ = f.remove(name)
		return err
	}
	return f.remove(name)
}

func (f *folder) write(name string, r io.Reader) (n int64, err error) {
	file, err := f.root.Create(name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.Copy(file, r)
}

// join copies within the kernel where it can; a single file is linked, which costs nothing.
func (f *folder) join(name string, from []string) (err error) {
	if len(from) == 1 && f.root.Link(from[0], name) == nil {
		return nil
	}
	file, err := f.root.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for _, piece := range from {
		if err := f.appendTo(file, piece); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) appendTo(file *os.File, piece string) error {
	in, err := f.root.Open(piece)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(file, in)
	return err
}

func (f *folder) open(name string) (io.ReadSeekCloser, error) {
	file, err := f.root.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

func (f *folder) rename(from, to string) error {
	if err := f.root.MkdirAll(path.Dir(to), 0o777); err != nil {
		return err
	}
	return f.root.Rename(from, to)
}

func (f *folder) remove(name string) error {
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if strings.HasPrefix(name, stateFolder+"/") {
		return nil
	}
	for dir := path.Dir(name); strings.Contains(dir, "/"); dir = path.Dir(dir) {
		if f.root.Remove(dir) != nil { // not empty
			break
		}
	}
	return nil
}

func (f *folder) removeAll(name string) error { return f.root.RemoveAll(name) }

// fits refuses a name that is a folder already, and one below a file.
func (f *folder) fits(name string) bool {
	if info, err := f.root.Lstat(name); err == nil {
		return info.Mode().IsRegular()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false // "not a directory" among them
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if info, err := f.root.Lstat(dir); err == nil {
			return info.IsDir()
		}
	}
	return true
}

func (f *folder) mkdir(name string) error { return f.root.MkdirAll(name, 0o777) }

func (f *folder) list(name string) ([]entry, error) {
	found, err := fs.ReadDir(f.root.FS(), name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list folder %s: %w", name, err)
	}
	entries := make([]entry, 0, len(found))
	for _, e := range found {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{e.Name(), e.IsDir(), info.Size()})
	}
	return entries, nil
}

func (f *folder) close() error { return f.root.Close() }
