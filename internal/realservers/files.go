package realservers

import (
	"os"
	"path/filepath"

	"standpipe/internal/process"
)

const folder = "internal/realservers"

// locate finds a file that `make servers` fetches, by its path below this package.
func locate(name string) (string, error) {
	dir, err := process.Root()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, folder, filepath.FromSlash(name))
	_, err = os.Stat(path)
	return path, err
}

// unfetched says in words what is missing, "" when nothing is.
func unfetched(name string) string {
	if _, err := locate(name); err != nil {
		return "not fetched yet: run `make servers`"
	}
	return ""
}
