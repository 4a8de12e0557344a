package endtoend

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"standpipe/sink"
	"standpipe/sink/steps"
)

// shapes are what a third of the seeds have between the stream and the outputs: steps that split, drop and find keys, and
// outputs by key and event time. Their random numbers are their own, so that the schedules of the seeds stay what they were.
type shapes struct {
	rng   *rand.Rand
	steps []steps.Step
}

// underKeys stands behind each output's prefix.
const underKeys = "g=!{partitionKeyFromQuery:group}/!{timestamp:HH}/"

// shape gives the outputs of such a seed, nil for the other seeds.
func (s *simulation) shape(seed uint64, prefixes, codecs []string) (outputs []*sink.Output) {
	rng := rand.New(rand.NewPCG(seed, 2))
	if rng.IntN(3) != 0 {
		return nil
	}
	drop, err := steps.NewJQ("drop", steps.JQ{Program: "select(.drop | not)", MaxBytes: 64 << 20, Timeout: time.Second})
	if err != nil {
		s.t.Fatal(err)
	}
	s.shapes = &shapes{rng, []steps.Step{splitBy(s.t, "json"), drop, keysBy(s.t, "{group: .group}")}}
	s.sum.count("steps")
	for i, pre := range prefixes {
		out := timed(s.t, s.w.keyed(pre+underKeys), rng.IntN(2) == 0)
		out.Name, out.Compression = strings.TrimSuffix(pre, "/"), codecs[i]
		outputs = append(outputs, out)
	}
	return outputs
}

// line is a good record's, with the members that lead it to its path.
func (sh *shapes) line(e *entry, members string) {
	group, hour := e.id%3/2, 22+e.id%3%2 // three paths of each output
	e.under = fmt.Sprintf("g=%d/%d/", group, hour)
	e.line = fmt.Sprintf(`{"id":%d,"group":%d,"time":"1999-12-31T%d:30:00Z"%s}`, e.id, group, hour, members)
}

// putUndelivered puts, now and then, a record that a step drops or finds no key in.
func (s *simulation) putUndelivered() bool {
	if s.shapes == nil {
		return false
	}
	switch s.shapes.rng.IntN(12) {
	case 0:
		gone := s.w.next()
		s.w.store(fmt.Sprintf("key-%d", gone.id), fmt.Appendf(nil, `{"id":%d,"drop":true}`, gone.id))
		s.sum.count("dropped record")
	case 1:
		e := s.bad(func(id string) []byte { return []byte(`{"id":` + id + `,"group":null,"time":"1999-12-31T23:30:00Z"}`) })
		s.store([]byte(e.line), e)
		s.sum.count("record without a key")
	case 2:
		e := s.bad(func(id string) []byte { return []byte(`{"id":` + id + `,"group":0}{"id":`) })
		s.store([]byte(e.line), e)
		s.sum.count("record of which a value is broken")
	default:
		return false
	}
	return true
}
