package demo

import (
	"io"
	"net/http"
	"os"
	"sync"
)

// diskGuard tells a full or vanished disk from other errors of the S3 server, which its clients would retry for ever.
type diskGuard struct {
	next   http.Handler
	dir    string
	failed chan struct{}

	once sync.Once
	err  error // to be read after failed is closed
}

// full is why the folder takes no more, nil as long as it does.
func (s *servers) full() error {
	select {
	case <-s.failed:
		return s.guard.err
	default:
		return nil
	}
}

func (g *diskGuard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := &statusWriter{ResponseWriter: w}
	g.next.ServeHTTP(answer, r)
	if answer.status < http.StatusInternalServerError {
		return
	}
	if err := probe(g.dir, max(mebibyte, r.ContentLength)); err != nil {
		g.once.Do(func() {
			g.err = unwritable(g.dir, err)
			close(g.failed)
		})
	}
}

// probe writes size bytes into dir and removes them.
func probe(dir string, size int64) error {
	f, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = io.CopyN(f, zeros{}, size)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
