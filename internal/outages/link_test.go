//go:build unix

package outages

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// state is what a link does with connections.
type state string

const (
	passing  state = "passing"
	refusing state = "refusing" // resets every connection, old and new
	hanging  state = "hanging"  // answers nothing: connections stay open and silent, also after it has passed
	cutting  state = "cutting"  // resets each connection in the middle of what it carries
)

// link is the cable between one worker and one server: a TCP proxy on loopback.
type link struct {
	ln     net.Listener
	target func() string      // host:port of the server now
	commit atomic.Value       // func() *ambush, asked at each completion of an upload: whether to hold it up
	cut    func() (bytes int) // after how many bytes the next connection is cut

	mu    sync.Mutex
	state state
	pairs map[*pair]bool
	held  []net.Conn // silent ones
	ended bool
	wg    sync.WaitGroup
}

// pair is one connection through a link.
type pair struct{ client, server net.Conn }

func (p *pair) reset() {
	reset(p.client)
	reset(p.server)
}

// reset closes a connection as a crashed peer does.
func reset(c net.Conn) {
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

func newLink(t testing.TB, target func() string, seed uint64) *link {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 7))
	l := &link{ln: ln, target: target, state: passing, pairs: map[*pair]bool{}, cut: func() int { return 100 + rng.IntN(20_000) }}
	l.watch(func() *ambush { return nil })
	l.wg.Go(l.accept)
	t.Cleanup(l.close)
	return l
}

func (l *link) url() string { return "http://" + l.ln.Addr().String() }

func (l *link) accept() {
	for {
		c, err := l.ln.Accept()
		if err != nil {
			return // closed
		}
		l.mu.Lock()
		state, left := l.state, -1
		if state == cutting {
			left = l.cut()
		}
		switch {
		case l.ended || state == refusing:
			reset(c)
		case state == hanging:
			l.held = append(l.held, c)
		default:
			l.wg.Go(func() { l.carry(c, left) })
		}
		l.mu.Unlock()
	}
}

// carry passes a connection's bytes on, only so many unless left is negative.
func (l *link) carry(client net.Conn, left int) {
	server, err := net.Dial("tcp", l.target())
	if err != nil {
		reset(client)
		return
	}
	p := &pair{client, server}
	l.mu.Lock()
	if l.ended || l.state == refusing {
		l.mu.Unlock()
		p.reset()
		return
	}
	l.pairs[p] = true
	l.mu.Unlock()
	var mu sync.Mutex // of left and caught
	var caught *ambush
	budget := func(n int) (pass int, more bool) {
		mu.Lock()
		defer mu.Unlock()
		if left < 0 {
			return n, true
		}
		pass = min(n, left)
		left -= pass
		return pass, left > 0
	}
	answer := make(chan struct{})
	l.wg.Go(func() {
		defer close(answer)
		l.copy(p, client, server, budget, func([]byte) {
			mu.Lock()
			a := caught
			mu.Unlock()
			if a != nil {
				<-a.over
			}
		})
	})
	l.copy(p, server, client, budget, func(chunk []byte) {
		if !completes(chunk) {
			return
		}
		a := l.commit.Load().(func() *ambush)()
		switch {
		case a == nil:
		case a.after:
			mu.Lock()
			caught = a
			mu.Unlock()
			close(a.sprung)
		default:
			close(a.sprung)
			<-a.over
		}
	})
	<-answer
	if l.forget(p) {
		_, _ = client.Close(), server.Close()
	}
}

// copy passes one direction on to its end. What breaks on the way breaks the whole connection.
func (l *link) copy(p *pair, to, from net.Conn, budget func(n int) (pass int, more bool), look func(chunk []byte)) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		look(buf[:n])
		pass, more := budget(n)
		_, failed := to.Write(buf[:pass])
		switch {
		case failed == nil && err == nil && more:
		case failed == nil && errors.Is(err, io.EOF) && more:
			_ = to.(*net.TCPConn).CloseWrite()
			return
		default:
			if l.forget(p) {
				p.reset()
			}
			return
		}
	}
}

// forget says whether the link still had the connection, whose ends are the caller's then.
func (l *link) forget(p *pair) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	ours := l.pairs[p]
	delete(l.pairs, p)
	return ours
}

// completes says whether a request that begins with chunk completes an upload.
func completes(chunk []byte) bool {
	line, _, _ := bytes.Cut(chunk, []byte("\r\n"))
	return bytes.HasPrefix(line, []byte("POST ")) && bytes.Contains(line, []byte("uploadId="))
}

// ambush waits for a worker in the middle of a commit.
type ambush struct {
	after  bool          // the request has been passed on, its answer is held up; else the request is
	sprung chan struct{} // closed when it has one
	over   chan struct{} // closed when the worker is dead, or the ambush given up
}

// watch has fn asked at each completion of an upload.
func (l *link) watch(fn func() *ambush) { l.commit.Store(fn) }

// set changes what the link does. Connections that are under way meet the new state too.
func (l *link) set(s state) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = s
	if s == passing {
		return
	}
	for p := range l.pairs {
		delete(l.pairs, p)
		if s == hanging {
			l.held = append(l.held, p.client)
			reset(p.server)
		} else {
			p.reset()
		}
	}
}

func (l *link) close() {
	l.mu.Lock()
	l.ended = true
	_ = l.ln.Close()
	for p := range l.pairs {
		p.reset()
	}
	for _, c := range l.held {
		_ = c.Close()
	}
	l.held = nil
	l.mu.Unlock()
	l.wg.Wait()
}

// host is what stands behind the scheme of an endpoint.
func host(endpoint string) string { return strings.TrimPrefix(endpoint, "http://") }

func TestLinkPassesRefusesHangsAndCuts(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer func() { _ = echo.Close() }()
	wg.Go(func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			})
		}
	})
	l := newLink(t, func() string { return echo.Addr().String() }, 1)
	defer l.close()
	l.cut = func() int { return 5 }
	dial := func() net.Conn {
		c, err := net.Dial("tcp", host(l.url()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	say := func(c net.Conn, text string, limit time.Duration) (string, error) {
		_ = c.SetDeadline(time.Now().Add(limit))
		if _, err := io.WriteString(c, text); err != nil {
			return "", err
		}
		b := make([]byte, len(text))
		n, err := io.ReadFull(c, b)
		return string(b[:n]), err
	}
	old := dial()
	if got, err := say(old, "hello", time.Minute); got != "hello" || err != nil {
		t.Fatalf("passing: %q, %v", got, err)
	}
	l.set(refusing)
	if got, err := say(old, "x", time.Minute); err == nil {
		t.Errorf("refusing: the old connection answered %q", got)
	}
	if c, err := net.Dial("tcp", host(l.url())); err == nil { // the reset may come in before this has returned
		if got, err := say(c, "x", time.Minute); err == nil {
			t.Errorf("refusing: a new connection answered %q", got)
		}
		_ = c.Close()
	}
	l.set(passing)
	old = dial()
	if got, err := say(old, "again", time.Minute); got != "again" || err != nil {
		t.Fatalf("passing again: %q, %v", got, err)
	}
	l.set(hanging)
	for range 2 {
		if got, err := say(old, "x", 50*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("hanging: %q, %v", got, err)
		}
		l.set(passing) // it stays silent
	}
	l.set(cutting)
	if got, err := say(dial(), "four", time.Minute); len(got) > 1 || err == nil {
		t.Errorf("cutting: %q, %v", got, err)
	}
}
