package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// fault is what can be wrong with a line or an object.
type fault string

const (
	unreadable   fault = "objects that can not be read to their end"
	stray        fault = "files that belong to no output"
	notJSON      fault = "lines that are not one JSON value in UTF-8"
	unknown      fault = "lines of no record that was put"
	altered      fault = "values that were changed on the way"
	misplaced    fault = "values in the wrong output"
	wrongHour    fault = "values in another hour than that of their arrival"
	miscounted   fault = "counts of calls per user and hour that are not the truth"
	badErrorLine fault = "error lines with a wrong time, place or no reason"
)

const examplesEach = 3

// findings is what an audit has found.
type findings struct {
	Objects, ErrorObjects, Journals int
	Lines, ErrorLines               int
	Bytes                           int64 // of all objects, journals apart

	Put       int // user records
	Delivered int // those whose lines are all in the data output
	Rejected  int // those in the error output
	Lost      int // those of which at least one line is nowhere
	Doubled   int // those of which at least one line is there more than once

	Calls map[metered]int // rows of an access log, by user and hour

	Faults   map[fault]int
	Examples map[fault][]string

	Samples      []string // lines of the data output, of different kinds
	ErrorSamples []string
}

// exact says whether every record is there once, unchanged, in its place.
func (f *findings) exact() bool {
	return f.Lost == 0 && f.Doubled == 0 && len(f.Faults) == 0 && f.Delivered+f.Rejected == f.Put
}

// auditor reads the folder of a bucket and counts what is in it against what was put. It goes by the bytes of the
// files alone.
type auditor struct {
	folder string
	truth  *truth
	found  findings
	seen   []count // by value
}

type count struct{ data, errors uint8 }

func newAuditor(folder string, truth *truth) *auditor {
	return &auditor{folder: folder, truth: truth, found: findings{Calls: map[metered]int{}, Faults: map[fault]int{}, Examples: map[fault][]string{}}}
}

// audit reads everything there is.
func audit(folder string, truth *truth) (*findings, error) {
	a := newAuditor(folder, truth)
	if err := a.walk(nil); err != nil {
		return nil, err
	}
	a.conclude()
	return &a.found, nil
}

// walk reads the files that are not in known yet, and adds them to it. A nil known reads all.
func (a *auditor) walk(known map[string]bool) error {
	err := filepath.WalkDir(a.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if known != nil && errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		if d.IsDir() || known[path] {
			return nil
		}
		if known != nil {
			known[path] = true
		}
		rel, err := filepath.Rel(a.folder, path)
		if err != nil {
			return err
		}
		a.file(path, filepath.ToSlash(rel))
		return nil
	})
	if err != nil {
		return fmt.Errorf("read folder %s: %w", a.folder, err)
	}
	return nil
}

func (a *auditor) file(path, key string) {
	switch {
	case strings.HasPrefix(key, journalFolder):
		a.found.Journals++
		return
	case strings.HasPrefix(key, a.truth.dataFolder()):
		a.found.Objects++
	case strings.HasPrefix(key, errorsFolder):
		a.found.ErrorObjects++
	default:
		a.fault(stray, key)
		return
	}
	if info, err := os.Stat(path); err == nil {
		a.found.Bytes += info.Size()
	}
	if err := a.object(path, key); err != nil {
		a.fault(unreadable, fmt.Sprintf("%s: %v", key, err))
	}
}

func (a *auditor) fault(f fault, example string) {
	a.found.Faults[f]++
	if len(a.found.Examples[f]) < examplesEach {
		a.found.Examples[f] = append(a.found.Examples[f], example)
	}
}

// saw counts a value and says whether it was there before.
func (a *auditor) saw(number uint32, inErrors bool) {
	if n := int(number) + 1 - len(a.seen); n > 0 {
		a.seen = append(a.seen, make([]count, n)...)
	}
	c := &a.seen[number]
	n := &c.data
	if inErrors {
		n = &c.errors
	}
	*n = min(*n, 254) + 1
}

// conclude turns the counts of values into counts of records.
func (a *auditor) conclude() {
	a.truth.mu.Lock()
	defer a.truth.mu.Unlock()
	a.meter()
	values := a.truth.values
	a.seen = append(a.seen, make([]count, max(0, len(values)-len(a.seen)))...)
	f := &a.found
	for i := 0; i < len(values); {
		record := values[i]
		f.Put++
		lost, doubled, inPlace := false, false, true
		for ; i < len(values) && values[i].record == record.record; i++ {
			c := a.seen[i]
			all, right := int(c.data)+int(c.errors), c.data
			if record.rejected {
				right = c.errors
			}
			lost = lost || all == 0
			doubled = doubled || all > 1
			inPlace = inPlace && right > 0
		}
		switch {
		case lost:
			f.Lost++
		case inPlace && record.rejected:
			f.Rejected++
		case inPlace:
			f.Delivered++
		}
		if doubled {
			f.Doubled++
		}
	}
}

// present is how many records, by their first values, are in the data and in the error output.
func (a *auditor) present() (data, errors int) {
	a.truth.mu.Lock()
	defer a.truth.mu.Unlock()
	for i, c := range a.seen {
		if !a.truth.values[i].leading {
			continue
		}
		if c.data > 0 {
			data++
		}
		if c.errors > 0 {
			errors++
		}
	}
	return data, errors
}

// hourOf reads the hour that a key files its records under.
func hourOf(key string) (time.Time, error) {
	parts := strings.Split(key, "/")
	at := slices.IndexFunc(parts, func(p string) bool { return strings.HasPrefix(p, "year=") })
	if at < 0 || at+4 >= len(parts) {
		return time.Time{}, fmt.Errorf("no hour in key %s", key)
	}
	return time.Parse("year=2006/month=01/day=02/hour=15", strings.Join(parts[at:at+4], "/"))
}
