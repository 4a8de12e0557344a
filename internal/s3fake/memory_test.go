package s3fake

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestFoldersInMemory(t *testing.T) {
	m := newMemory()
	for _, name := range []string{"a", "a/b", "a/b/1", "a/b/2/3", "a/bc", "d/e/f", "d/e/g"} {
		if _, err := m.write(name, strings.NewReader(name)); err != nil {
			t.Fatal(err)
		}
	}
	want := func(names ...string) {
		t.Helper()
		if got := slices.Sorted(maps.Keys(m.files)); !slices.Equal(got, names) {
			t.Errorf("files %q, want %q", got, names)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(m.removeAll("a/b"))
	want("a", "a/b", "a/bc", "d/e/f", "d/e/g")
	do(m.rename("d/e/f", "h/f"))
	do(m.removeAll("d"))
	want("a", "a/b", "a/bc", "h/f")
	for _, name := range []string{"a/b", "a/bc", "a", "h/f", "h/f"} {
		do(m.remove(name))
	}
	want()
	if len(m.folders) > 0 {
		t.Errorf("folders %v are left", m.folders)
	}
}
