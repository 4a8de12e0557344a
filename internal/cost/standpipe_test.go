package cost

import (
	"math"
	"testing"
	"time"
)

// TestSmallestDeployment: two tasks of a quarter vCPU and half a GB are 2 · 730 · (0.25 · 0.03238 + 0.5 · 0.00356) =
// 14.4175, their addresses 2 · 730 · 0.005 = 7.30.
func TestSmallestDeployment(t *testing.T) {
	b, s, err := standpipe(clicks(), ListPrices())
	if err != nil {
		t.Fatal(err)
	}
	about(t, "compute", b.line(t, "compute").Dollars, 14.42)
	about(t, "network", b.line(t, "network").Dollars, 7.30)
	if s.Workers != 2 || s.Machine != "0.25 vCPU, 0.5 GB" || s.Shards != 1 {
		t.Errorf("sized %+v", s)
	}
	w := clicks()
	w.Compute = EC2 // 2 · (730 · 0.0042 + 8 · 0.08)
	b, s, err = standpipe(w, ListPrices())
	if err != nil || s.Machine != "t4g.nano" {
		t.Fatalf("%+v, %v", s, err)
	}
	about(t, "instances", b.line(t, "compute").Dollars, 7.41)
}

// TestWorkersAreSizedForTheirLoad: 65 MB/s of NDJSON with gzip at level 1 is a core; with twice the load and two workers each
// must have one.
func TestWorkersAreSizedForTheirLoad(t *testing.T) {
	w := clicks()
	w.RecordsPerSecond, w.Shards, w.Outputs[0].Level = 650_000/3., 300, 1 // 65 MB/s
	if got := load(w); math.Abs(got-1-300*0.05/99) > 1e-9 {
		t.Errorf("%v cores", got)
	}
	for _, tc := range []struct {
		workers         int
		headroom, vcpus float64
	}{
		{1, 1, 1}, {1, 2, 2}, {2, 2, 1}, {4, 2, 0.5},
		{2, 1, 1},         // what is left when one of two is gone
		{4, 1, 1 / 3.},    // of three
		{5, 1.25, 1 / 4.}, // both alike
	} {
		w.Headroom = tc.headroom
		if got, _ := needs(w, tc.workers); math.Abs(got-tc.vcpus*load(w)) > 1e-9 {
			t.Errorf("%d workers with headroom %v need %v each, want %v", tc.workers, tc.headroom, got, tc.vcpus*load(w))
		}
	}
}

// TestWorkersBeyondTheShardsWait: of five workers on two shards, two do the work.
func TestWorkersBeyondTheShardsWait(t *testing.T) {
	w := clicks()
	w.Shards = 2
	two, _ := needs(w, 2)
	five, _ := needs(w, 5)
	if two != load(w) || five != load(w) {
		t.Errorf("two need %v each, five %v, the load is %v", two, five, load(w))
	}
}

// TestEveryOutputTakesTime: each output its own, at the codec's default level.
func TestEveryOutputTakesTime(t *testing.T) {
	w := clicks()
	w.RecordsPerSecond, w.Shards = 300_000, 1
	w.Outputs = []Output{{Format: "ndjson", Codec: "gzip", Paths: 1}, {Format: "parquet", Codec: "snappy", Paths: 1}, {Format: "raw", Codec: "none", Paths: 1}}
	if got, want := load(w), 90/25.+90/50.+90/95.+idleShard; math.Abs(got-want) > 1e-9 {
		t.Errorf("%v cores, want %v", got, want)
	}
}

func TestMachineHasTheMemory(t *testing.T) {
	w := clicks() // 128 and 72 MiB
	for memory, want := range map[float64]string{128 << 20: "0.25 vCPU, 0.5 GB", 512 << 20: "0.25 vCPU, 1 GB", 1536 << 20: "0.25 vCPU, 2 GB", 2 << 30: "0.5 vCPU, 3 GB", 100 << 30: "16 vCPU, 112 GB"} {
		w.Memory = memory
		if m, found := cheapest(w, machines(Fargate, ListPrices()), 2); !found || m.name != want {
			t.Errorf("%v bytes: %q, want %q", memory, m.name, want)
		}
	}
	w.Memory = 120 << 30
	if _, _, err := standpipe(w, ListPrices()); err == nil {
		t.Error("a task of 120 GB holds more than it has")
	}
	w.Compute, w.Memory = EC2, 512<<20 // with 72 and 256 MiB
	if m, _ := cheapest(w, machines(EC2, ListPrices()), 2); m.name != "t4g.micro" {
		t.Errorf("got %q", m.name)
	}
}

// TestFargateSizes are those that AWS lists.
func TestFargateSizes(t *testing.T) {
	sizes := map[float64]int{}
	for _, m := range machines(Fargate, ListPrices()) {
		sizes[m.vcpus]++
	}
	for vcpus, want := range map[float64]int{0.25: 3, 0.5: 4, 1: 7, 2: 13, 4: 23, 8: 12, 16: 12} {
		if sizes[vcpus] != want {
			t.Errorf("%v vCPU come with %d sizes of memory, want %d", vcpus, sizes[vcpus], want)
		}
	}
	for _, m := range machines(Fargate, ListPrices()) {
		if m.name == "2 vCPU, 5 GB" {
			about(t, m.name, m.month, 60.27) // 730 · (2 · 0.03238 + 5 · 0.00356)
			return
		}
	}
	t.Error("no task of 2 vCPU and 5 GB")
}

func TestWaysToKinesis(t *testing.T) {
	w := clicks() // a second 1000 · (300 + 170) bytes: 1,150.33 GB a month, at 0.01 and 0.045
	for network, want := range map[Network]float64{
		PublicIP: 7.30,
		Endpoint: 2*7.30 + 11.50,
		NAT:      2*32.85 + 51.765,
	} {
		w.Network = network
		b, _, err := standpipe(w, ListPrices())
		if err != nil {
			t.Fatal(err)
		}
		about(t, string(network), b.line(t, "network").Dollars, want)
	}
	w.Network = Paid
	b, _, _ := standpipe(w, ListPrices())
	for _, l := range b.Lines {
		if l.Name == "network" {
			t.Errorf("%+v", l)
		}
	}
}

// TestStreamThatFirehoseNeedsNot: 2 shards are 2 · 730 · 0.015 = 21.90; 2000 records of 300 B a second 5,256 million PUT
// payload units, 73.58.
func TestStreamThatFirehoseNeedsNot(t *testing.T) {
	w := clicks()
	w.Source, w.RecordsPerSecond = Direct, 2000
	b, _, err := standpipe(w, ListPrices())
	if err != nil {
		t.Fatal(err)
	}
	about(t, "stream", b.line(t, "Kinesis stream").Dollars, 21.90+73.58)
	for bytes, units := range map[float64]float64{300: 1, 25 << 10: 1, 25<<10 + 1: 2, 45 << 10: 2, 1 << 20: 41} {
		w.RecordBytes, w.RecordsPerSecond = bytes, 1
		if got := putUnits(w); got != units {
			t.Errorf("a record of %v bytes is %v units, want %v", bytes, got, units)
		}
	}
}

// TestLogsGoThroughCloudWatch: 734.26 GB · 0.50 = 367.13.
func TestLogsGoThroughCloudWatch(t *testing.T) {
	w := clicks()
	w.Source = AccessLogs
	b, s, err := standpipe(w, ListPrices())
	if err != nil || s.Shards != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	about(t, "ingestion", b.line(t, "CloudWatch Logs").Dollars, 367.13)
	// 75,000 bytes a second in the stream; records of 25 KB in which events are not divided are twice as many at most.
	about(t, "stream", b.line(t, "Kinesis stream").Dollars, 10.95+0.014*2.628*(2*75_000./25_600+1))
	for _, l := range append(firehose(w, ListPrices()).Lines, b.Lines[:4]...) {
		if l.Name == "CloudWatch Logs" {
			t.Error("API Gateway writes to Firehose without CloudWatch Logs")
		}
	}
}

func TestFewestShards(t *testing.T) {
	for _, tc := range []struct {
		bytes, rate float64
		source      Source
		shards      int
	}{
		{300, 1, Stream, 1}, {300, 1000, Stream, 1}, {300, 1001, Stream, 2}, {1 << 20, 1, Stream, 1}, {1 << 20, 1.5, Stream, 2},
		{300, 10_000, AccessLogs, 1}, {1 << 20, 40, AccessLogs, 10},
	} {
		if got := (Workload{RecordBytes: tc.bytes, RecordsPerSecond: tc.rate, Source: tc.source}).shards(); got != tc.shards {
			t.Errorf("%+v: %d", tc, got)
		}
	}
	if (Workload{Shards: 7}).shards() != 7 {
		t.Error("given shards are not taken")
	}
}

// TestCheapestNumberOfWorkers: the number is that of the lowest bill, counted here one by one.
func TestCheapestNumberOfWorkers(t *testing.T) {
	w := clicks()
	w.Outputs[0].Level, w.RecordsPerSecond = 1, 160_000*0.98 // needs a bit less than 2.4 vCPU: 2 · 2, 3 · 1, 5 · 0.5 or 10 · 0.25
	w.Interval = time.Hour                                   // so that requests do not decide
	_, s, err := standpipe(w, ListPrices())
	if err != nil {
		t.Fatal(err)
	}
	best := math.Inf(1)
	var at int
	for n := 2; n <= 20; n++ {
		if m, found := cheapest(w, machines(Fargate, ListPrices()), n); found {
			if b := standpipeWith(w, ListPrices(), n, m); b.Dollars < best {
				best, at = b.Dollars, n
			}
		}
	}
	if s.Workers != at {
		t.Errorf("%d workers, where %d are cheapest", s.Workers, at)
	}
	w.Workers = 12
	if _, s, _ := standpipe(w, ListPrices()); s.Workers < 12 {
		t.Errorf("%d workers where 12 are asked for", s.Workers)
	}
}

// TestEveryFormatHasAThroughput: no pair that the configuration takes is free.
func TestEveryFormatHasAThroughput(t *testing.T) {
	for format, codecs := range map[string][]string{
		"ndjson": {"gzip", "zstd", "snappy", "hadoop_snappy", "zip", "none"}, "raw": {"gzip", "zstd", "none", "zip"}, "parquet": {"snappy", "zstd", "gzip", "none"},
	} {
		for _, codec := range codecs {
			if mb := MBPerSecond(Output{Format: format, Codec: codec}); !(mb > 1) {
				t.Errorf("%s with %s: %v MB/s", format, codec, mb)
			}
			if r := smaller(Output{Format: format, Codec: codec}); r < 1 {
				t.Errorf("%s with %s grows: %v", format, codec, r)
			}
		}
	}
	for o, want := range map[Output]float64{
		{Format: "raw", Codec: "none"}: 95, {Format: "ndjson", Codec: "zip"}: 25, {Format: "ndjson", Codec: "gzip"}: 25, {Format: "ndjson", Codec: "gzip", Level: 2}: 55,
		{Format: "ndjson", Codec: "gzip", Level: 9}: 25, {Format: "ndjson", Codec: "zstd", Level: 22}: 8, {Format: "parquet", Codec: "none"}: 50, {Format: "parquet", Codec: "zstd"}: 28,
		{Format: "parquet", Codec: "gzip", Level: 1}: 50,
	} {
		if got := MBPerSecond(o); got != want {
			t.Errorf("%+v: %v MB/s, want %v", o, got, want)
		}
	}
}
