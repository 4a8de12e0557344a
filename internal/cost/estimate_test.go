package cost

import (
	"math"
	"strings"
	"testing"
	"time"
)

// TestWorkloadsThatAreNone: each mistake is told, with what was given.
func TestWorkloadsThatAreNone(t *testing.T) {
	for want, change := range map[string]func(*Workload){
		"the size of a record must be":  func(w *Workload) { w.RecordBytes = 0.5 },
		"the most that Kinesis takes":   func(w *Workload) { w.RecordBytes = 11 << 20 },
		"the rate must be":              func(w *Workload) { w.RecordsPerSecond = 0 },
		"(got NaN)":                     func(w *Workload) { w.RecordsPerSecond = math.NaN() },
		"at most 10,000,000 records":    func(w *Workload) { w.RecordsPerSecond = 2e7 },
		"number of shards":              func(w *Workload) { w.Shards = -1 },
		"name at least 3 shards":        func(w *Workload) { w.Shards, w.RecordBytes = 2, 2500 },
		"there is no output":            func(w *Workload) { w.Outputs = nil },
		"needs 1 path or more":          func(w *Workload) { w.Outputs = []Output{{Format: "ndjson"}} },
		"the interval must be":          func(w *Workload) { w.Interval = 2 * time.Hour },
		"the buffer size must be":       func(w *Workload) { w.BufferSize = 1 },
		"the memory must be":            func(w *Workload) { w.Memory = 1 },
		"the failover time must be":     func(w *Workload) { w.Failover = 0 },
		"the number of workers must be": func(w *Workload) { w.Workers = 0 },
		"the headroom must be":          func(w *Workload) { w.Headroom = 0.9 },
		"the hours of jq":               func(w *Workload) { w.JQHours = -1 },
		"no machine is large enough":    func(w *Workload) { w.Memory = 1 << 40 },
	} {
		w := clicks()
		change(&w)
		if _, err := Reckon(w, ListPrices()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// TestSmallStreamsAreCheaperWithFirehose: two tasks cost some $23 a month; a record of up to 5 KB every second costs
// Firehose 5120 · 2,628,000 / 2^30 · 0.029 = $0.3634.
func TestSmallStreamsAreCheaperWithFirehose(t *testing.T) {
	w := clicks()
	e, err := Reckon(w, ListPrices())
	if err != nil {
		t.Fatal(err)
	}
	b := e.BreakEven
	if b.From < 50 || b.From > 70 || b.To != b.Most || b.Most != 1e6 {
		t.Fatalf("%+v", b)
	}
	if per := b.From * 0.3634; math.Abs(per-23) > 1.5 {
		t.Errorf("bills meet at $%.2f", per)
	}
	for rate, standpipe := range map[float64]bool{b.From * 1.01: true, b.From / 1.01: false} {
		w.RecordsPerSecond = rate
		e, err := Reckon(w, ListPrices())
		if err != nil || (e.Standpipe.Dollars < e.Firehose.Dollars) != standpipe {
			t.Errorf("at %v: %v, %v", rate, e, err)
		}
	}
}

// TestNeverCheaper: a GB of log costs $0.50 in CloudWatch Logs, and $0.029 with Firehose where records are 5 KB.
func TestNeverCheaper(t *testing.T) {
	w := clicks()
	w.Source, w.RecordBytes = AccessLogs, 5120
	if e, err := Reckon(w, ListPrices()); err != nil || e.BreakEven.From != 0 || e.BreakEven.To != 0 {
		t.Errorf("%+v, %v", e.BreakEven, err)
	}
}

// TestCheaperBetween: where all tiers but the first are free, Firehose is cheaper for very large streams too.
func TestCheaperBetween(t *testing.T) {
	p := ListPrices()
	p.Firehose.Ingestion = []Tier{{UpToGB: 1000, PerGB: 0.029}, {}}
	e, err := Reckon(clicks(), p)
	if b := e.BreakEven; err != nil || !(b.From > 0) || !(b.To > b.From) || !(b.To < b.Most) {
		t.Errorf("%+v, %v", b, err)
	}
}

// TestGivenShardsBoundTheRate: one shard takes 1 MiB a second.
func TestGivenShardsBoundTheRate(t *testing.T) {
	w := clicks()
	w.Shards = 1
	if e, err := Reckon(w, ListPrices()); err != nil || math.Abs(e.BreakEven.Most-(1<<20)/300.) > 1e-6 {
		t.Errorf("%+v, %v", e.BreakEven, err)
	}
}

func TestAssumptionsAreTold(t *testing.T) {
	w := clicks()
	w.Outputs = append(w.Outputs, Output{Format: "parquet", Codec: "snappy", Paths: 20, Partitioned: true})
	for source, want := range map[Source]string{Stream: "the Kinesis stream", Direct: "pays for one", AccessLogs: "CloudWatch Logs"} {
		w.Source = source
		e, err := Reckon(w, ListPrices())
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(append(Assumptions(w, ListPrices(), e), LeftOut(w)...), "\n")
		for _, want := range []string{want, "every record is 300 B", "25 MB of records as ndjson with gzip", "50 MB of records as parquet", "2 workers at least", "200 MiB of memory", "each of the 2 outputs", "20 partitions", "--jq-hours", "public subnet", "the time of the people"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", source, want, text)
			}
		}
		if (source == Stream) != strings.Contains(text, "the same either way: the Kinesis stream") {
			t.Errorf("%s: %s", source, text)
		}
	}
	w.Workers, w.Network, w.JQHours, w.Shards = 1, NAT, 3, 2
	text := strings.Join(Assumptions(w, ListPrices(), Estimate{}), "\n")
	for _, not := range []string{"--jq-hours", "public subnet", "workers at least", "1,000 records"} {
		if strings.Contains(text, not) {
			t.Errorf("%q in\n%s", not, text)
		}
	}
	if !strings.Contains(text, "a single worker") {
		t.Error(text)
	}
}

func TestNumbers(t *testing.T) {
	for f, want := range map[float64]string{0: "0", 0.125: "0.12", 2: "2", 2.5: "2.5", 9.999: "10", 12.4: "12", 999: "999", 1000: "1,000", 1234567.8: "1,234,568"} {
		if got := grouped(f); got != want {
			t.Errorf("%v: got %s, want %s", f, got, want)
		}
	}
	for f, want := range map[float64]string{300: "300 B", 1024: "1 KiB", 2000: "2 KB", 5120: "5 KiB", 128 << 20: "128 MiB", 1e6: "1 MB", 1.5: "1.5 B", 12345: "12,345 B"} {
		if got := bytesText(f); got != want {
			t.Errorf("%v: got %s, want %s", f, got, want)
		}
	}
	if plural(1, "shard") != "1 shard" || plural(2, "shard") != "2 shards" || plural(2, "public IPv4 address") != "2 public IPv4 addresses" {
		t.Error("plurals")
	}
}
