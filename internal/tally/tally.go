// Package tally reads counters of Prometheus back inside the program. The status page and the heartbeats count by what the
// metrics count by, so that no number is kept twice and none can differ. It is for readers that come every few seconds:
// nothing is added to what a counter costs its writers.
package tally

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Sum is the value of a counter, or of all series of a vector of counters.
func Sum(c prometheus.Collector) (sum float64) {
	each(c, func(m *dto.Metric) { sum += m.GetCounter().GetValue() })
	return sum
}

// By gives the values of a vector of counters that are above 0, by the values of the labels named, with a space between
// them. Series that agree in these are added up.
func By(c prometheus.Collector, labels ...string) map[string]float64 {
	by := map[string]float64{}
	each(c, func(m *dto.Metric) {
		name := ""
		for _, l := range labels {
			for _, pair := range m.GetLabel() {
				if pair.GetName() == l {
					if name != "" {
						name += " "
					}
					name += pair.GetValue()
				}
			}
		}
		if v := m.GetCounter().GetValue(); v > 0 {
			by[name] += v
		}
	})
	return by
}

func each(c prometheus.Collector, see func(*dto.Metric)) {
	series := make(chan prometheus.Metric, 16)
	go func() {
		defer close(series)
		c.Collect(series)
	}()
	for s := range series {
		var m dto.Metric
		if s.Write(&m) == nil { // a counter always can
			see(&m)
		}
	}
}
