package catalog

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics are those of all tables of a process.
type Metrics struct {
	changes  *prometheus.CounterVec
	refused  *prometheus.GaugeVec
	failures *prometheus.CounterVec

	registered *prometheus.CounterVec
	waiting    *prometheus.GaugeVec
}

// NewMetrics registers them; nil: metrics that nobody sees.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	f := promauto.With(reg)
	return &Metrics{
		changes:  f.NewCounterVec(prometheus.CounterOpts{Namespace: "standpipe", Name: "schema_changes_total", Help: "Changes of a Glue table's columns that were taken over."}, []string{"output"}),
		refused:  f.NewGaugeVec(prometheus.GaugeOpts{Namespace: "standpipe", Name: "schema_refused", Help: "1 while a Glue table can not be used as it is now and its last usable columns are kept; else 0."}, []string{"output"}),
		failures: f.NewCounterVec(prometheus.CounterOpts{Namespace: "standpipe", Name: "glue_failures_total", Help: "Requests to Glue that failed; they are repeated, and delivery does not wait for them."}, []string{"op"}),

		registered: f.NewCounterVec(prometheus.CounterOpts{Namespace: "standpipe", Name: "partitions_registered_total", Help: "Partitions that this worker created in Glue tables."}, []string{"output"}),
		waiting:    f.NewGaugeVec(prometheus.GaugeOpts{Namespace: "standpipe", Name: "partitions_waiting", Help: "Partitions whose objects are visible and that are not registered in Glue yet."}, []string{"output"}),
	}
}
