package httpserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// ListenError says why the server's address can not be used. Its text is a sentence for users; Err is the
// cause from package net.
type ListenError struct {
	Addr string
	Err  error
}

func (e *ListenError) Error() string {
	switch {
	case errors.Is(e.Err, syscall.EADDRINUSE):
		return fmt.Sprintf("listen on %s: another process uses the port: stop it, or set server.listen to a free one, or to off", e.Addr)
	case errors.Is(e.Err, syscall.EACCES):
		return fmt.Sprintf("listen on %s: not permitted: set server.listen to a port above 1023", e.Addr)
	case errors.Is(e.Err, syscall.EADDRNOTAVAIL):
		return fmt.Sprintf("listen on %s: this machine does not have that address: set server.listen to one it has, such as :8080", e.Addr)
	}
	cause := e.Err
	var op *net.OpError
	if errors.As(cause, &op) && op.Err != nil {
		cause = op.Err
	}
	return fmt.Sprintf("listen on %s: %v: set server.listen to another address, or to off", e.Addr, cause)
}

func (e *ListenError) Unwrap() error { return e.Err }

// Listen takes the address host:port. Its error is a *ListenError. The caller closes the listener or hands
// it to Serve.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, &ListenError{Addr: addr, Err: err}
	}
	return ln, nil
}
