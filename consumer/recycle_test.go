package consumer

import (
	"bytes"
	"io"
	"net/http"
	"testing"
)

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

// TestSmallAnswersTakeNoLargeMemory: while it is looked through, an answer holds what the budget counts for it.
func TestSmallAnswersTakeNoLargeMemory(t *testing.T) {
	large := make([]byte, 1<<20)
	for _, tc := range []struct {
		answer int
		reused bool
	}{{10, false}, {200 << 10, false}, {300 << 10, true}, {1 << 20, true}, {1<<20 + 1, false}} {
		text := bytes.Repeat([]byte("x"), tc.answer)
		body, err := readBody(&http.Response{Body: io.NopCloser(bytes.NewReader(text)), ContentLength: int64(tc.answer)}, large)
		if err != nil || !bytes.Equal(body, text) {
			t.Fatalf("%d bytes read of %d: %v", len(body), tc.answer, err)
		}
		if reused := &body[0] == &large[0]; reused != tc.reused {
			t.Errorf("%d bytes are read into the memory of 1 MiB: %v", tc.answer, reused)
		}
	}
}
