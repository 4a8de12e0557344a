package consumer

import (
	"fmt"
	"strings"
)

// The version of a row grows when a program that knows only the versions below would do something wrong on its word. A
// program reads all versions up to its own, and does nothing on the word of a higher one. Attributes that an older program
// may pass over come without a new version: every change of a row is an update of the attributes that it is about, so
// others stay as they are.
//
// A lease row gets a higher version only together with a higher epoch: whoever read it before is refused by that.
const (
	leaseVersion       = 1 // of rows without a version, as the KCL and all versions so far write them
	applicationVersion = 1 // likewise

	itemVersion = 2
	summedItems = 2 // from this version on a batch item has a checksum

	versionAttr = "version"
)

// rowVersion is which version a row has, and up to which this program knows rows of its kind. Heartbeats have none: their
// attributes never change their meaning, and what they say for people has a version of its own.
func rowVersion(r row) (has, known int64) {
	a := attributes{row: r}
	switch kind(r) {
	case batchKind:
		return a.number(versionAttr, 1, 0), itemVersion
	case applicationKind:
		return a.number(versionAttr, 1, 1), applicationVersion
	}
	return a.number(versionAttr, 1, 1), leaseVersion
}

// version reads the version of a row that has one, and takes one that this program does not know for a fault.
func (a *attributes) version() int64 {
	has, known := rowVersion(a.row)
	a.number(versionAttr, 1, 1)
	switch {
	case has == 0:
		a.fail("version is missing")
	case has > known:
		a.fail("version is %d, this program knows %d", has, known)
	}
	return has
}

// NewerError says that a row of the lease table was written by a newer version of this program, in a form that this one
// does not know. Nothing is done on its word; what depends on it waits for a worker that knows the form.
type NewerError struct {
	Table   string
	Key     string // of the row
	Version int64  // of the row
	Known   int64  // the highest version that this program knows
}

func (e *NewerError) Error() string {
	what := "its shard waits for a worker that knows it"
	switch {
	case strings.HasPrefix(e.Key, batchKey):
		what = "its batch waits for a worker that knows it"
	case e.Key == RedriveShard:
		what = "no error record is redriven by this version"
	case e.Key == applicationKey:
		what = "no worker of this version starts"
	}
	return fmt.Sprintf("read row %s of table %s: its version is %d and this program knows %d, so a newer Standpipe wrote it: %s: upgrade this one (see \"Upgrading\" in docs/operations.md)",
		e.Key, e.Table, e.Version, e.Known, what)
}

// unusable is the error of a row with a fault: a *NewerError if a newer version wrote it, else a *DamagedError.
func (t *Table) unusable(r row, key, fault string) error {
	if has, known := rowVersion(r); has > known {
		return &NewerError{t.name, key, has, known}
	}
	return &DamagedError{t.name, key, fault}
}
