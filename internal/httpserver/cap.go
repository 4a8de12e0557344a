package httpserver

import (
	"net"
	"sync"
)

// capped is a listener with at most so many connections open at once. Those above it wait in the kernel's queue,
// where they cost this process nothing, until one of the others ends; the timeouts end every one in the end.
type capped struct {
	net.Listener
	slots  chan struct{}
	closed chan struct{}
	once   sync.Once
}

func newCap(ln net.Listener, most int) *capped {
	return &capped{Listener: ln, slots: make(chan struct{}, most), closed: make(chan struct{})}
}

func (l *capped) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &cappedConn{Conn: conn, free: sync.OnceFunc(func() { <-l.slots })}, nil
}

func (l *capped) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type cappedConn struct {
	net.Conn
	free func()
}

func (c *cappedConn) Close() error {
	defer c.free()
	return c.Conn.Close()
}
