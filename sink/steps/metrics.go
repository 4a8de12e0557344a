package steps

import (
	"context"
	"iter"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"standpipe/sink"
)

type metrics struct{ of map[string]*stepMetrics }

// stepMetrics are those of one step.
type stepMetrics struct{ taken, made, dropped, failed, seconds prometheus.Counter }

func newMetrics(reg prometheus.Registerer, list []Step) *metrics {
	f := promauto.With(reg)
	records := f.NewCounterVec(prometheus.CounterOpts{Namespace: "standpipe", Name: "step_records_total",
		Help: "Records that a step took, made of them, dropped, and sent to the error output."}, []string{"step", "result"})
	seconds := f.NewCounterVec(prometheus.CounterOpts{Namespace: "standpipe", Name: "step_seconds_total",
		Help: "Time that records spent in a step, of all shards together."}, []string{"step"})
	m := &metrics{of: map[string]*stepMetrics{}}
	for _, s := range list {
		n := s.Name()
		m.of[n] = &stepMetrics{records.WithLabelValues(n, "taken"), records.WithLabelValues(n, "made"), records.WithLabelValues(n, "dropped"), records.WithLabelValues(n, "failed"), seconds.WithLabelValues(n)}
	}
	return m
}

// each has a step do its work on the records that come, and counts them. What it holds meanwhile is counted in memory.
func (m *stepMetrics) each(s Each, in iter.Seq[sink.Record], memory *sink.Memory, clock *sink.Clock) iter.Seq[sink.Record] {
	do := s.Do
	if h, ok := s.(holder); ok {
		do = func(rec sink.Record, yield func(sink.Record) bool) bool { return h.do(rec, memory.Add, yield) }
	}
	return func(yield func(sink.Record) bool) {
		var taken, made, dropped, failed int
		var spent time.Duration
		defer func() {
			m.taken.Add(float64(taken))
			m.made.Add(float64(made))
			m.dropped.Add(float64(dropped))
			m.failed.Add(float64(failed))
			m.seconds.Add(spent.Seconds())
			clock.Steps(spent)
		}()
		for rec := range in {
			if rec.Failure != nil {
				if !yield(rec) {
					return
				}
				continue
			}
			taken++
			results := 0
			began := time.Now()
			more := do(rec, func(r sink.Record) bool {
				results++
				if empty(s, r) {
					dropped++
					return true
				}
				spent += time.Since(began)
				defer func() { began = time.Now() }()
				if r.Failure != nil {
					failed++
				} else {
					made++
				}
				return yield(r)
			})
			spent += time.Since(began)
			if results == 0 {
				dropped++
			}
			if !more {
				return
			}
		}
	}
}

// empty says whether a record is one of several that a step made of one, and holds nothing.
func empty(s Each, r sink.Record) bool {
	return len(r.Data) == 0 && r.Failure == nil && r.RawAfter == s.Name()
}

// all has a step do its work on all the records, and counts them.
func (m *stepMetrics) all(ctx context.Context, s All, shard string, in iter.Seq[sink.Record], clock *sink.Clock, made func(sink.Record)) error {
	taken, before := 0, 0
	began := time.Now()
	counted := func(yield func(sink.Record) bool) {
		for rec := range in {
			if rec.Failure == nil {
				taken++
			} else {
				before++
			}
			if !yield(rec) {
				return
			}
		}
	}
	good, bad := 0, 0
	err := s.Do(ctx, shard, counted, func(rec sink.Record) {
		if rec.Failure == nil {
			good++
		} else {
			bad++
		}
		made(rec)
	})
	spent := time.Since(began)
	m.seconds.Add(spent.Seconds())
	clock.Steps(spent)
	if err != nil {
		return err
	}
	m.taken.Add(float64(taken))
	m.made.Add(float64(good))
	m.failed.Add(float64(bad - before))
	m.dropped.Add(float64(max(taken+before-good-bad, 0)))
	return nil
}
