package main

import (
	"testing"
	"time"
)

func TestRecordsHaveTheirSize(t *testing.T) {
	for _, size := range []int{100, 300, 1_000, 10_000, 100_000} {
		g, again := newGenerator(size), newGenerator(size)
		for range 20 {
			r := g.record()
			if n := len(r); n < size*8/10 || n > size*12/10 {
				t.Errorf("a record of %d bytes has %d", size, n)
			}
			if string(r) != string(again.record()) {
				t.Error("not the same records again")
			}
		}
	}
	if n := len(filling(900)); n != 900 {
		t.Errorf("%d bytes", n)
	}
}

func TestLatenciesAreThoseOfRecordsThatCount(t *testing.T) {
	s := &sightings{put: map[int64]bool{}}
	s.note(1, warmUp-1, time.Second)
	for i := range int64(100) {
		s.note(1000+i, warmUp+time.Duration(i), time.Second)
		s.took = append(s.took, time.Duration(100-i))
	}
	if l := s.latencies(); l.Over || l.Put != 100 {
		t.Errorf("before the end: %+v", l)
	}
	s.note(5000, warmUp+time.Second, time.Second)
	want := latencies{Over: true, Put: 100, Seen: 100, P50: 50, P99: 99, Max: 100}
	if l := s.latencies(); l != want {
		t.Errorf("got %+v, want %+v", l, want)
	}
}
