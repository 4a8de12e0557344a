package cost

import (
	"math"
	"time"
)

// Firehose's limits of the buffering hints, beyond which its nearest value is taken.
// https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html
const (
	firehoseLongest   = 15 * time.Minute
	firehoseShortest  = time.Minute // with dynamic partitioning
	firehoseLargest   = 128 << 20
	firehosePartition = 64 << 20 // the least size with dynamic partitioning or conversion
	firehoseMultipart = time.Minute
)

// roundUp is a record's size as Firehose bills it.
func roundUp(bytes, step float64) float64 { return math.Ceil(bytes/step) * step }

// firehose is the bill of Firehose: a stream of its own for each output, since one has one destination.
func firehose(w Workload, p Prices) Bill {
	var b Bill
	streams := float64(len(w.Outputs))
	raw := w.bytesPerSecond() * seconds / gb
	billed := roundUp(w.RecordBytes, p.Firehose.RecordBytes) * w.RecordsPerSecond * seconds / gb
	each := ""
	if streams > 1 {
		each = ", for each output"
	}
	b.add(tiered(billed*streams, p.Firehose.Ingestion), "ingestion", "%s GB: %s GB of records, each counted as %s%s", grouped(billed), grouped(raw), size(roundUp(w.RecordBytes, p.Firehose.RecordBytes)), each)

	converted, partitioned, objects, puts := 0.0, 0.0, 0.0, 0.0
	for _, o := range w.Outputs {
		if o.Format == "parquet" {
			converted += billed
		}
		n := firehoseObjects(w, o) * hours
		if o.Partitioned {
			partitioned += raw
			objects += n
		}
		if w.Interval < firehoseMultipart && !o.Partitioned {
			n *= 3 // create, part, complete
		}
		puts += n
	}
	if converted > 0 {
		b.add(converted*p.Firehose.ConversionGB, "format conversion", "%s GB as ingested", grouped(converted))
	}
	if partitioned > 0 {
		b.add(partitioned*p.Firehose.PartitioningGB+objects/1e3*p.Firehose.PartitioningKilos, "dynamic partitioning", "%s GB delivered, %s objects", grouped(partitioned), grouped(objects))
	}
	if w.JQHours > 0 {
		b.add(w.JQHours*p.Firehose.JQHour, "jq", "%s hours", grouped(w.JQHours))
	}
	b.add(puts/1e3*p.S3.ThousandPuts, "S3 requests", "%s to write", grouped(puts))
	return b
}

// firehoseObjects are the objects an hour that Firehose makes of an output: hints hold for each shard, with dynamic
// partitioning for each partition of the whole stream.
// https://docs.aws.amazon.com/firehose/latest/dev/buffering-hints.html
func firehoseObjects(w Workload, o Output) float64 {
	interval, least := min(w.Interval, firehoseLongest), 1.0*(1<<20)
	if o.Partitioned || o.Format == "parquet" {
		least = firehosePartition
	}
	full := min(max(w.BufferSize, least), firehoseLargest)
	lanes := float64(w.shards())
	if o.Partitioned {
		lanes, interval = float64(o.Paths), max(interval, firehoseShortest)
	}
	bySize := w.bytesPerSecond() * 3600 / full
	return min(max(lanes*perHour(interval), bySize), w.RecordsPerSecond*3600)
}

// perHour is how often something happens in an hour.
func perHour(every time.Duration) float64 { return float64(time.Hour) / float64(every) }
