//go:build unix

package outages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"standpipe/internal/process"
)

const (
	stopLimit  = 20 * time.Second // run promises that
	probeLimit = 3 * time.Second
)

// worker is one `standpipe run`, with a cable of its own to each server.
type worker struct {
	*process.Process
	name                string
	kinesis, dynamo, s3 *link
	mu                  sync.Mutex
	told, frozen        bool
	address             string
	peak                float64 // of resident memory, in bytes
	used                float64 // the most of standpipe_memory_used_bytes
	sick                string  // what /healthz said that was not ok
}

// launch starts a worker with a configuration.
func launch(program, config, name string, env []string, kinesis, dynamo, s3 *link) (*worker, error) {
	dir, err := process.Folder()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "run", "-c", config)
	cmd.Env = append([]string{
		"STANDPIPE_STREAM_ENDPOINT=" + kinesis.url(), "STANDPIPE_LEASES_ENDPOINT=" + dynamo.url(), "STANDPIPE_S3_ENDPOINT=" + s3.url(),
	}, env...)
	p, err := process.Launch(cmd, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &worker{Process: p, name: name, kinesis: kinesis, dynamo: dynamo, s3: s3}, nil
}

// tell notes that the worker is about to be ended by us, and says whether it was told before.
func (w *worker) tell() (before bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before, w.told = w.told, true
	return before
}

// crashed says how the worker ended by itself, nil while it runs or when it was told to.
func (w *worker) crashed() error {
	select {
	case <-w.Done:
	default:
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.told {
		return nil
	}
	return fmt.Errorf("%s ended by itself: %w", w.name, w.Err)
}

// terminate stops the worker in order and gives its exit code.
func (w *worker) terminate() (code int, err error) {
	w.tell()
	if err := w.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	late := time.NewTimer(stopLimit)
	defer late.Stop()
	select {
	case <-w.Done:
		return w.ExitCode(), nil
	case <-late.C:
		return 0, fmt.Errorf("%s was still running %v after SIGTERM", w.name, stopLimit)
	}
}

func (w *worker) freeze() error { w.set(true); return w.Signal(syscall.SIGSTOP) }
func (w *worker) thaw() error   { w.set(false); return w.Signal(syscall.SIGCONT) }

func (w *worker) set(frozen bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frozen = frozen
}

var listening = regexp.MustCompile(`"address":"([^"]+)".*"message":"listening"`)

// url is that of the worker's HTTP server, "" while it has none.
func (w *worker) url() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.address == "" {
		text, _ := os.ReadFile(w.Log())
		if m := listening.FindSubmatch(text); m != nil {
			w.address = "http://" + string(m[1])
		}
	}
	return w.address
}

var identity = regexp.MustCompile(`"worker":"([^"]+)"`)

// id is what the worker calls itself in the lease table.
func (w *worker) id() string {
	text, _ := os.ReadFile(w.Log())
	if m := identity.FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}

// web asks workers. Connections are not kept, so that a frozen worker's do not stay behind.
var web = &http.Client{Timeout: probeLimit, Transport: &http.Transport{DisableKeepAlives: true}}

// get gives a page of the worker.
func (w *worker) get(ctx context.Context, path string) (status int, body string, err error) {
	base := w.url()
	if base == "" {
		return 0, "", fmt.Errorf("%s does not listen yet", w.name)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := web.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// ready asks /readyz: "" when it is green, else why not.
func (w *worker) ready(ctx context.Context) string {
	status, body, err := w.get(ctx, "/readyz")
	switch {
	case err != nil:
		return err.Error()
	case status != http.StatusOK:
		return strings.TrimSpace(body)
	}
	return ""
}

// gauges is one scrape: each metric's sum over its labels, and its sum for each service.
type gauges map[string]float64

var (
	sample  = regexp.MustCompile(`(?m)^(\w+)(?:\{([^}]*)\})? (\S+)$`)
	service = regexp.MustCompile(`service="(\w+)"`)
)

// scrape reads the metrics, and keeps the most memory ever seen. An error: the worker does not answer.
func (w *worker) scrape(ctx context.Context) (gauges, error) {
	status, body, err := w.get(ctx, "/metrics")
	if err != nil || status != http.StatusOK {
		return nil, fmt.Errorf("scrape %s: status %d: %w", w.name, status, err)
	}
	g := gauges{}
	for _, m := range sample.FindAllStringSubmatch(body, -1) {
		v, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			continue
		}
		g[m[1]] += v
		if s := service.FindStringSubmatch(m[2]); s != nil {
			g[m[1]+" "+s[1]] += v
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.peak = max(w.peak, g["process_resident_memory_bytes"])
	w.used = max(w.used, g["standpipe_memory_used_bytes"])
	return g, nil
}

// observe takes a sample of the worker's health and memory; a frozen one has none.
func (w *worker) observe(ctx context.Context) {
	w.mu.Lock()
	frozen := w.frozen
	w.mu.Unlock()
	if frozen {
		return
	}
	_, _ = w.scrape(ctx)
	if status, body, err := w.get(ctx, "/healthz"); err == nil && status != http.StatusOK {
		w.mu.Lock()
		w.sick = body
		w.mu.Unlock()
	}
}

// lines is how many lines the worker has logged.
func (w *worker) lines() int {
	text, err := os.ReadFile(w.Log())
	if err != nil {
		return 0
	}
	return bytes.Count(text, []byte("\n"))
}
