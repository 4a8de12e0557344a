package partition

import (
	"math"
	"time"
)

// Evaluator evaluates a prefix for a run of records. It remembers the last path and the span of time for which
// it holds (an hour, if HH is the prefix's finest letter), so a record in that span costs two comparisons and
// no allocation. It is not safe for concurrent use: each goroutine takes its own.
type Evaluator struct {
	prefix   *Prefix
	unit     int64 // seconds in the finest field of the time, 0 if there is none
	failures bool  // the error type matters

	path     string
	failure  string
	from, to int64 // the path holds for from <= Unix() < to
	buffer   []byte
}

// Evaluator returns a new evaluator of p.
func (p *Prefix) Evaluator() *Evaluator {
	e := &Evaluator{prefix: p}
	for _, s := range p.segments {
		unit := int64(0)
		switch s.field {
		case errorType:
			e.failures = true
		case second:
			unit = 1
		case minute:
			unit = 60
		case hour:
			unit = 3600
		case day, month, yearOfEra, year:
			unit = 86400
		}
		if unit != 0 && (e.unit == 0 || unit < e.unit) {
			e.unit = unit
		}
	}
	return e
}

// Path returns the same as [Prefix.Path].
func (e *Evaluator) Path(arrival time.Time, errorType string) string {
	at := arrival.Unix()
	if e.from <= at && at < e.to && (!e.failures || errorType == e.failure) {
		return e.path
	}
	e.buffer = e.prefix.appendPath(e.buffer[:0], arrival, errorType)
	if string(e.buffer) != e.path {
		e.path = string(e.buffer)
	}
	e.failure = errorType
	e.from, e.to = e.span(arrival)
	return e.path
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
