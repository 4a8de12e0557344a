//go:build linux && !race

package footprint

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"standpipe/internal/dynamofake"
	"standpipe/internal/kinesisfake"
	"standpipe/internal/s3fake"
)

// daemon is the real program, running with its default settings but for addresses.
type daemon struct {
	t       *testing.T
	cmd     *exec.Cmd
	url     string
	logs    *bytes.Buffer
	kinesis *kinesisfake.Server
	lake    *s3fake.Server // with the bucket of its name
	most    float64        // peak of a daemon that was stopped
}

// start fills a stream of so many shards with records of about 300 bytes and starts the program on it.
func start(t *testing.T, shards, records int) *daemon {
	t.Helper()
	return startOn(t, shards, func(put func(key string, data []byte)) {
		for i := range records {
			put(strconv.Itoa(i), click(i))
		}
	})
}

// startOn starts the program on a stream that fill puts records into, with settings beside the default ones.
func startOn(t *testing.T, shards int, fill func(put func(key string, data []byte)), settings ...string) *daemon {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "standpipe")
	if out, err := exec.Command("go", "build", "-o", bin, "standpipe/cmd/standpipe").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	kinesis, dynamo := kinesisfake.New(kinesisfake.Options{}), dynamofake.New(dynamofake.Options{})
	bucket, err := s3fake.New(s3fake.Options{Buckets: []string{"lake"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := kinesis.CreateStream("clicks", shards); err != nil {
		t.Fatal(err)
	}
	fill(func(key string, data []byte) {
		if _, _, err := kinesis.Put("clicks", key, data); err != nil {
			t.Fatal(err)
		}
	})
	serve := func(h http.Handler) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	listen := freePort(t)
	d := &daemon{t: t, cmd: exec.Command(bin, "run"), url: "http://" + listen, logs: &bytes.Buffer{}, kinesis: kinesis, lake: bucket}
	d.cmd.Env = append(settings, []string{
		"STANDPIPE_STREAM_NAME=clicks", "STANDPIPE_STREAM_REGION=eu-west-1", "STANDPIPE_STREAM_ENDPOINT=" + serve(kinesis), "STANDPIPE_LEASES_ENDPOINT=" + serve(dynamo),
		"STANDPIPE_S3_ENDPOINT=" + serve(bucket), "STANDPIPE_S3_PATH_STYLE=true", "STANDPIPE_OUTPUTS_0_BUCKET=lake", "STANDPIPE_SERVER_LISTEN=" + listen,
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "HOME=" + t.TempDir(),
	}...)
	d.cmd.Stderr = d.logs
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		_ = d.cmd.Wait()
		_ = bucket.Close()
		if t.Failed() {
			t.Logf("%s", tail(d.logs.String(), 4000))
		}
	})
	return d
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

func click(i int) []byte {
	return fmt.Appendf(nil, `{"params": {"param1": "value%d","param2": "value2","path": "\/items\/%d"},"body": {"text":"hihi %d","dodo":"dada"},"stage": "dev","http_method": "POST","request_id": "acb1a6cb-c274-4500-8e63-%012d","source_ip": "54.239.%d.%d","user_agent": "HTTPie/2.1.0"}`,
		i*7919%1000, i*104729%100000, i*31%977, i, i%256, i*13%256)
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// metric reads a number the daemon shows; -1 while it shows none.
func (d *daemon) metric(name string) float64 {
	resp, err := http.Get(d.url + "/metrics")
	if err != nil {
		return -1
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body)
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindSubmatch(body)
	if m == nil {
		return -1
	}
	v, _ := strconv.ParseFloat(string(m[1]), 64)
	return v
}

func (d *daemon) await(limit time.Duration, what string, cond func() bool) time.Duration {
	d.t.Helper()
	begin := time.Now()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		if time.Since(begin) > limit {
			d.t.Fatalf("%s: not within %v", what, limit)
		}
		<-tick.C
	}
	return time.Since(begin)
}

// peak is the most memory the process has had resident, in MiB.
func (d *daemon) peak() float64 {
	d.t.Helper()
	mb, ok := d.resident()
	if !ok {
		d.t.Fatal("the program has ended")
	}
	return mb
}

// resident is false for a program that has ended.
func (d *daemon) resident() (peak float64, ok bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		return 0, false
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		return 0, false
	}
	kb, err := strconv.ParseFloat(string(m[1]), 64)
	return kb / 1024, err == nil
}

// cpu is the processor time the process has used.
func (d *daemon) cpu() time.Duration {
	d.t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.cmd.Process.Pid))
	if err != nil {
		d.t.Fatal(err)
	}
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+2:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * time.Second / 100 // USER_HZ
}

// stop ends the daemon as ECS does.
func (d *daemon) stop() {
	d.t.Helper()
	begin := time.Now()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.t.Fatal(err)
	}
	tick := time.NewTicker(20 * time.Millisecond) // the kernel forgets the peak when the program ends
	defer tick.Stop()
	for mb, ok := d.resident(); ok; mb, ok = d.resident() {
		d.most = mb
		<-tick.C
	}
	if err := d.cmd.Wait(); err != nil {
		d.t.Errorf("after SIGTERM: %v", err)
	}
	if took := time.Since(begin); took > 20*time.Second {
		d.t.Errorf("the stop took %v", took)
	}
}

func TestEightShardsUnderFullLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the program for about 15 s; left out by -short")
	}
	const records = 500_000
	d := start(t, 8, records)
	took := d.await(2*time.Minute, "all records read", func() bool { return d.metric("standpipe_read_records_total") == records })
	peak := d.peak()
	t.Logf("%d records in %v: peak %.0f MiB, %.1f s of processor time", records, took.Round(time.Second), peak, d.cpu().Seconds())
	if peak > 200 {
		t.Errorf("peak memory is %.0f MiB, more than 200", peak)
	}
	d.stop()
}

func TestNinetyNineShards(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the program for about 30 s; left out by -short")
	}
	const records = 500_000
	d := start(t, 99, records)
	leased := d.await(20*time.Second, "99 shards leased", func() bool { return d.metric("standpipe_leases_held") == 99 })
	d.await(2*time.Minute, "all records read", func() bool { return d.metric("standpipe_read_records_total") == records })
	peak := d.peak()
	if peak > 256 {
		t.Errorf("peak memory is %.0f MiB, more than 256", peak)
	}
	time.Sleep(2 * time.Second) // what is left of the load: the idle time measured begins here
	before := d.cpu()
	const idle = 10 * time.Second
	time.Sleep(idle)
	share := float64(d.cpu()-before) / float64(idle) * 100
	t.Logf("99 shards leased after %v; peak %.0f MiB; idle: %.1f %% of a core", leased.Round(100*time.Millisecond), peak, share)
	if share > 4 {
		t.Errorf("idle with 99 caught-up shards takes %.1f %% of a core, more than 4", share)
	}
	d.stop()
}
