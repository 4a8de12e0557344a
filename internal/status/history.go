package status

import (
	"math"
	"time"
)

// A Board samples every 10 s, and keeps an hour of samples: 360, of some 100 bytes each.
const (
	Every  = 10 * time.Second
	points = int(time.Hour / Every)
)

// History are the samples of the last hour, oldest first, a column for each of their numbers.
type History struct {
	Every     int64     `json:"every_seconds"`
	Until     time.Time `json:"until"`             // of the last sample
	Read      []float64 `json:"read_records"`      // a second
	ReadBytes []float64 `json:"read_bytes"`        // a second
	Visible   []float64 `json:"delivered_records"` // a second
	Stored    []float64 `json:"stored_bytes"`      // a second
	Lag       []float64 `json:"lag_seconds"`       // the most of the worker's shards
	Oldest    []float64 `json:"oldest_seconds"`    // of records that are not visible
	Memory    []float64 `json:"memory_bytes"`
	Closing   []float64 `json:"commit_close_seconds"` // of the slowest commit between two samples; 0 = there was none
	Intent    []float64 `json:"commit_intent_seconds"`
	Complete  []float64 `json:"commit_complete_seconds"`
	Retries   []float64 `json:"retries"`          // between two samples
	Rejected  []float64 `json:"rejected_records"` // between two samples
}

// point is a sample.
type point struct {
	at                               time.Time
	took                             float64 // seconds since the last one
	read, readBytes, visible, stored float64 // since the last one
	lag, oldest, memory              float64
	closing, intent, complete        float64
	dropped, undone, gaps            float64
	retries, rejected                map[string]float64 // since the last one, by kind; nil = none
	commits                          int
}

func sum(by map[string]float64) (all float64) {
	for _, v := range by {
		all += v
	}
	return all
}

// grown is by how much counters have grown, those that have.
func grown(before, now map[string]float64) (by map[string]float64) {
	for k, v := range now {
		if v > before[k] {
			if by == nil {
				by = map[string]float64{}
			}
			by[k] = v - before[k]
		}
	}
	return by
}

// ring is the last hour of samples.
type ring struct {
	at [points]point
	n  int
}

func (r *ring) add(p point) {
	r.at[r.n%points] = p
	r.n++
}

// each shows the samples from the oldest on; the last ones alone, when so many are asked for.
func (r *ring) each(last int, see func(*point)) {
	for i := max(0, r.n-min(last, points)); i < r.n; i++ {
		see(&r.at[i%points])
	}
}

// history makes columns of the samples; nil before the first.
func (r *ring) history() *History {
	if r.n == 0 {
		return nil
	}
	h := &History{Every: int64(Every / time.Second)}
	for _, c := range h.columns() {
		*c = make([]float64, 0, min(r.n, points))
	}
	r.each(points, func(p *point) {
		h.Until = p.at.UTC()
		for i, v := range []float64{p.read / p.took, p.readBytes / p.took, p.visible / p.took, p.stored / p.took,
			p.lag, p.oldest, p.memory, p.closing, p.intent, p.complete, sum(p.retries), sum(p.rejected)} {
			c := h.columns()[i]
			*c = append(*c, short(v))
		}
	})
	return h
}

func (h *History) columns() [12]*[]float64 {
	return [12]*[]float64{&h.Read, &h.ReadBytes, &h.Visible, &h.Stored, &h.Lag, &h.Oldest, &h.Memory, &h.Closing, &h.Intent, &h.Complete, &h.Retries, &h.Rejected}
}

// short rounds to what a chart can show, so that the answer stays small.
func short(v float64) float64 {
	if v >= 100 {
		return math.Round(v)
	}
	return math.Round(v*1000) / 1000
}

// minute is what a rate is taken over: the last samples of a minute.
const minute = int(time.Minute / Every)

// rate is how much was read a second in the last minute.
func (r *ring) rate() (records, bytes float64) {
	took := 0.0
	r.each(minute, func(p *point) { records, bytes, took = records+p.read, bytes+p.readBytes, took+p.took })
	if took == 0 {
		return 0, 0
	}
	return records / took, bytes / took
}
