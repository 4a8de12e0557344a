package httpserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a server until the test ends and gives its address.
func serve(t *testing.T, snapshot func() Snapshot) string {
	t.Helper()
	ln, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "answer"}, func() float64 { return 42 }))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- New(Options{Snapshot: snapshot, Limits: limits, Metrics: reg, Log: zerolog.Nop()}).Serve(ctx, ln)
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

func ask(t *testing.T, method, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, body)
}

func TestAnswers(t *testing.T) {
	var broken atomic.Bool
	addr := serve(t, func() Snapshot {
		if broken.Load() {
			return Snapshot{Started: time.Now().Add(-time.Hour), Failing: errors.New("scan lease table t: AccessDenied"), Oldest: time.Hour}
		}
		return Snapshot{Started: time.Now(), Scanned: time.Now(), Looked: time.Now()}
	})
	for _, tc := range []struct {
		broken       bool
		method, path string
		want         string
	}{
		{false, "GET", "/healthz", "200 ok\n"},
		{false, "HEAD", "/healthz", "200 "},
		{false, "GET", "/readyz", "200 ready\n"},
		{false, "GET", "/", "200 standpipe: /healthz /readyz /metrics\n"},
		{false, "GET", "/etc/passwd", "404 404 page not found\n"},
		{false, "POST", "/healthz", "405 Method Not Allowed\n"},
		{false, "DELETE", "/metrics", "405 Method Not Allowed\n"},
		{true, "GET", "/healthz", "503 lease table not looked at for 1h0m0s since the start (more than 2m0s)\n"},
		{true, "GET", "/readyz", "503 starting: lease table and stream have not been read yet\nlease table or stream can not be read: scan lease table t: AccessDenied\nthe oldest record waits for its commit for 1h0m0s (more than 11m0s)\n"},
	} {
		broken.Store(tc.broken)
		if got := ask(t, tc.method, "http://"+addr+tc.path); got != tc.want {
			t.Errorf("%s %s: got %q, want %q", tc.method, tc.path, got, tc.want)
		}
	}
	if got := ask(t, "GET", "http://"+addr+"/metrics"); !strings.Contains(got, "\nanswer 42\n") {
		t.Errorf("metrics: %s", got)
	}
}

func TestHeadersAreBounded(t *testing.T) {
	addr := serve(t, func() Snapshot { return Snapshot{} })
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", strings.Repeat("x", 64<<10)); err != nil {
		t.Fatal(err)
	}
	status, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(status, "431") {
		t.Errorf("got %q, %v", status, err)
	}
}

// TestStopDoesNotWaitForSlowClients ends a server to which a client has sent half a request.
func TestStopDoesNotWaitForSlowClients(t *testing.T) {
	ln, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- New(Options{Snapshot: func() Snapshot { return Snapshot{} }, Metrics: prometheus.NewRegistry(), Log: zerolog.Nop()}).Serve(ctx, ln)
	}()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET /healthz HT"); err != nil {
		t.Fatal(err)
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("still there after 10 s")
	}
}

func TestBrokenListenerIsAnError(t *testing.T) {
	ln, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close()
	err = New(Options{Snapshot: func() Snapshot { return Snapshot{} }, Metrics: prometheus.NewRegistry(), Log: zerolog.Nop()}).Serve(t.Context(), ln)
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestListenErrorsAreSentences(t *testing.T) {
	ln, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	for addr, want := range map[string]string{
		ln.Addr().String(): "another process uses the port: stop it, or set server.listen to a free one, or to off",
		"192.0.2.1:8080":   "this machine does not have that address: set server.listen to one it has, such as :8080",
	} {
		_, err := Listen(t.Context(), addr)
		var le *ListenError
		if !errors.As(err, &le) || err.Error() != "listen on "+addr+": "+want {
			t.Errorf("%s: got %v", addr, err)
		}
	}
}
