package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// result is what a case gave. Megabytes are of record data, per second of processor time.
type result struct{ ours, sdk, former, peak, allocations, stored float64 }

// speed is the table of what a byte costs, beside the loops of the SDK.
func (b *bench) speed(all bool) table {
	t := table{
		name: "speed",
		intro: fmt.Sprintf("%d MB of records a case, %d cores. MB of records a second of processor time, and the ratios to loops of the AWS SDK on the same stream:\n"+
			"that of go.mod, and that of internal/bench/former.mod, from before its decoding was rewritten.", b.mb, runtime.NumCPU()),
		head: fmt.Sprintf("| %-28s | MB/CPU s | SDK | ratio | SDK before | ratio | peak MiB | allocations a record |\n|%s|---:|---:|---:|---:|---:|---:|---:|\n", "case", strings.Repeat("-", 30)),
		row: func(ctx context.Context, c benchCase) (string, error) {
			r, err := b.measure(ctx, c, true)
			return fmt.Sprintf("%8.0f | %3.0f | %5.2f | %10.0f | %5.2f | %8.0f | %20.2f", r.ours, r.sdk, r.ours/r.sdk, r.former, r.ours/r.former, r.peak, r.allocations), err
		},
	}
	for _, c := range cases() {
		if all || !c.Extra {
			t.cases = append(t.cases, c)
		}
	}
	return t
}

// measure runs one case: servers, then the loops of the SDK if they are wanted, then the program until it has read everything and stopped.
func (b *bench) measure(ctx context.Context, c benchCase, beside bool) (r result, err error) {
	s, stop, err := b.startServer(ctx, c)
	if err != nil {
		return r, err
	}
	defer stop()
	env := environment(c, s)
	megabytes := float64(s.Bytes) / 1e6
	for loop, rate := range map[string]*float64{b.loop: &r.sdk, b.former: &r.former} {
		if !beside {
			break
		}
		state, err := readAll(ctx, loop, env, s)
		if err != nil {
			return r, err
		}
		*rate = megabytes / cpu(state)
	}
	state, allocations, err := b.drain(ctx, c, env, s)
	if err != nil {
		return r, err
	}
	r.ours, r.peak, r.allocations = megabytes/cpu(state), peak(state), allocations/float64(s.Records)
	stored, err := storedBytes(s.Dir)
	r.stored = float64(stored) / float64(s.Bytes)
	return r, err
}

// readAll has a loop of the SDK read the stream. The SDK gives up where a busy machine keeps it from reading an answer within
// seconds, so a loop that failed is tried again.
func readAll(ctx context.Context, loop string, env []string, s served) (*os.ProcessState, error) {
	var failed error
	for range 3 {
		cmd := exec.CommandContext(ctx, loop, s.Kinesis, stream, strconv.FormatInt(s.Bytes, 10))
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err == nil {
			return cmd.ProcessState, nil
		}
		failed = fmt.Errorf("loop of the SDK: %w\n%s", err, out)
	}
	return nil, failed
}

// startServer starts the process with the servers and waits until its stream is full.
func (b *bench) startServer(ctx context.Context, c benchCase) (s served, stop func(), err error) {
	about, err := json.Marshal(c)
	if err != nil {
		return s, nil, err
	}
	dir, err := os.MkdirTemp(b.dir, "case-")
	if err != nil {
		return s, nil, err
	}
	mb := c.MB
	if mb == 0 {
		mb = b.mb
	}
	cmd := exec.CommandContext(ctx, b.self, "-as", "server", "-mb", strconv.FormatInt(mb, 10), "-arg", string(about), dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return s, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return s, nil, err
	}
	if err := cmd.Start(); err != nil {
		return s, nil, fmt.Errorf("start the servers: %w", err)
	}
	stop = func() {
		_ = in.Close()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &s)
	}
	if err != nil {
		stop()
		return s, nil, fmt.Errorf("start the servers: %w", err)
	}
	return s, stop, nil
}

// environment configures the program and the SDK.
func environment(c benchCase, s served) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "AWS_ACCESS_KEY_ID=bench", "AWS_SECRET_ACCESS_KEY=bench", "AWS_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true",
		"STANDPIPE_STREAM_NAME=" + stream, "STANDPIPE_STREAM_ENDPOINT=" + s.Kinesis, "STANDPIPE_LEASES_ENDPOINT=" + s.Dynamo, "STANDPIPE_S3_ENDPOINT=" + s.S3, "STANDPIPE_S3_PATH_STYLE=true",
		"STANDPIPE_OUTPUTS_0_BUCKET=" + bucket, "STANDPIPE_OUTPUTS_0_FORMAT=" + c.Format, "STANDPIPE_OUTPUTS_0_COMPRESSION=" + c.Codec,
		"STANDPIPE_OUTPUTS_0_COMPRESSION_LEVEL=" + strconv.Itoa(c.Level),
	}
	if c.Format == "parquet" {
		env = append(env, "STANDPIPE_OUTPUTS_0_SCHEMA="+schema)
	}
	if c.Paths > 0 {
		env = append(env, "STANDPIPE_STEPS_0_PARTITION_KEYS={user: .user}", "STANDPIPE_OUTPUTS_0_PREFIX=by/!{partitionKeyFromQuery:user}/")
	}
	if c.Interval > 0 {
		env = append(env, "STANDPIPE_BUFFER_INTERVAL="+c.Interval.String())
	}
	if s.CA != "" {
		env = append(env, "AWS_CA_BUNDLE="+s.CA)
	}
	if c.Procs > 0 {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(c.Procs))
	}
	return env
}

// drain has the program read everything and stop, and gives its processor time with how often it allocated.
func (b *bench) drain(ctx context.Context, c benchCase, env []string, s served) (*os.ProcessState, float64, error) {
	w, err := b.start(ctx, env)
	if err != nil {
		return nil, 0, err
	}
	defer w.kill()
	page, err := w.until(ctx, func(page []byte) bool {
		if c.Interval > 0 { // a stop would not wait until many objects are committed
			return value(page, `standpipe_delivered_records_total{output="output-0"}`) >= float64(s.Records)
		}
		return value(page, "standpipe_read_records_total") >= float64(s.Puts)
	})
	if err != nil {
		return nil, 0, err
	}
	if err := w.stop(); err != nil {
		return nil, 0, err
	}
	return w.cmd.ProcessState, value(page, "go_memstats_mallocs_total"), nil
}
