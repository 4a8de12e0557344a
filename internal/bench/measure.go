package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// result is what a case gave. Megabytes are of record data, per second of processor time.
type result struct{ ours, sdk, former, peak, allocations, stored float64 }

// measure runs one case: servers, then the loops of the SDK, then the program until it has read everything and stopped.
func measure(ctx context.Context, c benchCase, mb int64, p programs, dir string) (result, error) {
	dir, err := os.MkdirTemp(dir, "case-")
	if err != nil {
		return result{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s, stop, err := startServer(ctx, c, mb, dir)
	if err != nil {
		return result{}, err
	}
	defer stop()
	env := environment(c, s)
	megabytes := float64(s.Bytes) / 1e6
	var r result
	for loop, rate := range map[string]*float64{p.loop: &r.sdk, p.former: &r.former} {
		if loop == "" {
			continue
		}
		state, err := readAll(ctx, loop, env, s)
		if err != nil {
			return r, err
		}
		*rate = megabytes / cpu(state)
	}
	state, allocations, err := drain(ctx, p.standpipe, env, s)
	if err != nil {
		return result{}, err
	}
	r.ours, r.peak, r.allocations = megabytes/cpu(state), peak(state), allocations/float64(s.Records)
	stored, err := storedBytes(filepath.Join(dir, "s3", bucket))
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
func startServer(ctx context.Context, c benchCase, mb int64, dir string) (s served, stop func(), err error) {
	about, err := json.Marshal(c)
	if err != nil {
		return s, nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return s, nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-as", "server", "-mb", strconv.FormatInt(mb, 10), "-arg", string(about), dir)
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
	if s.CA != "" {
		env = append(env, "AWS_CA_BUNDLE="+s.CA)
	}
	if c.Procs > 0 {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(c.Procs))
	}
	return env
}

// drain has the program read everything and stop, and gives its processor time with how often it allocated.
func drain(ctx context.Context, program string, env []string, s served) (*os.ProcessState, float64, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, 0, err
	}
	address := l.Addr().String()
	_ = l.Close()
	var logs bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "run")
	cmd.Env = append(env, "STANDPIPE_SERVER_LISTEN="+address)
	cmd.Stderr = &logs
	if err := cmd.Start(); err != nil {
		return nil, 0, fmt.Errorf("start standpipe: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return nil, 0, fmt.Errorf("standpipe ended by itself: %w\n%s", err, &logs)
		case <-tick.C:
		}
		page, err := metrics(ctx, address)
		if err != nil || value(page, "standpipe_read_records_total") < float64(s.Puts) {
			continue
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return nil, 0, err
		}
		if err := <-ended; err != nil {
			return nil, 0, fmt.Errorf("stop standpipe: %w\n%s", err, &logs)
		}
		return cmd.ProcessState, value(page, "go_memstats_mallocs_total"), nil
	}
}

func metrics(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	page, err := io.ReadAll(resp.Body)
	return page, errors.Join(err, resp.Body.Close())
}

// value is that of a metric without labels, 0 while there is none.
func value(page []byte, name string) float64 {
	m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(page)
	if m == nil {
		return 0
	}
	v, _ := strconv.ParseFloat(string(m[1]), 64)
	return v
}

func cpu(s *os.ProcessState) float64 { return (s.UserTime() + s.SystemTime()).Seconds() }

// peak is the most memory that was resident, in MiB.
func peak(s *os.ProcessState) float64 {
	usage, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return float64(usage.Maxrss) / 1024
}
