package realservers

import (
	"errors"
	"os"
	"path/filepath"
)

const folder = "internal/realservers"

// root is the repository's folder. Tests run in their package's folder, which is somewhere below it.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, folder, "package-lock.json")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("look for " + folder + ": it is not in this folder nor in one above")
		}
		dir = parent
	}
}

// locate finds a file that `make servers` fetches, by its path below this package.
func locate(name string) (string, error) {
	dir, err := root()
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

// environment is what a program needs of this process's environment, and more: the AWS settings of whoever runs the
// tests are not for it.
func environment(more ...string) []string {
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "JAVA_HOME", "SYSTEMROOT"} {
		if value, ok := os.LookupEnv(name); ok {
			more = append(more, name+"="+value)
		}
	}
	return more
}
