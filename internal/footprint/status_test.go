//go:build linux && !race

package footprint

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"standpipe/internal/status"
)

// TestStatusOfAFullWorker asks a worker of 99 shards and 10,000 open paths how it is: an answer takes 50 ms at most, and a
// page that is looked at costs little beside what the worker costs when it rests.
func TestStatusOfAFullWorker(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the program for about 40 s; left out by -short")
	}
	const paths = 10_000
	d := startOn(t, 99, func(put func(key string, data []byte)) {
		for i := range 2 * paths {
			put(strconv.Itoa(i), fmt.Appendf(nil, `{"customer":"customer-%d",%s`, i%paths, click(i)[1:]))
		}
	}, "STANDPIPE_STEPS_0_PARTITION_KEYS={customer: .customer}", "STANDPIPE_BUFFER_INTERVAL=1h",
		"STANDPIPE_OUTPUTS_0_PREFIX=by/customer=!{partitionKeyFromQuery:customer}/year=!{timestamp:yyyy}/")
	d.await(2*time.Minute, "all records read", func() bool { return d.metric("standpipe_read_records_total") == 2*paths })
	time.Sleep(3 * time.Second) // what is left of the load: the idle time measured begins here

	const pause, asks = 1100 * time.Millisecond, 10 // so that none is given again
	rest := d.share(asks * pause)
	var took []time.Duration
	looked := d.share(0, func() {
		for range asks {
			time.Sleep(pause)
			begin := time.Now()
			s := d.status()
			took = append(took, time.Since(begin))
			if len(s.Shards.Shown) != 99 || s.Paths.Open != paths || len(s.Paths.Shown) != 100 || s.Verdict.Level != status.Well {
				t.Fatalf("%d shards, %d of %d paths, %+v", len(s.Shards.Shown), len(s.Paths.Shown), s.Paths.Open, s.Verdict)
			}
		}
	})
	slices.Sort(took)
	t.Logf("answers took %v, %v at most; idle: %.1f %% of a core, %.1f while somebody looks", took[asks/2], took[asks-1], rest, looked)
	if took[asks/2] > 50*time.Millisecond {
		t.Errorf("an answer takes %v, more than 50 ms", took[asks/2])
	}
	if looked > rest+5 {
		t.Errorf("looking takes %.1f %% of a core", looked-rest)
	}
}

// share is the part of a core that the process takes for a time, and while do is done, in percent.
func (d *daemon) share(idle time.Duration, do ...func()) float64 {
	d.t.Helper()
	begin, before := time.Now(), d.cpu()
	time.Sleep(idle)
	for _, f := range do {
		f()
	}
	return float64(d.cpu()-before) / float64(time.Since(begin)) * 100
}

func (d *daemon) status() (s status.Snapshot) {
	d.t.Helper()
	resp, err := http.Get(d.url + "/status")
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(body, &s)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}
