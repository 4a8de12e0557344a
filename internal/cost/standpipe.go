package cost

import (
	"errors"
	"math"
)

// Sizing is what the workers were reckoned to need.
type Sizing struct {
	Workers int     `json:"workers"`
	Machine string  `json:"machine"`
	Cores   float64 `json:"cores"` // busy on average, of all workers together
	Shards  int     `json:"shards"`
}

// zones are the availability zones that interface endpoints and NAT gateways stand in.
const zones = 2

// What GetRecords answers with beside a record's data, in CBOR: sequence number, partition key, time, and their names.
const answerBytes = 170

// standpipe is the cheapest bill of Standpipe, over the number of workers: from w.Workers to one a shard.
func standpipe(w Workload, p Prices) (Bill, Sizing, error) {
	var best Bill
	var sizing Sizing
	found := false
	all, least := machines(w.Compute, p), math.Inf(1)
	for _, m := range all {
		least = min(least, m.month)
	}
	for n := w.Workers; n <= max(w.Workers, min(w.shards(), mostWorkers)); n++ {
		m, enough := cheapest(w, all, n)
		if !enough {
			continue
		} else if found && least*float64(n) > best.Dollars {
			break // more workers can not be cheaper
		}
		b := standpipeWith(w, p, n, m)
		if !found || b.Dollars < best.Dollars {
			best, sizing, found = b, Sizing{n, m.name, load(w), w.shards()}, true
		}
	}
	if !found {
		return best, sizing, errors.New("no machine is large enough for a worker: name more shards, more workers, less memory or less headroom")
	}
	return best, sizing, nil
}

// standpipeWith is the bill of n workers on a machine each.
func standpipeWith(w Workload, p Prices, n int, m machine) Bill {
	var b Bill
	workers := float64(n)
	kind := "Fargate task"
	if w.Compute == EC2 {
		kind = "EC2 instance"
	}
	b.add(workers*m.month, "compute", "%s on ARM: %s; %.2g cores busy on average", plural(n, kind), m.name, load(w))
	raw := w.bytesPerSecond() * seconds / gb
	answers := w.streamBytes()
	if w.Source != AccessLogs {
		answers += w.RecordsPerSecond * answerBytes
	}
	answers *= seconds / gb
	switch w.Network {
	case PublicIP:
		b.add(workers*hours*p.Network.PublicIPv4Hour, "network", "%s", plural(n, "public IPv4 address"))
	case Endpoint:
		b.add(zones*hours*p.Network.EndpointHour+answers*p.Network.EndpointGB, "network", "an endpoint for Kinesis in %d zones, %s GB through it", zones, grouped(answers))
	case NAT:
		b.add(zones*hours*p.Network.NATHour+answers*p.Network.NATGB, "network", "a NAT gateway in %d zones, %s GB through it", zones, grouped(answers))
	case Paid:
	}
	c := requestsOf(w, n)
	writes, reads := c.WriteUnits*hours, c.ReadUnits*hours
	b.add(writes/1e6*p.DynamoDB.MillionWrites+reads/1e6*p.DynamoDB.MillionReads, "DynamoDB", "%s write and %s read request units", grouped(writes), grouped(reads))
	puts, gets := c.S3Puts*hours, c.S3Gets*hours
	b.add(puts/1e3*p.S3.ThousandPuts+gets/1e3*p.S3.ThousandGets, "S3 requests", "%s to write, %s to read", grouped(puts), grouped(gets))
	if w.Source == AccessLogs {
		b.add(raw*p.Logs.IngestionPerGB, "CloudWatch Logs", "%s GB ingested", grouped(raw))
	}
	if w.Source != Stream {
		s := w.shards()
		units := putUnits(w) * seconds
		b.add(float64(s)*hours*p.Kinesis.ShardHour+units/1e6*p.Kinesis.MillionPutUnits, "Kinesis stream", "%s, %s PUT payload units", plural(s, "shard"), grouped(units))
	}
	return b
}

// putUnits are the PUT payload units a second: of each record one for every 25 KB, begun.
func putUnits(w Workload) float64 {
	const unit = 25 << 10
	if w.Source == AccessLogs { // many events to a record, and no event in two
		return min(w.RecordsPerSecond, 2*w.streamBytes()/unit+1)
	}
	return w.RecordsPerSecond * math.Ceil(w.RecordBytes/unit)
}
