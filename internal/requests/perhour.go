package requests

import (
	"math"
	"time"
)

// Load is what a deployment does in a steady hour. Zero fields have the defaults of the configuration.
type Load struct {
	Shards   int           // of the stream, each of which gets records within every interval; 0 = 1
	Workers  int           // processes that share the shards evenly; 0 = 1
	Interval time.Duration // buffer.interval; 0 = 300 s
	Size     int64         // buffer.size in bytes; 0 = 128 MiB
	Failover time.Duration // leases.failover; 0 = 30 s
	Poll     time.Duration // stream.poll_interval; 0 = 1 s
	Outputs  int           // that every record goes to; 0 = 1
	Paths    int           // evaluated prefixes of an output that get records of a worker within an interval; 0 = 1
	Lines    float64       // bytes a second of the whole stream, before compression, as buffer.size counts them; 0 = so few that no object gets full
	Stored   float64       // bytes a second in all outputs together, after compression; 0 = so few that one part holds an object
}

// Counts are requests and request units in an hour.
type Counts struct {
	Commits    float64 // batches of all workers
	Objects    float64 // that become visible, without journals
	WriteUnits float64 // DynamoDB write request units
	ReadUnits  float64 // DynamoDB read request units
	S3Puts     float64 // S3 requests at the price of PUT: uploads created, parts, uploads completed
	S3Gets     float64 // S3 requests at the price of GET
	GetRecords float64
	ListShards float64
}

// Sizes in the lease table, in bytes as DynamoDB counts them.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
const (
	itemBytes      = 600 // a batch's item without its shards; with the names of bucket, application and worker
	itemShardBytes = 195 // a shard in it
	leaseBytes     = 215 // a shard's row, with its worker's name
	pendingBytes   = 121 // what a pending batch adds to it
	workerBytes    = 120
	headBytes      = 200 // the application's row

	batchShards = 99      // the most that a batch holds
	partBytes   = 5 << 20 // of a part that is not the last one
	listEvery   = 10 * time.Second
	commitTakes = 150 * time.Millisecond // about; so long its item is in the table
)

// PerHour gives what a load costs. The units are those of DynamoDB: a write costs one for each KB begun, in a transaction
// two; a strongly consistent read one for each 4 KB begun of an item, or of all that a scan reads. Not in it: starts, stops,
// resharding, retries, error records (an object more for each error type and path), the first second of anything.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
func PerHour(l Load) Counts {
	l = l.withDefaults()
	var c Counts
	var items float64 // that are in the table at one time, in bytes
	for w := range l.Workers {
		shards := (l.Shards + w) / l.Workers // of this worker
		for left := shards; left > 0; left -= batchShards {
			items += l.batches(&c, min(left, batchShards))
		}
	}
	table := items + float64(l.Shards*leaseBytes+l.Workers*workerBytes+headBytes)
	workers := float64(l.Workers)
	c.WriteUnits += workers * perHour(l.Failover/5) // heartbeats
	c.ReadUnits += workers * perHour(min(max(l.Failover/6, 200*time.Millisecond), 2*time.Second)) * math.Ceil(table/4096)
	c.GetRecords = float64(l.Shards) * perHour(l.Poll)
	c.ListShards = workers * perHour(listEvery)
	return c
}

// batches adds the batches that hold so many shards. It gives the bytes that they have in the table on the average.
func (l Load) batches(c *Counts, shards int) (inTable float64) {
	n := float64(shards)
	// A batch is cut when its oldest record has waited for the interval, and the next one begins with the next answer that
	// has records; or when its objects are full.
	period := l.Interval.Seconds() + l.Poll.Seconds()/(2*n)
	share := n / float64(l.Shards)
	if l.Lines > 0 {
		period = min(period, float64(l.Paths)*float64(l.Size)/(l.Lines*share))
	}
	commits := 3600 / period
	objects := float64(l.Outputs * l.Paths)
	full := math.Floor(l.Stored * share * period / objects / partBytes) // parts before the last
	item := float64(itemBytes + itemShardBytes*shards)

	c.Commits += commits
	c.Objects += commits * objects
	c.S3Puts += commits * (objects*(3+full) + 3)
	c.S3Gets += commits
	c.WriteUnits += commits * 2 * 2 * (math.Ceil(item/1024) + n)
	c.ReadUnits += commits * math.Ceil(item/4096)
	return (item + n*pendingBytes) * min(1, commitTakes.Seconds()/period)
}

func (l Load) withDefaults() Load {
	l.Shards, l.Workers, l.Outputs, l.Paths = max(l.Shards, 1), max(l.Workers, 1), max(l.Outputs, 1), max(l.Paths, 1)
	for _, d := range []struct {
		value *time.Duration
		zero  time.Duration
	}{{&l.Interval, 300 * time.Second}, {&l.Failover, 30 * time.Second}, {&l.Poll, time.Second}} {
		if *d.value == 0 {
			*d.value = d.zero
		}
	}
	if l.Size == 0 {
		l.Size = 128 << 20
	}
	return l
}

func perHour(every time.Duration) float64 { return float64(time.Hour) / float64(every) }
