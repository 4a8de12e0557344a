package consumer

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"standpipe/sink"
)

// hasty asks each collector for its metrics as soon as it is registered, as a scrape may that comes at that moment.
type hasty struct{}

func (hasty) Register(c prometheus.Collector) error {
	metrics := make(chan prometheus.Metric, 1000)
	c.Collect(metrics)
	return nil
}

func (h hasty) MustRegister(list ...prometheus.Collector) {
	for _, c := range list {
		_ = h.Register(c)
	}
}

func (hasty) Unregister(prometheus.Collector) bool { return false }

// TestMetricsMayBeAskedForAsSoonAsTheyAreRegistered.
func TestMetricsMayBeAskedForAsSoonAsTheyAreRegistered(t *testing.T) {
	table := NewTable(nil, "leases")
	memory := sink.NewMemory(1 << 20)
	s := sink.New(t.Context(), sink.Options{Errors: &sink.Output{Name: "errors"}, Memory: memory, Ledger: table, Registry: hasty{}})
	New(Options{Worker: "a", Table: table, Sink: s, Memory: memory, Registry: hasty{}})
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}
