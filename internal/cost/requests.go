package cost

import (
	"math"
	"time"
)

// counts are requests an hour, of all workers together.
type counts struct {
	writeUnits, readUnits float64 // of DynamoDB
	puts, gets            float64 // of S3: what creates, uploads or completes counts as a PUT
}

// The lease table, as README.md describes it under "Sizing and cost".
const (
	batchShards = 99  // the most a batch holds
	itemKB      = 0.5 // a batch's item without its shards
	itemShardKB = 0.2 // a shard in it
	rowKB       = 0.5 // a row of the table
)

// partBytes is what a part holds at least, but for the last of an object.
const partBytes = 5 << 20

// full objects that a batch waits for at most
const fullObjects = 8

// requests are those of n workers.
func requests(w Workload, n int) counts {
	var c counts
	workers, records := float64(n), w.RecordsPerSecond*3600
	bytes := w.bytesPerSecond() * 3600
	intervals := workers * perHour(w.Interval)
	batches := intervals
	for _, o := range w.Outputs {
		full := bytes / w.BufferSize
		batches = max(batches, full/float64(min(o.Paths, fullObjects)))
		objects := min(max(float64(o.Paths)*intervals, full), records)
		parts := max(objects, bytes/smaller(o)/partBytes)
		c.puts += 2*objects + parts
	}
	batches = min(batches, records)
	c.puts += 3 * batches // journals
	c.gets += batches

	shards := float64(w.shards())
	perBatch := math.Ceil(shards / workers)
	groups := math.Ceil(perBatch / batchShards)
	each := math.Ceil(perBatch / groups)
	c.writeUnits = batches * groups * 2 * 2 * (math.Ceil(itemKB+itemShardKB*each) + each)
	c.writeUnits += workers * perHour(w.Failover/5)
	c.readUnits = workers * perHour(min(w.Failover/6, 2*time.Second)) * math.Ceil((shards+workers+1)*rowKB/4)
	return c
}
