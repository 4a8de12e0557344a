package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const (
	bucket     = "lake"
	logsFolder = "logs"
	markerFile = ".standpipe-demo"
	markerText = "This folder was made by `standpipe demo`, which empties it when it starts again.\n"
)

// made is all that a demo puts into its folder beside the marker.
var made = []string{bucket, ".s3fake", logsFolder, meteringFile, truthFile}

// claim makes dir this demo's own until release: it creates the folder, or empties that of a former demo.
func claim(dir string) (release func(), err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, unwritable(dir, err)
		}
	case err != nil:
		return nil, unwritable(dir, err)
	}
	marker := filepath.Join(dir, markerFile)
	if _, err := os.Lstat(marker); err != nil && len(entries) > 0 {
		return nil, fmt.Errorf("use folder %s: it is not empty, and no former demo made it; name another one with --dir, or empty it yourself", dir)
	}
	f, err := os.OpenFile(marker, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, unwritable(dir, err)
	}
	if err := lock(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("use folder %s: another demo is running in it; wait for its end, or name another folder with --dir", dir)
	}
	release = func() { _ = f.Close() }
	if err := empty(dir, f); err != nil {
		release()
		return nil, unwritable(dir, err)
	}
	return release, nil
}

func empty(dir string, marker *os.File) error {
	for _, name := range made {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if _, err := marker.WriteAt([]byte(markerText), 0); err != nil {
		return err
	}
	return os.Mkdir(filepath.Join(dir, logsFolder), 0o777)
}

// unwritable is the one sentence about a folder or a disk that takes nothing.
func unwritable(dir string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	advice := "name another folder with --dir"
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		advice = "free some space there, or " + advice
	}
	return fmt.Errorf("write to folder %s: %w; %s", dir, err, advice)
}
