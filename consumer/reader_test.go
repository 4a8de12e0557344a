package consumer

import (
	"errors"
	"testing"

	"standpipe/internal/dynamofake"
)

// Rule 3: the row read again must still show this owner and this epoch.
func TestReaderEndsWhenTheRowReadAgainIsInAnotherEpoch(t *testing.T) {
	table, _ := newTable(t, dynamofake.Options{})
	m := newMember(t, table, "a", shardsUpTo(1))
	if !m.turn(shardID(0)) {
		t.Fatal("not acquired")
	}
	if _, err := table.Acquire(t.Context(), shardID(0), 1, "b"); err != nil {
		t.Fatal(err)
	}
	r := m.reader(shardID(0))
	if row, err := r.settledRow(); !errors.Is(err, errOver) || !r.isLost() {
		t.Errorf("row %+v, error %v, lost %v", row, err, r.isLost())
	}
}
