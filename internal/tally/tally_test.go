package tally

import (
	"maps"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestSumsByLabels(t *testing.T) {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "x"}, []string{"service", "op", "worker"})
	v.WithLabelValues("s3", "UploadPart", "a").Add(3)
	v.WithLabelValues("s3", "UploadPart", "b").Add(4)
	v.WithLabelValues("dynamodb", "Intend", "a").Inc()
	v.WithLabelValues("dynamodb", "Advance", "a")
	if got := Sum(v); got != 8 {
		t.Errorf("sum %g", got)
	}
	if got := By(v, "service", "op"); !maps.Equal(got, map[string]float64{"s3 UploadPart": 7, "dynamodb Intend": 1}) {
		t.Errorf("got %v", got)
	}
	one := prometheus.NewCounter(prometheus.CounterOpts{Name: "y"})
	one.Add(2)
	if Sum(one) != 2 {
		t.Errorf("sum %g", Sum(one))
	}
}
