package emf

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// families are the metrics of one moment by their names.
type families map[string]*dto.MetricFamily

func byName(list []*dto.MetricFamily) families {
	all := make(families, len(list))
	for _, f := range list {
		all[f.GetName()] = f
	}
	return all
}

// label is a condition on a metric: one of several values, or one that begins with a prefix.
type label struct {
	name   string
	values []string
	prefix string
}

func is(name string, values ...string) label { return label{name: name, values: values} }

func (l label) holds(m *dto.Metric) bool {
	for _, p := range m.GetLabel() {
		if p.GetName() == l.name {
			return slices.Contains(l.values, p.GetValue()) || l.prefix != "" && strings.HasPrefix(p.GetValue(), l.prefix)
		}
	}
	return false
}

// matching are the metrics of a family for which all labels hold.
func (f families) matching(name string, labels []label) (list []*dto.Metric) {
	for _, m := range f[name].GetMetric() {
		if !slices.ContainsFunc(labels, func(l label) bool { return !l.holds(m) }) {
			list = append(list, m)
		}
	}
	return list
}

// total adds counters, gauges, or the sums of histograms up.
func (f families) total(name string, labels ...label) (sum float64) {
	for _, m := range f.matching(name, labels) {
		sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetHistogram().GetSampleSum()
	}
	return sum
}

// has says whether a family has metrics.
func (f families) has(name string) bool { return len(f[name].GetMetric()) > 0 }

// observations is how often a histogram's value was observed.
func (f families) observations(name string) (n float64) {
	for _, m := range f.matching(name, nil) {
		n += float64(m.GetHistogram().GetSampleCount())
	}
	return n
}

// peaks are the gauges of which the highest value in a window is told.
var peaks = []string{oldest, behind, "standpipe_memory_used_bytes", "standpipe_shards_unowned"}

// window is the time between two lines.
type window struct {
	parquet []string
	limited bool

	before, now families
	peak        map[string]float64
}

// sample takes a look at the metrics.
func (w *window) sample(now families) {
	w.now = now
	if w.peak == nil {
		w.peak = map[string]float64{}
	}
	for _, name := range peaks {
		if now.has(name) {
			w.peak[name] = max(w.peak[name], now.total(name))
		}
	}
}

// next begins the next window.
func (w *window) next() { w.before, w.peak = w.now, nil }

// grown is by how much counters have grown in the window.
func (w *window) grown(name string, labels ...label) float64 {
	return w.now.total(name, labels...) - w.before.total(name, labels...)
}
