package main

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"standpipe/config"
	"standpipe/internal/kinesisfake"
)

func TestPlaintextEndpointsAreWarnedOf(t *testing.T) {
	for endpoint, warned := range map[string]bool{
		"": false, "https://s3.example.com": false, "http://s3.example.com": true, "HTTP://203.0.113.7:9000": true, "http://[2001:db8::1]:80/": true, "http://user:pw@s3.example.com": true,
		"http://localhost:4566": false, "http://127.0.0.1": false, "http://[::1]:9000": false, "http://10.1.2.3": false, "http://192.168.0.9:9000": false,
		"http://169.254.1.1": false, "http://[fd00::1]": false, "http://localstack:4566": false, "http://minio.internal": false, "http://172.32.0.1": true,
	} {
		w := plaintext("S3", endpoint)
		if (w != "") != warned || strings.Contains(w, ":pw@") {
			t.Errorf("%s: %q", endpoint, w)
		}
	}
}

// Check and run say so, wherever the endpoint comes from.
func TestPlaintextEndpointIsWarnedOfAtTheStart(t *testing.T) {
	c := newCloud(t)
	const want = "the endpoint of S3, http://s3.example.com, is http: records and session tokens cross the network as plain text; write https://"
	got := execute(t, c.env("STANDPIPE_S3_ENDPOINT=http://s3.example.com", "STANDPIPE_STREAM_REGION=eu-west-1"), "check")
	if got.code != exitOK || !strings.Contains(got.stdout, "warning: "+want+"\n") {
		t.Errorf("check: %v", got)
	}
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://s3.example.com")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE") // there is nobody to send them to
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	got = execute(t, c.env("STANDPIPE_S3_ENDPOINT=", "STANDPIPE_STREAM_REGION=eu-west-1", "STANDPIPE_STREAM_NAME=missing"), "run")
	if got.code == exitOK || !strings.Contains(got.stderr, `"level":"warn"`) || !strings.Contains(got.stderr, want) {
		t.Errorf("run: %v", got)
	}
}

// A server whose certificate nobody vouches for is not talked to.
func TestUnknownCertificateIsRefused(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	server := httptest.NewTLSServer(kinesisfake.New(kinesisfake.Options{}))
	defer server.Close()
	server.Config.ErrorLog = nil
	cfg, err := config.Load(config.Source{Env: c.env("STANDPIPE_STREAM_ENDPOINT=" + server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	svc, err := connect(t.Context(), cfg, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer svc.close()
	err = svc.verify(t.Context(), cfg, 5*time.Second)
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
}
