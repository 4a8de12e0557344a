package main

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"unicode/utf8"

	"standpipe/sink/parquet"
)

// sample is what was looked at so far. It is safe for concurrent use; nothing is taken once it is closed.
type sample struct {
	limit  int  // records; 0 = none
	show   bool // the beginning of rejected records
	source string
	bar    *bar

	mu       sync.Mutex
	in       parquet.Inference
	taken    int
	rejected []string // the first of them: where, and why
	closed   bool
}

const (
	rejectsKept = 10
	shownRunes  = 80
)

// errEnough ends a look that has seen all it wants.
var errEnough = errors.New("enough records")

// add takes a record into account. where names its place. It gives errEnough after the last record that is wanted.
func (s *sample) add(where func() string, record []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.limit > 0 && s.taken == s.limit {
		return errEnough
	}
	s.taken++
	if err := s.in.Add(record); err != nil {
		s.reject(where, err, record)
	}
	if s.taken == s.limit {
		return errEnough
	}
	if s.taken%256 == 0 {
		s.bar.show("looking", s.taken, s.limit)
	}
	return nil
}

// reject remembers a record that makes no row. The caller holds s.mu.
func (s *sample) reject(where func() string, why error, record []byte) {
	if len(s.rejected) == rejectsKept {
		return
	}
	text := fmt.Sprintf("%s: %v", where(), why)
	if s.show {
		text += ": " + beginning(record)
	}
	s.rejected = append(s.rejected, text)
}

// beginning is how a record begins, with everything in escapes that a terminal might act on.
func beginning(record []byte) string {
	head, more := record[:min(len(record), shownRunes*utf8.UTFMax)], ""
	if runes := []rune(string(head)); len(runes) > shownRunes {
		head = []byte(string(runes[:shownRunes]))
	}
	if len(head) < len(record) {
		more = "…"
	}
	return strconv.Quote(string(head)) + more
}

// progress shows how far the look is.
func (s *sample) progress() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bar.show("looking", s.taken, s.limit)
}

// full says whether all records that are wanted were taken.
func (s *sample) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limit > 0 && s.taken >= s.limit
}
