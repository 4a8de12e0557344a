package cost

import (
	"fmt"
	"strings"
)

// Assumptions are the sentences that an estimate of w at prices p rests on, and LeftOut what is in neither bill.
func Assumptions(w Workload, p Prices, e Estimate) (lines []string) {
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if w.Region != "" && w.Region != p.Region {
		add("prices are those of %s, and the stream is in %s, where they are others: --prices takes them, and --print-prices prints the pages to look at", p.Region, w.Region)
	}
	add("every record is %s, and so many arrive all month; where sizes vary around a multiple of 5 KB Firehose counts more; of KPL aggregates it is not known whether it counts them or the records in them", bytesText(w.RecordBytes))
	for _, o := range w.Outputs {
		add("a worker delivers %v MB of records as %s with %s a second of processor time (docs/performance.md); steps come on top", MBPerSecond(o), o.Format, o.Codec)
	}
	if w.Workers > 1 {
		add("%d workers at least, so that one can be lost; together %v times the mean load, and without one of them still the mean load", w.Workers, w.Headroom)
	} else {
		add("a single worker will do: while it is replaced nothing is delivered, and nothing lost; %v times the mean load", w.Headroom)
	}
	add("a worker takes %s of memory: buffer.memory and %s", bytesText(w.Memory+besideBuffers), bytesText(besideBuffers))
	if w.Shards == 0 {
		add("%s: 1 MiB and 1,000 records a second each", plural(e.Sizing.Shards, "shard"))
	} else if w.Source != AccessLogs && w.RecordsPerSecond > float64(w.Shards)*shardRecords {
		add("%s of 1,000 records a second each: more arrive, so most must come in KPL aggregates", plural(w.Shards, "shard"))
	}
	switch w.Network {
	case PublicIP:
		add("workers stand in a public subnet; --network prices an endpoint or a NAT gateway")
	case Endpoint, NAT:
		add("S3 and DynamoDB have gateway endpoints, which cost nothing")
	case Paid:
		add("the way from the workers to AWS is paid for already")
	}
	if len(w.Outputs) > 1 {
		add("Firehose needs a stream for each of the %d outputs, since one has one destination", len(w.Outputs))
	}
	for _, o := range w.Outputs {
		if o.Partitioned {
			add("%s get records within an interval%s", plural(o.Paths, "partition"), jqText(w))
			break
		}
	}
	switch w.Source {
	case Direct:
		add("producers put into Firehose without a stream, so Standpipe's side pays for one, provisioned")
	case AccessLogs:
		add("API Gateway writes into Firehose; for Standpipe into CloudWatch Logs, whose subscription fills a provisioned stream, a quarter as large for its gzip")
	case Stream:
	}
	return lines
}

func jqText(w Workload) string {
	if w.JQHours > 0 {
		return ""
	}
	return "; the hours that Firehose would run jq for them are not known, give them with --jq-hours"
}

// LeftOut are the sentences on what is in neither bill.
func LeftOut(w Workload) []string {
	same := []string{"S3 storage", "queries"}
	if w.Source == Stream {
		same = append([]string{"the Kinesis stream"}, same...)
	}
	return []string{
		"the same either way: " + strings.Join(same, ", "),
		"the time of the people who run it, of which Standpipe takes more: it is a process, with deployments and alarms",
		"metrics and logs of the workers, traffic between regions, keys of KMS, discounts, free tiers, taxes",
	}
}

// bytesText prints bytes in the largest unit, of 1000 or 1024, that divides them.
func bytesText(bytes float64) string {
	for _, u := range []struct {
		name string
		size float64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}} {
		if n := bytes / u.size; n >= 1 && n == float64(int64(n)) {
			return fmt.Sprintf("%v %s", n, u.name)
		}
	}
	return grouped(bytes) + " B"
}
