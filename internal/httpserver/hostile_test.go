package httpserver

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// pipes is a listener whose connections are in memory, so that a bubble's clock moves while one is silent.
type pipes struct {
	conns chan net.Conn
	ended chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.ended:
	default:
		close(p.ended)
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// inBubble runs a server and a test against it in a bubble.
func inBubble(t *testing.T, test func(t *testing.T, p *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		p := &pipes{make(chan net.Conn, 1000), make(chan struct{})}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- New(Options{Snapshot: func() Snapshot { return Snapshot{Started: time.Now(), Looked: time.Now()} }, Limits: limits, Metrics: prometheus.NewRegistry(), Log: zerolog.Nop()}).Serve(ctx, p)
		}()
		test(t, p)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// until reads a connection to its end and says how long that took.
func until(c net.Conn) time.Duration {
	began := time.Now()
	_, _ = io.Copy(io.Discard, c)
	return time.Since(began)
}

// A client that sends its request a byte a second is cut off, wherever it is slow.
func TestSlowClientsAreCutOff(t *testing.T) {
	for name, c := range map[string]struct {
		first, then string
		within      time.Duration
	}{
		"silent":         {"", "", headerTimeout},
		"slow headers":   {"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", "x", headerTimeout},
		"slow body":      {"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", "x", readTimeout},
		"idle afterward": {"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "", idleTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *pipes) {
				conn := p.dial()
				var sender sync.WaitGroup
				defer sender.Wait()
				defer func() { _ = conn.Close() }()
				sender.Go(func() {
					_, err := io.WriteString(conn, c.first)
					for err == nil && c.then != "" {
						time.Sleep(time.Second)
						_, err = io.WriteString(conn, c.then)
					}
				})
				if took := until(conn); took > c.within+time.Second {
					t.Errorf("cut off after %v, want %v", took, c.within)
				}
			})
		})
	}
}

// A client that never reads the answer holds its connection no longer than the write timeout.
func TestClientsThatNeverReadAreCutOff(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pipes) {
		conn := p.dial()
		if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(writeTimeout + headerTimeout)
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("got %v, want the end", err)
		}
	})
}

// However many clients hold connections open, no more than the cap are open at once.
func TestConnectionsAreCapped(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pipes) {
		var open atomic.Int32
		var clients sync.WaitGroup
		for range 3 * connections {
			conn := p.dial()
			open.Add(1)
			clients.Go(func() {
				until(conn)
				open.Add(-1)
			})
		}
		for _, want := range []int{3 * connections, 2 * connections, connections} { // one waits at the door
			synctest.Wait()
			if waiting := len(p.conns); int(open.Load()) != want || waiting != max(0, want-connections-1) {
				t.Errorf("%d connections are open, %d of them not accepted; want %d", open.Load(), waiting, want)
			}
			time.Sleep(idleYields)
		}
		clients.Wait()
	})
}

// Viewers take a part of the files that a process may open, not all.
func TestConnectionsLeaveFilesToDelivery(t *testing.T) {
	for files, want := range map[int]int{1 << 20: connections, 1024: connections, 256: 32, 64: 8, 16: 4, 0: 4} {
		if got := mostConnections(files); got != want {
			t.Errorf("%d files: %d connections, want %d", files, got, want)
		}
	}
	if n := openFiles(); n < 16 {
		t.Errorf("this process may open %d files", n)
	}
}

// A probe comes through at once, whatever the connections of others are at: a worker whose probes time out is killed.
func TestProbesComeThrough(t *testing.T) {
	for name, c := range map[string]struct {
		sends  string
		within time.Duration
	}{
		"beside silent clients":           {"", time.Second},
		"beside slow ones":                {"GET /healthz HTTP/1.1\r\nHost: x\r\n", time.Second},
		"beside open pages":               {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", time.Second},
		"beside bodies that never come":   {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", 3 * busyYields},
		"beside clients that never read":  {"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 3 * busyYields},
		"beside clients that read a part": {"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 3 * busyYields},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *pipes) {
				reads := strings.Contains(name, "open pages")
				for range 3 * connections {
					conn := p.dial()
					defer func() { _ = conn.Close() }()
					go func() { _, _ = io.WriteString(conn, c.sends) }()
					if reads {
						go func() { _, _ = io.Copy(io.Discard, conn) }()
					}
				}
				synctest.Wait()
				conn := p.dial()
				defer func() { _ = conn.Close() }()
				go func() { _, _ = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") }()
				began := time.Now()
				status, err := bufio.NewReader(conn).ReadString('\n')
				if took := time.Since(began); err != nil || !strings.Contains(status, "200") || took > c.within {
					t.Errorf("after %v, want %v: %q, %v", took, c.within, status, err)
				}
			})
		})
	}
}

// Nothing but GET and HEAD is answered, and no body is taken.
func TestOnlyReads(t *testing.T) {
	addr := serve(t, func() Snapshot { return Snapshot{Started: time.Now(), Looked: time.Now()} })
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/"} {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PROPFIND"} {
			if got := ask(t, method, "http://"+addr+path); !strings.HasPrefix(got, "405 ") {
				t.Errorf("%s %s: %s", method, path, got)
			}
		}
	}
	for _, path := range []string{"/debug/pprof/", "/debug/vars", "/../etc/passwd", "/metrics/x", "//", "/healthz/"} {
		if got := ask(t, http.MethodGet, "http://"+addr+path); strings.HasPrefix(got, "200 ") {
			t.Errorf("GET %s: %.100s", path, got)
		}
	}
}
