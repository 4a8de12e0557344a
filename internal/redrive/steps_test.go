package redrive

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// Lines of this form lie in buckets: they are read for ever. A line that is written otherwise must be read by the program
// before, or have a higher version.
const storedStep = `{"n":3,"at":1769860800000,"bucket":"lake","key":"errors/a\u0026b","etag":"\"e\"","taken":[0,10,20,31],"whole":true}`

func TestStepsAreWrittenAndReadAsStored(t *testing.T) {
	s := step{N: 3, At: 1769860800000, Bucket: "lake", Key: "errors/a&b", ETag: `"e"`, Taken: []int64{0, 10, 20, 31}, Whole: true}
	if got := string(s.record().Data); got != storedStep {
		t.Errorf("the line is\n%s, was\n%s\nIf an older program would do something wrong on its word, raise stepVersion (see \"Changing what is stored\" in CONTRIBUTING.md).", got, storedStep)
	}
	var read step
	if err := json.Unmarshal([]byte(storedStep), &read); err != nil || !reflect.DeepEqual(read, s) {
		t.Errorf("read as %+v, %v", read, err)
	}
	m := &remembered{objects: map[[16]byte]*known{}}
	if err := m.add(&read); err != nil || m.of("lake", "errors/a&b") == nil {
		t.Errorf("%v, %+v", err, m)
	}
}

func TestStepsOfANewerVersionAreNotGuessedAt(t *testing.T) {
	m := &remembered{objects: map[[16]byte]*known{}}
	err := m.add(&step{V: 2, N: 1, Key: "k", Taken: []int64{0, 1}})
	if err == nil || !strings.Contains(err.Error(), "step 1 has version 2 and this program knows 1") || !strings.Contains(err.Error(), "Upgrading") {
		t.Errorf("got %v", err)
	}
	if len(m.objects) != 0 || len(m.steps) != 0 {
		t.Errorf("taken: %+v", m)
	}
}
