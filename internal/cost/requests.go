package cost

import (
	"math"
	"time"

	"standpipe/internal/requests"
)

// requestsOf are the requests an hour of n workers: those that were counted in internal/requests, of a load like w.
// Where records are rare, a batch begins with the next record, and no path gets an object without one.
func requestsOf(w Workload, n int) requests.Counts {
	active := float64(min(n, w.shards())) // workers that have a shard
	interval := max(w.Interval.Seconds(), active/w.RecordsPerSecond)
	each := interval * w.RecordsPerSecond / active // records of a worker in it
	paths, stored := 0, 0.0
	for _, o := range w.Outputs {
		paths += min(o.Paths, int(math.Ceil(each)))
		stored += w.bytesPerSecond() / smaller(o)
	}
	// One output with the paths of all makes the same objects.
	return requests.PerHour(requests.Load{
		Shards: w.shards(), Workers: n, Interval: time.Duration(interval * float64(time.Second)), Failover: w.Failover, Size: int64(w.BufferSize),
		Paths: paths, Lines: w.bytesPerSecond() * float64(len(w.Outputs)), Stored: stored,
	})
}
