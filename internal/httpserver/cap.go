package httpserver

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// How long a connection is left alone before it makes room for another.
const (
	idleYields = 25 * time.Millisecond // at no request: time enough to send one
	busyYields = 5 * time.Second       // at a request
)

// mostConnections is how many connections are open at once where the process may have so many files open: an eighth of them
// at most, since delivery needs the others for its own connections.
func mostConnections(files int) int { return max(4, min(connections, files/8)) }

// capped is a listener with at most so many connections open at once. One above it takes the place of one that is at no
// request, else of one that has been at its request for long: so neither many open pages, which keep their connections for
// the next look, nor clients that are slow on purpose keep a probe out, on whose word a worker is restarted.
type capped struct {
	net.Listener
	most   int
	closed chan struct{}
	once   sync.Once
	freed  chan struct{} // holds one as soon as one has ended

	mu   sync.Mutex
	open map[*cappedConn]use
}

// use is what a connection is for.
type use struct {
	busy  bool // at a request
	since time.Time
}

func newCap(ln net.Listener, most int) *capped {
	return &capped{Listener: ln, most: most, closed: make(chan struct{}), freed: make(chan struct{}, 1), open: map[*cappedConn]use{}}
}

func (l *capped) Accept() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	conn := &cappedConn{Conn: inner, of: l}
	for !l.admit(conn) {
		if !l.wait() {
			_ = inner.Close()
			return nil, net.ErrClosed
		}
	}
	return conn, nil
}

// admit takes a connection in, if need be in the place of another; false if there is no room.
func (l *capped) admit(conn *cappedConn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if len(l.open) >= l.most {
		var out *cappedConn
		for c, u := range l.open {
			if age := now.Sub(u.since); age < idleYields || u.busy && age < busyYields {
				continue
			}
			if was := l.open[out]; out == nil || was.busy && !u.busy || was.busy == u.busy && u.since.Before(was.since) {
				out = c
			}
		}
		if out == nil {
			return false
		}
		delete(l.open, out)
		_ = out.Conn.Close()
	}
	l.open[conn] = use{since: now}
	return true
}

// wait returns when there may be room; false when the listener is closed.
func (l *capped) wait() bool {
	t := time.NewTimer(idleYields)
	defer t.Stop()
	select {
	case <-l.freed:
	case <-t.C:
	case <-l.closed:
		return false
	}
	return true
}

// note is the server's ConnState.
func (l *capped) note(conn net.Conn, state http.ConnState) {
	c, ours := conn.(*cappedConn)
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, open := l.open[c]; ours && open {
		l.open[c] = use{state == http.StateActive, time.Now()}
	}
}

func (l *capped) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type cappedConn struct {
	net.Conn
	of *capped
}

func (c *cappedConn) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	select {
	case c.of.freed <- struct{}{}:
	default:
	}
	return c.Conn.Close()
}
