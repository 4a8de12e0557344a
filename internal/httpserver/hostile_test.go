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

// However many clients hold connections open, no more than the cap are served at once, and probes come through when
// those have been cut off.
func TestConnectionsAreCapped(t *testing.T) {
	inBubble(t, func(t *testing.T, p *pipes) {
		for range 3 * connections {
			conn := p.dial()
			defer func() { _ = conn.Close() }()
		}
		synctest.Wait()
		if waiting := len(p.conns); waiting != 2*connections {
			t.Errorf("%d of %d connections wait, want %d", waiting, 3*connections, 2*connections)
		}
		conn := p.dial()
		defer func() { _ = conn.Close() }()
		go func() { _, _ = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") }()
		began := time.Now()
		status, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.Contains(status, "200") || time.Since(began) > 4*headerTimeout {
			t.Errorf("after %v: %q, %v", time.Since(began), status, err)
		}
	})
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
