package cost

import (
	"math"
	"testing"
	"time"
)

// clicks are a stream such as many have.
func clicks() Workload {
	return Workload{
		RecordBytes: 300, RecordsPerSecond: 1000, Source: Stream,
		Outputs: []Output{{Format: "ndjson", Codec: "gzip", Paths: 1}}, Interval: 5 * time.Minute, BufferSize: 128 << 20, Memory: 128 << 20,
		Failover: 30 * time.Second, Compute: Fargate, Network: PublicIP, Workers: 2, Headroom: 2,
	}
}

// about compares dollars to the cent, or quantities to what was worked by hand.
func about(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.005 {
		t.Errorf("%s: got %.4f, want %.2f", what, got, want)
	}
}

func (b Bill) line(t *testing.T, name string) Line {
	t.Helper()
	for _, l := range b.Lines {
		if l.Name == name {
			return l
		}
	}
	t.Fatalf("no line %q in %+v", name, b)
	return Line{}
}

// TestRecordsAreRoundedUp: a record of 3 KB counts as 5 KB, one of 12 KB as 15 KB, says the price page.
func TestRecordsAreRoundedUp(t *testing.T) {
	for bytes, want := range map[float64]float64{1: 5120, 300: 5120, 3 << 10: 5120, 5120: 5120, 5121: 10240, 12 << 10: 15 << 10, 15 << 10: 15 << 10, 1 << 20: 205 * 5120} {
		if got := roundUp(bytes, 5120); got != want {
			t.Errorf("%v bytes count as %v, want %v", bytes, got, want)
		}
	}
}

func TestTiers(t *testing.T) {
	tiers := ListPrices().Firehose.Ingestion
	for gb, want := range map[float64]float64{
		0:         0,
		100:       2.90,
		512_000:   14_848,                 // 512,000 · 0.029
		512_001:   14_848.025,             // and one at 0.025
		2_048_000: 14_848 + 38_400,        // 1,536,000 · 0.025
		2_148_000: 14_848 + 38_400 + 2000, // 100,000 · 0.020
	} {
		if got := tiered(gb, tiers); math.Abs(got-want) > 1e-6 {
			t.Errorf("%v GB cost %v, want %v", gb, got, want)
		}
	}
}

// TestFirehoseAsAWSCalculates: 10,000 records of 5 KB a second are 50,000 KB · 2,628,000 s / 1,048,576 = 125,312.81 GB
// a month. AWS's calculator says $3,634.07 for their ingestion, $2,255.63 for conversion, $2,506.26 + $10.03 for dynamic
// partitioning into objects of 64 MB, and $4.90 for 70 hours of jq.
func TestFirehoseAsAWSCalculates(t *testing.T) {
	w := clicks()
	w.RecordBytes, w.RecordsPerSecond, w.JQHours, w.BufferSize = 5<<10, 10_000, 70, 64<<20
	w.Outputs = []Output{{Format: "parquet", Codec: "snappy", Paths: 1, Partitioned: true}}
	b := firehose(w, ListPrices())
	about(t, "ingestion", b.line(t, "ingestion").Dollars, 3634.07)
	about(t, "conversion", b.line(t, "format conversion").Dollars, 2255.63)
	about(t, "partitioning", b.line(t, "dynamic partitioning").Dollars, 2516.28)
	about(t, "jq", b.line(t, "jq").Dollars, 4.90)
	about(t, "S3", b.line(t, "S3 requests").Dollars, 10.03) // 2,005,005 objects, a PUT each
	about(t, "sum", b.Dollars, 8420.91)
	if got, want := b.line(t, "ingestion").Detail, "125,313 GB: 125,313 GB of records, each counted as 5 KB"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSmallRecordsCostSeventeenTimesTheirSize: 1,000 records a second of 300 B are 1000 · 300 · 2,628,000 / 2^30 =
// 734.26 GB a month, and count as 1000 · 5120 · 2,628,000 / 2^30 = 12,531.28.
func TestSmallRecordsCostSeventeenTimesTheirSize(t *testing.T) {
	b := firehose(clicks(), ListPrices())
	about(t, "ingestion", b.line(t, "ingestion").Dollars, 363.41) // 12,531.28 · 0.029
	if got, want := b.line(t, "ingestion").Detail, "12,531 GB: 734 GB of records, each counted as 5 KB"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestConversionCountsRoundedRecords: the meter of conversion is that of ingestion; that of partitioning is not.
func TestConversionCountsRoundedRecords(t *testing.T) {
	w := clicks()
	w.Outputs = []Output{{Format: "parquet", Codec: "snappy", Paths: 10, Partitioned: true}}
	b := firehose(w, ListPrices())
	about(t, "conversion", b.line(t, "format conversion").Dollars, 225.56)     // 12,531.28 · 0.018
	about(t, "partitioning", b.line(t, "dynamic partitioning").Dollars, 15.12) // 734.26 · 0.020 + 10 · 12 · 730 / 1000 · 0.005
}

// TestEachOutputIsAStreamOfItsOwn: ingestion is paid for each, and the tiers are those of the account.
func TestEachOutputIsAStreamOfItsOwn(t *testing.T) {
	w := clicks()
	w.RecordsPerSecond = 30_000 // 375,938 GB: two of them leave the first tier
	one := firehose(w, ListPrices()).line(t, "ingestion").Dollars
	w.Outputs = append(w.Outputs, Output{Format: "parquet", Codec: "snappy", Paths: 1})
	b := firehose(w, ListPrices())
	about(t, "one", one, 10902.21)                                            // 375,938.42 · 0.029
	about(t, "two", b.line(t, "ingestion").Dollars, 14848+0.025*(239_876.84)) // 751,876.83 − 512,000
	about(t, "conversion", b.line(t, "format conversion").Dollars, 6766.89)   // of one of them
	if b.line(t, "ingestion").Detail != "375,938 GB: 22,028 GB of records, each counted as 5 KB, for each output" {
		t.Errorf("%+v", b.Lines)
	}
}

// TestFirehoseObjects: hints hold for each shard, in Firehose's limits.
func TestFirehoseObjects(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Workload)
		hour   float64
	}{
		"one shard, every 5 minutes":       {func(*Workload) {}, 12},
		"4 shards":                         {func(w *Workload) { w.Shards = 4 }, 48},
		"an hour is at most 15 minutes":    {func(w *Workload) { w.RecordsPerSecond, w.Interval = 1, time.Hour }, 4},
		"no more objects than records":     {func(w *Workload) { w.RecordsPerSecond = 1. / 3600 }, 1},
		"full objects":                     {func(w *Workload) { w.BufferSize = 1 << 20 }, 1000 * 300 * 3600. / (1 << 20)},
		"128 MiB at most":                  {func(w *Workload) { w.RecordsPerSecond, w.BufferSize, w.Shards = 1e6, 5<<30, 99 }, 3e8 * 3600. / (128 << 20)},
		"64 MiB at least for conversion":   {func(w *Workload) { w.RecordsPerSecond, w.BufferSize, w.Outputs[0].Format = 1e6, 1<<20, "parquet" }, 3e8 * 3600. / (64 << 20)},
		"partitions are of the stream":     {func(w *Workload) { w.Shards, w.Outputs[0].Paths, w.Outputs[0].Partitioned = 4, 10, true }, 120},
		"partitions wait a minute or more": {func(w *Workload) { w.Interval, w.Outputs[0].Paths, w.Outputs[0].Partitioned = time.Second, 10, true }, 600},
	} {
		w := clicks()
		tc.change(&w)
		if got := firehoseObjects(w, w.Outputs[0]); math.Abs(got-tc.hour) > 1e-6 {
			t.Errorf("%s: %v objects an hour, want %v", name, got, tc.hour)
		}
	}
}

// TestShortIntervalsAreMultipartUploads: below 60 s Firehose creates, fills and completes an upload for each object.
func TestShortIntervalsAreMultipartUploads(t *testing.T) {
	w := clicks()
	w.Interval = time.Minute
	about(t, "a minute", firehose(w, ListPrices()).line(t, "S3 requests").Dollars, 0.22) // 60 · 730 · 0.000005
	w.Interval = 30 * time.Second
	about(t, "half of one", firehose(w, ListPrices()).line(t, "S3 requests").Dollars, 1.31) // 120 · 730 · 3 · 0.000005
}
