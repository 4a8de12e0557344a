package consumer

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	records  prometheus.Counter
	bytes    prometheus.Counter
	users    prometheus.Counter
	beats    prometheus.Counter
	outside  prometheus.Counter
	acquired prometheus.Counter
	lost     prometheus.Counter
	handed   prometheus.Counter
	removed  prometheus.Counter
	gaps     prometheus.Counter
	retries  *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Namespace: "standpipe", Name: name, Help: help})
	}
	return &metrics{
		records:  counter("read_records_total", "Kinesis records read (a KPL aggregate counts as one)."),
		bytes:    counter("read_bytes_total", "Bytes of the Kinesis records read."),
		users:    counter("user_records_total", "User records read, those of KPL aggregates one by one."),
		beats:    counter("heartbeats_total", "Heartbeats that this worker wrote to the lease table."),
		outside:  counter("kpl_out_of_range_records_total", "User records of KPL aggregates whose key lies outside the hash range of their shard."),
		acquired: counter("leases_acquired_total", "Leases acquired."),
		lost:     counter("leases_lost_total", "Leases lost to another worker or freed by an undo."),
		handed:   counter("leases_handed_over_total", "Leases handed over for balance."),
		removed:  counter("lease_rows_removed_total", "Rows of shards that were read to their end and that the stream has let go."),
		gaps:     counter("retention_gaps_total", "Times in which records may have left the stream's retention before they were read. Above 0: records are probably lost."),
		retries: f.NewCounterVec(prometheus.CounterOpts{Namespace: "standpipe", Name: "read_retries_total",
			Help: "Attempts against Kinesis and the lease table, outside commits, that had to be repeated."}, []string{"service", "op"}),
	}
}

var (
	leasesHeld  = prometheus.NewDesc("standpipe_leases_held", "Shards this worker reads.", nil, nil)
	unowned     = prometheus.NewDesc("standpipe_shards_unowned", "Shards that could be read and that no living worker owns.", nil, nil)
	workersLive = prometheus.NewDesc("standpipe_workers_alive", "Workers of this application whose heartbeat moves, this one included.", nil, nil)
	shardBehind = prometheus.NewDesc("standpipe_behind_latest_seconds", "How far behind the tip of its shard a reader is.", []string{"shard"}, nil)
	retained    = prometheus.NewDesc("standpipe_stream_retention_seconds", "How long the stream keeps records. What is not read before is lost.", nil, nil)
	maxBehind   = prometheus.NewDesc("standpipe_behind_latest_max_seconds", "How far behind the tip of its shard the worst shard of this worker is.", nil, nil)
)

// leaseCollector reads the lease numbers when they are asked for, so a shard's series is there only while
// this worker holds it. It may be asked as soon as it is registered: its consumer must be whole by then.
type leaseCollector Consumer

func (c *leaseCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{leasesHeld, unowned, workersLive, shardBehind, maxBehind, retained} {
		ch <- d
	}
}

func (c *leaseCollector) Collect(ch chan<- prometheus.Metric) {
	s := (*Consumer)(c).Status()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(leasesHeld, float64(len(s.Shards)))
	gauge(unowned, float64(s.Unowned))
	gauge(workersLive, float64(s.Workers))
	if kept := (*Consumer)(c).retention.get(); kept > 0 {
		gauge(retained, kept.Seconds())
	}
	var most time.Duration
	for _, sh := range s.Shards {
		gauge(shardBehind, sh.Behind.Seconds(), sh.Shard)
		most = max(most, sh.Behind)
	}
	gauge(maxBehind, most.Seconds())
}
