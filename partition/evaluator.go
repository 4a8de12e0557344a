package partition

import (
	"math"
	"slices"
	"time"
)

// Evaluator evaluates a prefix for a run of records. It remembers the last path and the span of time for which
// it holds (an hour, if HH is the prefix's finest letter), so a record in that span costs two comparisons and
// no allocation; with partition keys, one that has the values of the record before it. It is not safe for
// concurrent use: each goroutine takes its own.
type Evaluator struct {
	prefix   *Prefix
	unit     int64 // seconds in the finest field of the time, 0 if there is none
	failures bool  // the error type matters

	path     string
	failure  string
	from, to int64 // the path holds for from <= Unix() < to
	buffer   []byte

	keyed  bool     // the last call was of KeyedPath
	values []string // of the partition keys in path
	times  [][]byte // the segments' evaluations for from <= Unix() < to, empty for partition keys
}

// Evaluator returns a new evaluator of p.
func (p *Prefix) Evaluator() *Evaluator {
	e := &Evaluator{prefix: p}
	for i := range p.segments {
		s := &p.segments[i]
		if s.field == errorType {
			e.failures = true
		}
		if unit := s.unit(); unit != 0 && (e.unit == 0 || unit < e.unit) {
			e.unit = unit
		}
	}
	return e
}

// Path returns the same as [Prefix.Path].
func (e *Evaluator) Path(arrival time.Time, errorType string) string {
	at := arrival.Unix()
	if e.from <= at && at < e.to && (!e.failures || errorType == e.failure) && !e.keyed {
		return e.path
	}
	e.buffer = e.prefix.appendPath(e.buffer[:0], arrival, errorType, nil)
	e.keep()
	e.failure, e.keyed, e.times = errorType, false, nil
	e.from, e.to = e.span(arrival)
	return e.path
}

// KeyedPath returns the same as [Prefix.KeyedPath]. It keeps no reference to values.
func (e *Evaluator) KeyedPath(arrival time.Time, values []string) (string, error) {
	at := arrival.Unix()
	current := e.times != nil && e.from <= at && at < e.to
	if current && slices.Equal(values, e.values) {
		return e.path, nil
	}
	if err := e.prefix.checkValues(values); err != nil {
		return "", err
	}
	e.keyed = true
	if !current {
		e.times = e.prefix.evaluated(arrival)
		e.from, e.to = e.span(arrival)
	}
	e.buffer = e.buffer[:0]
	for i, s := range e.prefix.segments {
		if s.field == keyValue {
			e.buffer = e.prefix.appendValue(e.buffer, values[s.key])
		} else {
			e.buffer = append(e.buffer, e.times[i]...)
		}
	}
	if err := e.prefix.checkPath(e.buffer); err != nil {
		e.times = nil
		return "", err
	}
	e.keep()
	e.values = append(e.values[:0], values...)
	return e.path, nil
}

// keep makes the buffer the path.
func (e *Evaluator) keep() {
	if string(e.buffer) != e.path {
		e.path = string(e.buffer)
	}
}

// evaluated evaluates each segment but partition keys.
func (p *Prefix) evaluated(arrival time.Time) [][]byte {
	t := arrival.In(p.loc)
	all := make([][]byte, len(p.segments))
	for i := range p.segments {
		if p.segments[i].field != keyValue {
			all[i] = p.appendSegment(nil, &p.segments[i], t, "")
		}
	}
	return all
}

// span returns the seconds around t in which no field of the prefix changes: the unit t lies in by its wall
// clock, cut where the zone's offset changes.
func (e *Evaluator) span(t time.Time) (from, to int64) {
	if e.unit == 0 {
		return math.MinInt64, math.MaxInt64
	}
	t = t.In(e.prefix.loc)
	_, offset := t.Zone()
	wall := t.Unix() + int64(offset)
	into := wall % e.unit
	if into < 0 {
		into += e.unit
	}
	from = t.Unix() - into
	to = from + e.unit
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		from = max(from, start.Unix())
	}
	if !end.IsZero() {
		to = min(to, end.Unix())
	}
	return from, to
}
