//go:build linux && !race

package footprint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"standpipe/internal/unpack"
)

// TestTenThousandPartitionKeys keeps an object open for each of 10,000 customers, whose records come at random, within
// 512 MiB. None is closed while there is room for all of them; then so much comes that some may have to be, by how answers fall
// together. Every record is delivered once, under its customer. The end of a shard cuts the batch: a stop would have a time limit.
func TestTenThousandPartitionKeys(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the program for about half a minute; left out by -short")
	}
	const customers, records, fit = 10_000, 240_000, 150_000
	random := rand.New(rand.NewPCG(1, 2))
	whose := make([]string, records)
	record := func(i int) []byte {
		whose[i] = "customer-" + strconv.Itoa(random.IntN(customers))
		return fmt.Appendf(nil, `{"n":%d,"customer":%q,%s`, i, whose[i], click(i)[1:])
	}
	d := startOn(t, 8, func(put func(key string, data []byte)) {
		for i := range fit {
			put(strconv.Itoa(i), record(i))
		}
	}, "STANDPIPE_STEPS_0_PARTITION_KEYS={customer: .customer}", "STANDPIPE_BUFFER_INTERVAL=1h",
		"STANDPIPE_OUTPUTS_0_PREFIX=by/customer=!{partitionKeyFromQuery:customer}/year=!{timestamp:yyyy}/")
	begin := time.Now()
	year := begin.UTC().Year()
	read := func(n int) time.Duration {
		return d.await(2*time.Minute, fmt.Sprint(n, " records read"), func() bool { return d.metric("standpipe_read_records_total") == float64(n) })
	}
	closed := func() int { return int(d.metric("standpipe_objects_closed_early_total")) }
	read(fit)
	if n := closed(); n > 0 {
		t.Errorf("%d objects were closed early although there is room for all", n)
	}
	for i := fit; i < records; i++ {
		if _, _, err := d.kinesis.Put("clicks", strconv.Itoa(i), record(i)); err != nil {
			t.Fatal(err)
		}
	}
	read(records)
	took, early, reading := time.Since(begin), closed(), d.peak()
	if n := d.metric("standpipe_delivered_records_total{output=\"output-0\"}"); n > 0 {
		t.Errorf("a batch was cut: %v records are delivered", n)
	}
	if mb := d.metric("standpipe_memory_used_bytes") / (1 << 20); mb < 2*customers/1024 {
		t.Errorf("%.0f MiB are held, less than 10,000 open objects take", mb)
	}
	shards, err := d.kinesis.Shards("clicks")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.kinesis.Split("clicks", shards[0].ID); err != nil { // whose end cuts the batch
		t.Fatal(err)
	}
	delivered := d.await(2*time.Minute, "all records delivered", func() bool { return d.metric("standpipe_delivered_records_total{output=\"output-0\"}") == records })
	d.stop()
	t.Logf("%d records of %d customers read in %v, delivered in %v: peak %.0f MiB, %.0f before the commit; %d objects closed early; %.1f s of processor time", records, customers,
		took.Round(time.Second), delivered.Round(time.Second), d.most, reading, early, (d.cmd.ProcessState.UserTime() + d.cmd.ProcessState.SystemTime()).Seconds())
	if d.most > 512 {
		t.Errorf("peak memory is %.0f MiB, more than 512", d.most)
	}
	if objects := d.onceUnderTheirKeys(func(n int) string { return fmt.Sprintf("by/customer=%s/year=%d", whose[n], year) }, records); objects < customers || objects > customers+early {
		t.Errorf("%d objects, want one of each customer and at most %d more", objects, early)
	}
}

// onceUnderTheirKeys holds the bucket to each record once, in its folder. It counts the objects.
func (d *daemon) onceUnderTheirKeys(folder func(n int) string, records int) (objects int) {
	d.t.Helper()
	times := make([]int, records)
	for _, o := range d.lake.Objects("lake") {
		if !strings.HasPrefix(o.Key, "by/") {
			continue
		}
		objects++
		for line := range bytes.Lines(d.content(o.Key)) {
			var rec struct{ N int }
			if err := json.Unmarshal(line, &rec); err != nil {
				d.t.Fatalf("%s: %v", o.Key, err)
			}
			times[rec.N]++
			if path.Dir(o.Key) != folder(rec.N) {
				d.t.Fatalf("record %d lies under %s, want %s", rec.N, o.Key, folder(rec.N))
			}
		}
	}
	for n, k := range times {
		if k != 1 {
			d.t.Fatalf("record %d was delivered %d times", n, k)
		}
	}
	return objects
}

// content gives the lines of an object.
func (d *daemon) content(key string) []byte {
	d.t.Helper()
	f, err := d.lake.Open("lake", key)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(f)
	if err == nil {
		data, err = unpack.Object(key, data)
	}
	if err != nil {
		d.t.Fatalf("%s: %v", key, err)
	}
	return data
}
