package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"standpipe/internal/dynamofake"
	"standpipe/internal/kinesisfake"
	"standpipe/internal/s3fake"
)

const (
	stream = "bench"
	bucket = "lake"
)

// served is what the server's process tells the bench.
type served struct {
	Kinesis, Dynamo, S3 string // URLs
	State               string // URL of a report
	Dir                 string // of the objects of the bucket
	CA                  string // file of the certificate, with TLS
	Records             int64  // user records in the stream
	Bytes               int64  // of them
	Puts                int64  // Kinesis records that hold them
}

// serve runs Kinesis with bytes of records, DynamoDB and S3, in this process, until in ends. It tells out where they are.
func serve(c benchCase, bytes int64, dir string, in io.Reader, out io.Writer) error {
	opts := kinesisfake.Options{Limits: &kinesisfake.Limits{}}
	if c.Live {
		opts.Limits, bytes = nil, 0 // the service's
	}
	kinesis, dynamo := kinesisfake.New(opts), dynamofake.New(dynamofake.Options{})
	if err := kinesis.CreateStream(stream, c.Shards); err != nil {
		return err
	}
	var s served
	s.Dir = filepath.Join(dir, "s3", bucket)
	if err := s.fill(kinesis, c, bytes); err != nil {
		return err
	}
	store, err := s3fake.New(s3fake.Options{Dir: filepath.Join(dir, "s3"), Buckets: []string{bucket}})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	var cert *tls.Certificate
	if c.TLS {
		if cert, s.CA, err = certificate(dir); err != nil {
			return err
		}
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	state := &state{dynamo: dynamo}
	if c.Live {
		answersTakeTime(ctx, kinesis, dynamo, store)
		if state.seen, err = live(ctx, c, kinesis, store); err != nil {
			return err
		}
	}
	for url, h := range map[*string]http.Handler{&s.Kinesis: kinesis, &s.Dynamo: dynamo, &s.S3: store, &s.State: state} {
		if *url, err = listen(h, cert); err != nil {
			return err
		}
	}
	if err := json.NewEncoder(out).Encode(s); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in)
	return err
}

// fill puts bytes of records into the stream.
func (s *served) fill(kinesis *kinesisfake.Server, c benchCase, bytes int64) error {
	g := newGenerator(c.Record)
	if c.Paths > 0 {
		g.users = c.Paths
	}
	for i := 0; s.Bytes < bytes; i++ {
		data, n, size := []byte(nil), 1, int64(0)
		if c.Aggregated {
			data, n, size = g.aggregated()
		} else {
			data = g.record()
			size = int64(len(data))
		}
		if _, _, err := kinesis.Put(stream, strconv.Itoa(i), data); err != nil {
			return err
		}
		s.Puts++
		s.Records += int64(n)
		s.Bytes += size
	}
	return nil
}

// state tells the bench what the servers have seen.
type state struct {
	dynamo *dynamofake.Server
	seen   *sightings // of a live stream
}

type report struct {
	WriteUnits float64 // of DynamoDB, so far
	Writes     int     // requests that write
	Latency    latencies
}

func (s *state) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	var r report
	for _, u := range s.dynamo.Units() {
		r.WriteUnits += u.Write
	}
	ops := s.dynamo.Operations()
	r.Writes = ops["PutItem"] + ops["UpdateItem"] + ops["DeleteItem"] + ops["TransactWriteItems"]
	if s.seen != nil {
		r.Latency = s.seen.latencies()
	}
	_ = json.NewEncoder(w).Encode(r)
}

func listen(h http.Handler, cert *tls.Certificate) (url string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	if cert == nil {
		go func() { _ = srv.Serve(l) }() // ends with the process
		return "http://" + l.Addr().String(), nil
	}
	srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12}
	go func() { _ = srv.ServeTLS(l, "", "") }()
	return "https://" + l.Addr().String(), nil
}
