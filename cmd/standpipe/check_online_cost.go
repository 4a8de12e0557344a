package main

import (
	"math"
	"time"
)

// What a month of the lease table is reckoned with: on demand, in us-east-1, from November 2024 on.
// https://aws.amazon.com/dynamodb/pricing/on-demand/ and https://aws.amazon.com/kinesis/data-streams/pricing/
const (
	month        = 30 * 24 * time.Hour
	dollarsWrite = 0.625e-6        // a write request unit
	dollarsRead  = 0.125e-6        // a read request unit
	dollarsShard = 0.015           // a provisioned shard, an hour
	batchShards  = 99              // the most a batch holds
	itemKB       = 0.5             // a batch's item without its shards
	itemShardKB  = 0.2             // a shard in it
	rowKB        = 0.5             // a row of the table
	calmInterval = 5 * time.Minute // the default
)

// requestUnits reckons the units of a month with one worker on a stream that never rests. A commit is two
// transactions, intent and advance; each costs two write units for every KB, begun, of the batch's item and of
// each of its shards' rows. A worker writes a heartbeat five times in the failover time, and scans the table
// every sixth of it, at least every 2 s, at a read unit for every 4 KB.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
func requestUnits(interval, failover time.Duration, shards int) (writes, reads float64) {
	perCommit := 0.0
	for left := shards; left > 0; left -= batchShards {
		n := float64(min(left, batchShards))
		perCommit += 2 * 2 * (math.Ceil(itemKB+itemShardKB*n) + n)
	}
	scanEvery := min(failover/6, 2*time.Second)
	writes = times(interval)*perCommit + times(failover/5)
	reads = times(scanEvery) * math.Ceil(float64(shards+2)*rowKB/4)
	return writes, reads
}

// times is how often something happens in a month.
func times(every time.Duration) float64 { return float64(month) / float64(every) }

func dollars(writes, reads float64) float64 { return writes*dollarsWrite + reads*dollarsRead }

// dear is the sum a month above which the lease table deserves a thought: it is more than one more shard of the
// stream would cost, and more than a tenth of what all its shards cost. Below either the stream's own bill hides it.
func dear(shards int) float64 {
	return month.Hours() * dollarsShard * max(1, float64(shards)/10)
}

// cost reckons what the lease table costs.
func (in *inspection) cost(shards int, r *report) {
	const check = "cost"
	if shards == 0 {
		r.add(skipped, check, "the number of shards is not known")
		return
	}
	interval, failover := time.Duration(in.cfg.Buffer.Interval), time.Duration(in.cfg.Leases.Failover)
	writes, reads := requestUnits(interval, failover, shards)
	sum := dollars(writes, reads)
	if sum <= dear(shards) {
		r.add(fine, check, "lease table: up to %.1f million write and %.1f million read units a month for %d shards and one worker, about $%.2f at on-demand prices", writes/1e6, reads/1e6, shards, sum)
		return
	}
	less, same := requestUnits(max(interval, calmInterval), failover, shards)
	r.add(doubtful, check, "lease table: up to %.1f million write and %.1f million read units a month for %d shards and one worker, about $%.2f at on-demand prices, where $%.2f is a fair limit: a longer buffer.interval costs less, 5m about $%.2f", writes/1e6, reads/1e6, shards, sum, dear(shards), dollars(less, same))
}
