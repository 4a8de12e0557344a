package consumer

import "testing"

// TestLargeAnswersAreForgotten: what the budget counts for an answer is near to what it holds.
func TestLargeAnswersAreForgotten(t *testing.T) {
	for _, tc := range []struct {
		size, room int
		kept       bool
	}{{1 << 20, 1 << 20, true}, {1 << 20, 3 << 20, true}, {1 << 20, 5 << 20, false}, {10, 64 << 10, true}, {10, 65 << 10, false}} {
		r := &response{body: make([]byte, tc.size, tc.room), Records: make([]kinesisRecord, 1, 300)}
		r.trim()
		if kept := r.body != nil; kept != tc.kept {
			t.Errorf("%d bytes in %d are kept: %v", tc.size, tc.room, kept)
		}
		if r.Records != nil {
			t.Error("room for 300 records is kept for one")
		}
	}
}
