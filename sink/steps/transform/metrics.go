package transform

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// callResult is how one call of a function ended.
type callResult string

const (
	callOK          callResult = "ok"
	callFailed      callResult = "function_error"
	callTimedOut    callResult = "timeout"
	callRefused     callResult = "refused"
	callThrottled   callResult = "throttled"
	callDenied      callResult = "denied"
	callUnavailable callResult = "unavailable"
)

var callResults = []callResult{callOK, callFailed, callTimedOut, callRefused, callThrottled, callDenied, callUnavailable}

// counts says whether the call is one of those that a record is worth.
func (r callResult) counts() bool {
	return r == callOK || r == callFailed || r == callTimedOut || r == callRefused
}

// stepMetrics are those of one step.
type stepMetrics struct {
	calls   map[callResult]prometheus.Counter
	seconds prometheus.Observer
}

// Metrics are those of all steps that call functions.
type Metrics struct {
	calls   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

// NewMetrics registers them; with a nil registry nobody sees them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	f := promauto.With(reg)
	return &Metrics{
		calls: f.NewCounterVec(prometheus.CounterOpts{Namespace: "standpipe", Name: "lambda_calls_total",
			Help: "Calls of a step's Lambda function, by how they ended. Throttled, denied and unavailable ones are repeated without end."}, []string{"step", "result"}),
		seconds: f.NewHistogramVec(prometheus.HistogramOpts{Namespace: "standpipe", Name: "lambda_call_seconds", Help: "Duration of the calls of a step's Lambda function.",
			Buckets: []float64{.01, .03, .1, .3, 1, 3, 10, 30, 100, 300}}, []string{"step"}),
	}
}

// of makes the metrics of a step, all at 0.
func (v *Metrics) of(step string) *stepMetrics {
	m := &stepMetrics{calls: map[callResult]prometheus.Counter{}, seconds: v.seconds.WithLabelValues(step)}
	for _, r := range callResults {
		m.calls[r] = v.calls.WithLabelValues(step, string(r))
	}
	return m
}

func (m *stepMetrics) called(r callResult, took time.Duration) {
	m.calls[r].Inc()
	m.seconds.Observe(took.Seconds())
}
