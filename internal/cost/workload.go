package cost

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Source is how records reach the delivery, which decides what stands before Standpipe and not before Firehose.
type Source string

// Sources. With Stream both read the same Kinesis data stream. With Direct, producers put into Firehose, and a stream takes
// its place. With AccessLogs, API Gateway writes its access logs into Firehose; for Standpipe they go to CloudWatch
// Logs, whose subscription fills a stream.
const (
	Stream     Source = "stream"
	Direct     Source = "direct-put"
	AccessLogs Source = "access-logs"
)

// Compute is what workers run on.
type Compute string

// Computes: tasks of Fargate or instances of EC2, both on ARM and on demand.
const (
	Fargate Compute = "fargate"
	EC2     Compute = "ec2"
)

// Network is how workers reach Kinesis. S3 and DynamoDB have gateway endpoints, which cost nothing.
type Network string

// Networks: an IPv4 address for each worker in a public subnet, an interface endpoint in two zones, a NAT gateway in two
// zones, or a way that is paid for already.
const (
	PublicIP Network = "public-ip"
	Endpoint Network = "endpoint"
	NAT      Network = "nat"
	Paid     Network = "paid"
)

// Output is one destination.
type Output struct {
	Format string `json:"format"` // ndjson, raw or parquet
	Codec  string `json:"codec"`
	Level  int    `json:"level,omitempty"` // of the codec; 0 = its default
	// Paths are the different prefixes that get records within an interval, at least 1.
	Paths int `json:"paths"`
	// Partitioned says that prefixes hold values of the records, for which Firehose has a price of its own.
	Partitioned bool `json:"partitioned"`
}

// Workload is what is to be delivered, and how.
type Workload struct {
	RecordBytes      float64 // mean size of a record before compression
	RecordsPerSecond float64 // mean of the month
	Shards           int     // 0 = as few as the rate needs
	Source           Source
	Region           string // of the stream; "" = not known

	Outputs    []Output
	Interval   time.Duration // buffer.interval
	BufferSize float64       // buffer.size in bytes
	Memory     float64       // buffer.memory in bytes
	Failover   time.Duration // leases.failover
	JQHours    float64       // that Firehose would run jq in a month, for partition keys

	Compute  Compute
	Network  Network
	Workers  int     // at least as many
	Headroom float64 // capacity of all workers over the mean load, 1 or more
}

// Limits of a shard. https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
const (
	shardBytes   = 1 << 20
	shardRecords = 1000
)

// Logs in a subscription are gzip, packed many to a record: what an event becomes in the stream.
const logRatio = 4

// streamBytes are the bytes a second that the stream carries.
func (w Workload) streamBytes() float64 {
	if w.Source == AccessLogs {
		return w.bytesPerSecond() / logRatio
	}
	return w.bytesPerSecond()
}

func (w Workload) bytesPerSecond() float64 { return w.RecordBytes * w.RecordsPerSecond }

// shards are those of the stream.
func (w Workload) shards() int {
	if w.Shards > 0 {
		return w.Shards
	}
	need := w.streamBytes() / shardBytes
	if w.Source != AccessLogs {
		need = max(need, w.RecordsPerSecond/shardRecords)
	}
	return max(1, int(math.Ceil(need)))
}

// Check says what is wrong with a workload.
func (w Workload) Check() error {
	switch {
	case !(w.RecordBytes >= 1) || w.RecordBytes > 10<<20:
		return fmt.Errorf("the size of a record must be 1 B to 10 MiB, the most that Kinesis takes (got %s)", bytesText(w.RecordBytes))
	case !(w.RecordsPerSecond > 0) || w.RecordsPerSecond > MostRecords:
		return fmt.Errorf("the rate must be more than 0 and at most %s records a second (got %v)", grouped(MostRecords), w.RecordsPerSecond)
	case w.Shards < 0 || w.Shards > mostShards:
		return fmt.Errorf("the number of shards must be 0 to %s (got %d)", grouped(mostShards), w.Shards)
	case w.Shards > 0 && w.streamBytes() > float64(w.Shards)*shardBytes:
		return fmt.Errorf("a stream of %s takes %d MiB a second, and %.1f MiB a second arrive: name at least %.0f shards, or none", plural(w.Shards, "shard"), w.Shards, w.streamBytes()/shardBytes, math.Ceil(w.streamBytes()/shardBytes))
	case len(w.Outputs) == 0:
		return fmt.Errorf("there is no output")
	case w.Interval < time.Second || w.Interval > time.Hour:
		return fmt.Errorf("the interval must be 1s to 1h (got %v)", w.Interval)
	case !(w.BufferSize >= 1<<20):
		return fmt.Errorf("the buffer size must be 1 MiB or more (got %v bytes)", w.BufferSize)
	case !(w.Memory >= 1<<20):
		return fmt.Errorf("the memory must be 1 MiB or more (got %v bytes)", w.Memory)
	case w.Failover < time.Second:
		return fmt.Errorf("the failover time must be 1s or more (got %v)", w.Failover)
	case w.Workers < 1 || w.Workers > mostWorkers:
		return fmt.Errorf("the number of workers must be 1 to %d (got %d)", mostWorkers, w.Workers)
	case !(w.Headroom >= 1) || w.Headroom > 100:
		return fmt.Errorf("the headroom must be 1 to 100 times the mean load (got %v)", w.Headroom)
	case !(w.JQHours >= 0) || w.JQHours > mostJQ:
		return fmt.Errorf("the hours of jq must be 0 to %s (got %v)", grouped(mostJQ), w.JQHours)
	}
	for _, o := range w.Outputs {
		if o.Paths < 1 || o.Codec == "" || !slices.Contains([]string{"ndjson", "raw", "parquet"}, o.Format) {
			return fmt.Errorf("an output needs 1 path or more and a known format (got %d, %s)", o.Paths, o.Format)
		}
	}
	return nil
}

// MostRecords is the highest rate that is reckoned, in records a second.
const MostRecords = 1e7

// Most of what is reckoned, so that a mistyped number is told and no reckoning takes long.
const (
	mostShards  = 100_000
	mostWorkers = 1000
	mostJQ      = 1e6
)
