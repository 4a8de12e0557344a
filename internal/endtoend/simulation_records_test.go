package endtoend

import (
	"fmt"
	"strings"

	"standpipe/internal/kinesistest"
)

// put puts n Kinesis records of every kind that a stream may hold.
func (s *simulation) put(n int) {
	for range n {
		switch d := s.rng.IntN(100); {
		case d < 74 && s.putUndelivered():
		case d < 74:
			e := s.entry(0)
			s.store([]byte(e.line), e)
		case d < 80:
			s.putSeveralValues()
		case d < 88:
			s.putAggregate()
		case d < 91:
			e := s.bad(func(id string) []byte { return []byte("no json " + id) })
			s.store([]byte(e.line), e)
			s.sum.count("record that is not JSON")
		case d < 93:
			e := s.bad(func(id string) []byte { return kinesistest.BadMD5(user("x" + id)) })
			s.store([]byte(e.line), e)
			s.sum.count("aggregate with a bad MD5")
		case d < 95:
			e := s.bad(func(id string) []byte { // a field whose number never ends
				return kinesistest.Seal([]byte(strings.Repeat("\xff", 11) + id))
			})
			s.store([]byte(e.line), e)
			s.sum.count("aggregate that can not be decoded")
		case d < 99 || !s.huge:
			e := s.entry(2000 + s.rng.IntN(6000))
			s.store([]byte(e.line), e)
		default:
			size := 300 << 10
			if s.rng.IntN(8) == 0 {
				size = 6 << 20
				s.sum.count("record larger than a part")
			}
			e := s.entry(size)
			s.store([]byte(e.line), e)
			s.sum.count("huge record")
		}
	}
}

func (s *simulation) store(data []byte, entries ...*entry) {
	s.w.store(fmt.Sprintf("key-%d", entries[0].id), data, entries...)
}

// entry is a good record, with so much to fill it up.
func (s *simulation) entry(fill int) *entry {
	e := s.w.next()
	text := ""
	if fill > 0 {
		text = fmt.Sprintf(`,"text":"%s"`, strings.Repeat("x", fill))
		e.line = fmt.Sprintf(`{"id":%d%s}`, e.id, text)
	}
	if s.shapes != nil {
		s.shapes.line(e, text)
	}
	return e
}

func (s *simulation) bad(data func(id string) []byte) *entry {
	e := s.w.next()
	e.bad, e.line = true, string(data(fmt.Sprint(e.id)))
	return e
}

func (s *simulation) putSeveralValues() {
	var entries []*entry
	var data []byte
	for range 2 + s.rng.IntN(3) {
		e := s.entry(0)
		entries, data = append(entries, e), append(data, e.line...)
	}
	s.store(data, entries...)
	s.sum.count("record of several values")
}

func (s *simulation) putAggregate() {
	var entries []*entry
	var users []kinesistest.UserRecord
	for range 1 + s.rng.IntN(6) {
		e := s.entry(0)
		if s.rng.IntN(10) == 0 {
			e.bad, e.line = true, fmt.Sprintf("no json %d in an aggregate", e.id)
		}
		entries, users = append(entries, e), append(users, user(e.line))
	}
	s.store(kinesistest.Aggregate(users...), entries...)
	s.sum.count("aggregate")
}
