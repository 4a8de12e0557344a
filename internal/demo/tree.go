package demo

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

const namesShown = 2

// folder is what tree knows of one folder.
type folder struct {
	name    string
	folders []*folder
	files   []fs.DirEntry // its own
	count   int           // with all below
	size    int64
}

// writeTree prints the folders below root with the number and size of the files below each, and a few names. A chain
// of folders with nothing else in them is one line.
func writeTree(w io.Writer, root, title string) error {
	f, err := readFolder(os.DirFS(root), ".")
	if err != nil {
		return fmt.Errorf("read folder %s: %w", root, err)
	}
	_, _ = fmt.Fprintf(w, "%s  %s\n", title, f.sum())
	f.write(w, "")
	return nil
}

func readFolder(fsys fs.FS, name string) (*folder, error) {
	entries, err := fs.ReadDir(fsys, name)
	if err != nil {
		return nil, err
	}
	f := &folder{name: path.Base(name)}
	for _, e := range entries {
		if e.IsDir() {
			sub, err := readFolder(fsys, path.Join(name, e.Name()))
			if err != nil {
				return nil, err
			}
			f.folders = append(f.folders, sub)
			f.count += sub.count
			f.size += sub.size
			continue
		}
		f.files = append(f.files, e)
		f.count++
		if info, err := e.Info(); err == nil {
			f.size += info.Size()
		}
	}
	return f, nil
}

func (f *folder) sum() string {
	if f.count == 1 {
		return "(1 file, " + bytesOf(f.size) + ")"
	}
	return fmt.Sprintf("(%s files, %s)", grouped(f.count), bytesOf(f.size))
}

func (f *folder) write(w io.Writer, indent string) {
	var lines []func(indent string)
	for _, sub := range f.folders {
		name := sub.name
		for len(sub.files) == 0 && len(sub.folders) == 1 {
			sub = sub.folders[0]
			name += "/" + sub.name
		}
		lines = append(lines, func(indent string) {
			_, _ = fmt.Fprintf(w, "%s/  %s\n", name, sub.sum())
			sub.write(w, indent)
		})
	}
	for i, e := range f.files {
		if i == namesShown && len(f.files) > namesShown+1 {
			rest := len(f.files) - i
			lines = append(lines, func(string) { _, _ = fmt.Fprintf(w, "… %s more\n", grouped(rest)) })
			break
		}
		lines = append(lines, func(string) {
			size := ""
			if info, err := e.Info(); err == nil {
				size = "  " + bytesOf(info.Size())
			}
			_, _ = fmt.Fprintf(w, "%s%s\n", e.Name(), size)
		})
	}
	for i, line := range lines {
		branch, below := "├── ", "│   "
		if i == len(lines)-1 {
			branch, below = "└── ", strings.Repeat(" ", 4)
		}
		_, _ = io.WriteString(w, indent+branch)
		line(indent + below)
	}
}
