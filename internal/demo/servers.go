package demo

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"standpipe/internal/dynamofake"
	"standpipe/internal/kinesisfake"
	"standpipe/internal/s3fake"
)

// servers are Kinesis, DynamoDB and S3 on loopback addresses. They belong to the demo's process and outlive every
// worker.
type servers struct {
	kinesis *kinesisfake.Server
	dynamo  *dynamofake.Server
	s3      *s3fake.Server

	kinesisURL, dynamoURL, s3URL string

	failed chan struct{} // closed when the folder takes no more
	guard  *diskGuard
	strike *striker
	http   []*http.Server
	wg     sync.WaitGroup
}

func startServers(dir string) (*servers, error) {
	s := &servers{
		kinesis: kinesisfake.New(kinesisfake.Options{Limits: &kinesisfake.Limits{Read: true}}),
		dynamo:  dynamofake.New(dynamofake.Options{}),
	}
	if err := s.kinesis.CreateStream(stream, shards); err != nil {
		return nil, err
	}
	var err error
	if s.s3, err = s3fake.New(s3fake.Options{Dir: dir, Buckets: []string{bucket}}); err != nil {
		return nil, err
	}
	s.strike = &striker{next: s.s3}
	s.guard = &diskGuard{next: s.strike, dir: dir, failed: make(chan struct{})}
	s.failed = s.guard.failed
	for _, at := range []struct {
		url     *string
		handler http.Handler
	}{{&s.kinesisURL, s.kinesis}, {&s.dynamoURL, s.dynamo}, {&s.s3URL, s.guard}} {
		if *at.url, err = s.serve(at.handler); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

func (s *servers) serve(h http.Handler) (url string, err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen on a loopback address for the embedded servers: %w", err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	s.http = append(s.http, srv)
	s.wg.Go(func() { _ = srv.Serve(l) })
	return "http://" + l.Addr().String(), nil
}

// close ends all servers; connections still open are dropped.
func (s *servers) close() {
	for _, srv := range s.http {
		_ = srv.Close()
	}
	s.wg.Wait()
	_ = s.s3.Close()
}

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
