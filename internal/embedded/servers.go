package embedded

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"standpipe/internal/dynamofake"
	"standpipe/internal/kinesisfake"
	"standpipe/internal/s3fake"
)

// Options says what the servers begin with.
type Options struct {
	Dir     string                             // the folder that holds a folder for each bucket
	Buckets []string                           // made at the start
	Wrap    func(s3 http.Handler) http.Handler // stands before S3; nil = nothing does
}

// Servers are Kinesis, DynamoDB and S3. They belong to this process.
type Servers struct {
	Kinesis *kinesisfake.Server
	Dynamo  *dynamofake.Server
	S3      *s3fake.Server

	KinesisURL, DynamoURL, S3URL string

	http []*http.Server
	wg   sync.WaitGroup
}

// Start starts the servers. Kinesis has the limits of the service for readers, and no streams.
func Start(o Options) (*Servers, error) {
	s := &Servers{
		Kinesis: kinesisfake.New(kinesisfake.Options{Limits: &kinesisfake.Limits{Read: true}}),
		Dynamo:  dynamofake.New(dynamofake.Options{}),
	}
	var err error
	if s.S3, err = s3fake.New(s3fake.Options{Dir: o.Dir, Buckets: o.Buckets}); err != nil {
		return nil, err
	}
	var store http.Handler = s.S3
	if o.Wrap != nil {
		store = o.Wrap(store)
	}
	for _, at := range []struct {
		url     *string
		handler http.Handler
	}{{&s.KinesisURL, s.Kinesis}, {&s.DynamoURL, s.Dynamo}, {&s.S3URL, store}} {
		if *at.url, err = s.serve(at.handler); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

func (s *Servers) serve(h http.Handler) (url string, err error) {
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

// Close ends all servers; connections still open are dropped.
func (s *Servers) Close() {
	for _, srv := range s.http {
		_ = srv.Close()
	}
	s.wg.Wait()
	_ = s.S3.Close()
}
