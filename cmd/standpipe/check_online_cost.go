package main

import (
	"time"

	"standpipe/internal/cost"
	"standpipe/internal/requests"
)

// What a month of the lease table is compared with.
const (
	monthHours   = 730             // a month, as AWS's calculator has it
	calmInterval = 5 * time.Minute // the default
)

// requestUnits reckons the units of a month with one worker on a stream whose shards never rest.
func requestUnits(interval, failover time.Duration, shards int) (writes, reads float64) {
	c := requests.PerHour(requests.Load{Shards: shards, Interval: interval, Failover: failover})
	return c.WriteUnits * monthHours, c.ReadUnits * monthHours
}

// dollars are what request units cost on demand, at list prices.
func dollars(writes, reads float64) float64 {
	p := cost.ListPrices().DynamoDB
	return (writes*p.MillionWrites + reads*p.MillionReads) / 1e6
}

// dear is the sum a month above which the lease table deserves a thought: it is more than one more shard of the
// stream would cost, and more than a tenth of what all its shards cost. Below either the stream's own bill hides it.
func dear(shards int) float64 {
	return monthHours * cost.ListPrices().Kinesis.ShardHour * max(1, float64(shards)/10)
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
