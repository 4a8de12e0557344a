package redrive

import (
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// A long error record costs time in proportion to its length, in however small pieces it is read: looked through at every
// read, this one would take minutes.
func TestLongValueIsNotLookedThroughAtEveryRead(t *testing.T) {
	record := `{"rawData":"` + strings.Repeat("QUJD", 1<<17) + `"}`
	v := newValues(iotest.OneByteReader(strings.NewReader(record + "\n{}")))
	began := time.Now()
	got, err := v.next()
	if err != nil || got.fault != "" || string(got.data) != record {
		t.Fatalf("%d bytes, %q, %v", len(got.data), got.fault, err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	if got, err = v.next(); err != nil || string(got.data) != "{}" || got.line != 2 {
		t.Errorf("then %+v, %v", got, err)
	}
}
