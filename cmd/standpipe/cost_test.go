package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"standpipe/internal/cost"
)

// costOf runs the command with --json.
func costOf(t *testing.T, args ...string) (r costReport) {
	t.Helper()
	out := execute(t, nil, append([]string{"cost", "--json"}, args...)...)
	if out.code != exitOK {
		t.Fatal(out)
	}
	dec := json.NewDecoder(strings.NewReader(out.stdout))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return r
}

// TestCostSaysWhichWayIsCheaper: the sums on the page are those of the JSON.
func TestCostSaysWhichWayIsCheaper(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ line, cheaper string }{
		{"--record-size 300B --rate 1MB/s", "Standpipe is the cheaper way: $"},
		{"--record-size 2KB --rate 10/s", "Firehose is the cheaper way: $"},
		{"--record-size 5KiB --rate 1MB/s --source access-logs", " At no rate that was tried is Standpipe cheaper for such records, up to 195,313 records of 5.12 KB a second (1 GB/s)."},
		{"--record-size 300B --rate 1MB/s --compute ec2 --network nat --format parquet --partitions 3", "dynamic partitioning"},
	} {
		args := strings.Fields(tc.line)
		r, page := costOf(t, args...), execute(t, nil, append([]string{"cost"}, args...)...)
		for _, want := range []string{tc.cheaper, dollarText(r.Firehose.Dollars), dollarText(r.Standpipe.Dollars), "us-east-1", "Firehose is cheaper, above Standpipe.", r.Assumptions[0], r.LeftOut[1]} {
			if strings.Contains(tc.cheaper, "At no rate") && strings.HasPrefix(want, "Firehose is cheaper") {
				continue
			}
			if page.code != exitOK || page.stderr != "" || !strings.Contains(page.stdout, want) {
				t.Errorf("%s: no %q in %s", tc.line, want, page)
			}
		}
	}
}

// TestCostReadsTheConfiguration: outputs, interval and buffers are those of the file; flags win.
func TestCostReadsTheConfiguration(t *testing.T) {
	file := write(t, `
stream: {name: clicks, region: eu-west-1}
buffer: {interval: 60s, memory: 512MiB}
steps: [{partition_keys: "{c: .customer}"}]
outputs:
  - {bucket: lake, prefix: "a/", compression: zstd}
  - {bucket: lake, prefix: "c/!{partitionKeyFromQuery:c}/", format: parquet, schema: "id int"}
  - {bucket: lake, prefix: "t/", timestamp: .time}
`)
	args := []string{"-c", file, "--record-size", "300B", "--rate", "1000/s"}
	r := costOf(t, append(args, "--partitions", "7")...)
	if want := (cost.Output{Format: "ndjson", Codec: "zstd", Paths: 1}); len(r.Outputs) != 3 || r.Outputs[0] != want || r.Interval != "1m" {
		t.Fatalf("%+v", r)
	}
	if want := (cost.Output{Format: "parquet", Codec: "snappy", Paths: 7, Partitioned: true}); r.Outputs[1] != want {
		t.Errorf("%+v", r.Outputs[1])
	}
	if !r.Outputs[2].Partitioned || r.Outputs[2].Paths != 1 { // Firehose files by arrival, but for dynamic partitioning
		t.Errorf("%+v", r.Outputs[2])
	}
	if r.Sizing.Machine != "0.25 vCPU, 1 GB" {
		t.Errorf("buffer.memory is not counted: %+v", r.Sizing)
	}
	if r := costOf(t, append(args, "--format", "raw/none", "--interval", "15m", "--buffer-memory", "128MiB")...); len(r.Outputs) != 1 || r.Outputs[0].Format != "raw" || r.Interval != "15m" || r.Sizing.Machine != "0.25 vCPU, 0.5 GB" {
		t.Errorf("%+v", r)
	}
	if got := execute(t, nil, append([]string{"cost"}, args...)...); got.code != exitUsage || !strings.Contains(got.stderr, "outputs[1].prefix holds partition keys: say with --partitions how many of their values get records within 1m") {
		t.Error(got)
	}
	if got := execute(t, []string{"STANDPIPE_CONFIG=" + file + ".none"}, "cost", "--record-size", "1B", "--rate", "1/s"); got.code != exitUsage || !strings.Contains(got.stderr, "does not exist") {
		t.Error(got)
	}
}

func TestCostTakesOtherPrices(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "prices.yaml")
	prices := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stream := []string{"--record-size", "300B", "--rate", "1000/s", "--prices", file}
	printed := execute(t, nil, "cost", "--print-prices")
	if printed.code != exitOK || printed.stdout != cost.ListPricesYAML() {
		t.Fatal(printed)
	}
	prices(printed.stdout)
	same := costOf(t, stream...)
	prices("region: mars\nas_of: 2040-01\nfirehose: {ingestion: [{per_gb: 0.058}]}\n")
	twice := costOf(t, stream...)
	if a, b := same.Firehose.Lines[0].Dollars, twice.Firehose.Lines[0].Dollars; math.Abs(b-2*a) > 1e-6 || twice.Region != "mars" || twice.PricesOf != "2040-01" || twice.Prices != file || same.Prices != file || twice.Standpipe.Dollars != same.Standpipe.Dollars {
		t.Errorf("%+v\n%+v", same, twice)
	}
	prices("firehoze: {}\n")
	if r := execute(t, nil, append([]string{"cost"}, stream...)...); r.code != exitUsage || !strings.Contains(r.stderr, file+": read prices: line 1: unknown key firehoze; see `standpipe cost --print-prices`") {
		t.Error(r)
	}
	if r := execute(t, nil, "cost", "--record-size", "300B", "--rate", "1/s", "--prices", file+".none"); r.code != exitUsage || !strings.Contains(r.stderr, "`standpipe cost --print-prices` prints such a file") {
		t.Error(r)
	}
}

// TestMistakesInCosts: each says what to write instead.
func TestMistakesInCosts(t *testing.T) {
	t.Parallel()
	known := "--record-size 300B --rate 1/s "
	for line, want := range map[string]string{
		"":                                        "what arrives is not known: give --record-size and --rate, such as --record-size 300B --rate 1000/s, or --from with the metrics of a running worker",
		"--rate 1/s":                              "what arrives is not known: ",
		"--record-size 300B --rate 1":             `--rate must be records as in 1000/s or bytes as in 1MB/s; also for /min, /h, /day or /month (got "1")`,
		"--record-size 300B --rate -1/s":          "--rate must be records",
		"--record-size 300B --rate 1X/s":          "--rate must be records",
		"--record-size 300B --rate 1/x":           "--rate must be records",
		"--record-size 300B --rate 0/s":           "--rate must be records",
		"--record-size many --rate 1/s":           `--record-size must be a size such as 300B, 2KB or 128MiB (got "many")`,
		"--record-size 0 --rate 1/s":              "--record-size must be a size",
		"--record-size 1GB --rate 1/s":            "reckon the cost: the size of a record must be 1 B to 10 MiB, the most that Kinesis takes (got 1 GB)",
		"--record-size 300B --rate 1,5MB/s":       "--rate must be records", // is it 1.5 or 15?
		"--record-size 1,00B --rate 1/s":          "--record-size must be a size",
		known + "--shards 1000000":                "reckon the cost: the number of shards must be 0 to 100,000 (got 1000000)",
		known + "--jq-hours NaN":                  "reckon the cost: the hours of jq must be 0 to 1,000,000 (got NaN)",
		known + "--buffer-size 1":                 "reckon the cost: the buffer size must be 1 MiB or more",
		known + "--buffer-memory x":               "--buffer-memory must be a size",
		known + "--source kafka":                  `--source must be stream, direct-put or access-logs (got "kafka")`,
		known + "--compute lambda":                `--compute must be fargate or ec2 (got "lambda")`,
		known + "--network air":                   `--network must be public-ip, endpoint, nat or paid (got "air")`,
		known + "--format orc":                    "--format must be ndjson, raw or parquet, with a codec as in ndjson/gzip",
		known + "--format parquet/zip":            "--format must be ndjson, raw or parquet, with a codec as in ndjson/gzip|zstd|snappy|hadoop_snappy|zip|none or parquet/snappy|zstd|gzip|none (got \"parquet/zip\")",
		known + "--format ,":                      "--format must be ndjson, raw or parquet",
		known + "--partitions -1":                 "--partitions must be 0 or more (got -1)",
		known + "--headroom 0.5":                  "reckon the cost: the headroom must be 1 to 100 times the mean load (got 0.5)",
		known + "--workers 0":                     "reckon the cost: the number of workers must be 1 to 1000 (got 0)",
		known + "--recordsize 1":                  "unknown flag: --recordsize: did you mean --record-size?",
		known + "--from http://x/":                "--from measures the records: leave --record-size and --rate out, or --from",
		"--from localhost:8080":                   "--from must be an http(s) URL such as http://10.0.0.7:8080/metrics",
		"--from http://x/ --source access-logs":   "--from sees log events packed by a subscription",
		"--from http://x/ --over -1s":             "--over must be 0 or more (got -1s)",
		"--from http://x/ --workers 0":            "reckon the cost: the number of workers must be",
		"--record-size 1MB --rate 5/s --shards 1": "reckon the cost: a stream of 1 shard takes 1 MiB a second, and 4.8 MiB a second arrive: name at least 5 shards, or none",
	} {
		if r := execute(t, nil, append([]string{"cost"}, strings.Fields(line)...)...); r.code != exitUsage || r.stdout != "" || !strings.HasPrefix(r.stderr, "standpipe: "+want) {
			t.Errorf("%s: want %s\ngot %s", line, want, r)
		}
	}
}

func TestRates(t *testing.T) {
	for text, want := range map[string]struct {
		perSecond float64
		bytes     bool
	}{
		"1000/s": {1000, false}, "1,000/s": {1000, false}, "1,234,567.5KB/s": {1234567500, true}, "0.5/s": {0.5, false}, "60/min": {1, false}, "3600/hour": {1, false}, "86400/day": {1, false},
		"1MB/s": {1e6, true}, "1 MiB/s": {1 << 20, true}, "2.5kb/s": {2500, true}, "86.4GB/day": {1e6, true}, "2628000 B / month": {1, true},
	} {
		per, bytes, err := parseRate(text)
		if err != nil || math.Abs(per-want.perSecond) > 1e-9*per || bytes != want.bytes {
			t.Errorf("%s: %v, %v, %v", text, per, bytes, err)
		}
	}
	for text, want := range map[string]float64{"300B": 300, "300": 300, "2KB": 2000, "2kib": 2048, "1.5 MB": 1.5e6, "1TiB": 1 << 40} {
		if got, err := sizeFlag("x", text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestSizesAsText(t *testing.T) {
	for f, want := range map[float64]string{1: "1 B", 300: "300 B", 999.4: "999 B", 999.6: "1 KB", 1000: "1 KB", 5120: "5.12 KB", 999_600: "1 MB", 1e6: "1 MB", 1234567: "1.23 MB", 2e13: "20 TB", 2e16: "20000 TB"} {
		if got := sizeText(f); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
	for f, want := range map[float64]string{0: "0.00", 0.005: "0.01", 999.999: "1,000.00", 1234.5: "1,234.50"} {
		if got := dollarText(f); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
}

// worker serves metrics of a worker that reads 300 bytes a record; each time it is asked it has read 600 more.
func worker(t *testing.T, alive int) string {
	records := 1000
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "# TYPE standpipe_read_records_total counter\nstandpipe_read_records_total %d\n# TYPE standpipe_read_bytes_total counter\nstandpipe_read_bytes_total %d\n"+
			"# TYPE standpipe_leases_held gauge\nstandpipe_leases_held 3\n# TYPE standpipe_workers_alive gauge\nstandpipe_workers_alive %d\n"+
			"# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %f\n", records, 300*records, alive, float64(time.Now().Add(-100*time.Second).UnixNano())/1e9)
		records += 600
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/metrics"
}

// TestCostOfARunningStream: the mean since the start, of one worker, of two, and of one that stands for two.
func TestCostOfARunningStream(t *testing.T) {
	for name, tc := range map[string]struct {
		from   []string
		rate   float64
		shards int
	}{
		"one":        {[]string{worker(t, 1)}, 10, 3},
		"two":        {[]string{worker(t, 2), worker(t, 2)}, 20, 6},
		"one of two": {[]string{worker(t, 2)}, 20, 6},
	} {
		args := []string{"--over", "0"}
		for _, f := range tc.from {
			args = append(args, "--from", f)
		}
		r := costOf(t, args...)
		if r.RecordBytes != 300 || math.Abs(r.RecordsPerSecond-tc.rate) > 0.1*tc.rate || r.Sizing.Shards != tc.shards {
			t.Errorf("%s: %+v", name, r)
		}
	}
	r := execute(t, nil, "cost", "--from", worker(t, 2), "--over", "0")
	if !strings.Contains(r.stderr, "2 workers are alive, of which 1 tell") {
		t.Error(r)
	}
	r = execute(t, nil, "cost", "--from", worker(t, 1), "--over", "1ms") // 180 KB in some ms
	if r.code != exitRuntime || !strings.Contains(r.stderr, "more than 3 shards take in, so the workers are catching up") {
		t.Error(r)
	}
	r = execute(t, nil, "cost", "--from", worker(t, 1), "--over", "20ms", "--shards", "999")
	if r.code != exitOK || !strings.Contains(r.stdout, " records of 300 B a second") || !strings.Contains(r.stderr, "watching for 20ms") {
		t.Error(r)
	}
}

// TestWorkerStartsAgainWhileItIsWatched: its counters begin anew, so their difference says nothing.
func TestWorkerStartsAgainWhileItIsWatched(t *testing.T) {
	left := 1000
	other := worker(t, 2)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "standpipe_read_records_total %d\nstandpipe_read_bytes_total %d\n", left, left)
		left = 5
	}))
	defer srv.Close()
	if r := execute(t, nil, "cost", "--from", other, "--from", srv.URL, "--over", "1ms", "--shards", "999"); r.code != exitRuntime || !strings.Contains(r.stderr, "measure the stream at "+srv.URL+": the worker has started again meanwhile; try again") {
		t.Error(r)
	}
}

func TestMetricsThatSayNothing(t *testing.T) {
	page := func(status int, text string) string {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, text)
		}))
		t.Cleanup(srv.Close)
		return srv.URL
	}
	for from, want := range map[string]string{
		page(http.StatusNotFound, ""):                           "404 Not Found; name the /metrics of a running worker",
		page(http.StatusOK, "<html>"):                           "is no page of metrics",
		page(http.StatusOK, "up 1\n"):                           "it has no standpipe_read_records_total",
		page(http.StatusOK, "standpipe_read_records_total 0\n"): "no record was read in",
		"http://127.0.0.1:1/metrics":                            "no answer: connection refused",
	} {
		if r := execute(t, nil, "cost", "--from", from, "--over", "1ms"); r.code != exitRuntime || r.stdout != "" || !strings.Contains(r.stderr, "measure the stream") || !strings.Contains(r.stderr, want) {
			t.Errorf("want %q, got %s", want, r)
		}
	}
}

// TestPricesOfAnotherRegion: whoever looks at the stream's configuration must not take us-east-1's prices for its own.
func TestPricesOfAnotherRegion(t *testing.T) {
	t.Parallel()
	line := []string{"cost", "--record-size", "300B", "--rate", "1/s"}
	said := "prices are those of us-east-1, and the stream is in eu-west-1"
	for text, want := range map[string]bool{
		"stream: {name: clicks, region: eu-west-1}\n": true, "stream: {arn: 'arn:aws:kinesis:eu-west-1:111122223333:stream/clicks'}\n": true,
		"stream: {name: clicks, region: us-east-1}\n": false,
	} {
		r := execute(t, nil, append(line, "-c", write(t, text+"outputs: [{bucket: lake}]\n"))...)
		if r.code != exitOK || strings.Contains(r.stdout, said) != want {
			t.Errorf("%s%s", text, r)
		}
	}
	if r := execute(t, nil, line...); r.code != exitOK || strings.Contains(r.stdout, "prices are those") || !strings.HasPrefix(r.stdout, "1 record of 300 B a second") {
		t.Error(r)
	}
}

// TestRecordsBeyondTheShards come in KPL aggregates, or not at all.
func TestRecordsBeyondTheShards(t *testing.T) {
	t.Parallel()
	for shards, want := range map[string]bool{"1": true, "2": false} {
		r := execute(t, nil, "cost", "--record-size", "300B", "--rate", "2000/s", "--format", "Parquet", "--shards", shards)
		if r.code != exitOK || strings.Contains(r.stdout, "1 shard of 1,000 records a second each: more arrive, so most must come in KPL aggregates") != want {
			t.Errorf("%s shards: %s", shards, r)
		}
	}
}
