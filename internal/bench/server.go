package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
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
	CA                  string // file of the certificate, with TLS
	Records             int64  // user records in the stream
	Bytes               int64  // of them
	Puts                int64  // Kinesis records that hold them
}

// serve runs Kinesis with bytes of records, DynamoDB and S3, in this process, until stdin ends. It prints where they are.
func serve(c benchCase, bytes int64, dir string) error {
	kinesis := kinesisfake.New(kinesisfake.Options{Limits: &kinesisfake.Limits{}})
	if err := kinesis.CreateStream(stream, c.Shards); err != nil {
		return err
	}
	var s served
	g := newGenerator(c.Record)
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
	for url, h := range map[*string]http.Handler{&s.Kinesis: kinesis, &s.Dynamo: dynamofake.New(dynamofake.Options{}), &s.S3: store} {
		if *url, err = listen(h, cert); err != nil {
			return err
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
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

// certificate makes one for the loopback address, and a file of it.
func certificate(dir string) (*tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, "", err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, "", err
	}
	file := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return nil, "", fmt.Errorf("write the certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file, nil
}
