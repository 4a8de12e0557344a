package sink

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"standpipe/sink/eventtime"
)

type metrics struct {
	records     *prometheus.CounterVec
	bytes       *prometheus.CounterVec
	stored      *prometheus.CounterVec
	objects     *prometheus.CounterVec
	rejected    *prometheus.CounterVec
	untimed     *prometheus.CounterVec
	batches     *prometheus.CounterVec
	stages      *prometheus.HistogramVec
	requests    *prometheus.CounterVec
	retries     *prometheus.CounterVec
	dropped     prometheus.Counter
	undone      prometheus.Counter
	closedEarly prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, s *Sink) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return f.NewCounterVec(prometheus.CounterOpts{Namespace: "standpipe", Name: name, Help: help}, labels)
	}
	gauge := func(name, help string, value func() float64) {
		f.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "standpipe", Name: name, Help: help}, value)
	}
	gauge("memory_used_bytes", "Bytes of responses, lines and parts in memory.", func() float64 { return float64(s.memory.Used()) })
	gauge("memory_budget_bytes", "The budget for responses, lines and parts in memory (buffer.memory).", func() float64 { return float64(s.memory.Limit()) })
	gauge("buffer_interval_seconds", "The age of the oldest record at which a batch is written (buffer.interval).", func() float64 { return s.opts.Interval.Seconds() })
	gauge("oldest_uncommitted_seconds", "How long the oldest record that is not yet visible has been held.", func() float64 { return s.Oldest().Seconds() })
	m := &metrics{
		records:  counter("delivered_records_total", "Lines made visible in S3, by output.", "output"),
		bytes:    counter("delivered_bytes_total", "Bytes of the lines made visible, before compression, by output.", "output"),
		stored:   counter("stored_bytes_total", "Bytes of the objects made visible, by output.", "output"),
		objects:  counter("objects_total", "Objects made visible, by output.", "output"),
		rejected: counter("rejected_records_total", "Records sent to the error output, by error code.", "code"),
		untimed:  counter("untimed_records_total", "Records without a usable event time, by output and reason; they were filed under their arrival or sent to the error output.", "output", "reason"),
		batches:  counter("batches_total", "Batches committed, by the cause of the cut.", "cause"),
		requests: counter("requests_total", "Requests of batches that succeeded.", "service", "op"),
		retries:  counter("retries_total", "Requests of batches that had to be repeated.", "service", "op"),
		stages: f.NewHistogramVec(prometheus.HistogramOpts{Namespace: "standpipe", Name: "commit_seconds", Help: "Duration of the stages of a commit.",
			Buckets: []float64{.01, .03, .1, .3, 1, 3, 10, 30, 100}}, []string{"stage"}),
		dropped:     f.NewCounter(prometheus.CounterOpts{Namespace: "standpipe", Name: "batches_dropped_total", Help: "Batches given up before their intent; their records are read again."}),
		undone:      f.NewCounter(prometheus.CounterOpts{Namespace: "standpipe", Name: "batches_undone_total", Help: "Promised batches taken back because an upload vanished. Above 0: find out who removes uploads."}),
		closedEarly: f.NewCounter(prometheus.CounterOpts{Namespace: "standpipe", Name: "objects_closed_early_total", Help: "Objects closed before they were full because memory was short."}),
	}
	m.preset(s)
	return m
}

// preset makes every counter whose labels are known beforehand begin at 0: an alarm on growth misses the first
// increment of one that appears with it.
func (m *metrics) preset(s *Sink) {
	for _, out := range s.outputs {
		for _, c := range []*prometheus.CounterVec{m.records, m.bytes, m.stored, m.objects} {
			c.WithLabelValues(out.Name)
		}
	}
	for _, out := range s.data {
		if out.Timestamp == nil {
			continue
		}
		m.rejected.WithLabelValues(eventTimeCode)
		for _, why := range eventtime.Reasons() {
			m.untimed.WithLabelValues(out.Name, string(why))
		}
	}
	for _, code := range []string{notJSON, "Standpipe.BadAggregate", metadataFailedCode, partitionExceededCode} {
		m.rejected.WithLabelValues(code)
	}
	for _, cause := range []Cause{CauseSize, CauseInterval, CauseMemory, CauseShardEnd, CauseHandOver, CauseShutdown, CauseSchema} {
		m.batches.WithLabelValues(string(cause))
	}
}

func (m *metrics) delivered(o JournalObject) {
	m.records.WithLabelValues(o.Output).Add(float64(o.Records))
	m.bytes.WithLabelValues(o.Output).Add(float64(o.Raw))
	m.stored.WithLabelValues(o.Output).Add(float64(o.Size))
	m.objects.WithLabelValues(o.Output).Inc()
}

func (m *metrics) committed(cause Cause, closing, intent, complete time.Duration) {
	m.batches.WithLabelValues(string(cause)).Inc()
	m.stages.WithLabelValues("close").Observe(closing.Seconds())
	m.stages.WithLabelValues("intent").Observe(intent.Seconds())
	m.stages.WithLabelValues("complete").Observe(complete.Seconds())
}
