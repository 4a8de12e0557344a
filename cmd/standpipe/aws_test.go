package main

import (
	"bytes"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rs/zerolog"

	"standpipe/config"
)

func TestLoopback(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"http://localhost:4566": true, "http://127.0.0.1": true, "https://[::1]:8443/x": true, "http://s3.localhost:9000": true,
		"": false, "https://vpce-1.kinesis.eu-west-1.vpce.amazonaws.com": false, "http://10.0.0.1:4566": false, "http://localhost.example.com": false,
	} {
		if got := loopback(endpoint); got != want {
			t.Errorf("loopback(%q) = %v", endpoint, got)
		}
	}
}

func connected(t *testing.T, cfg config.Config) *services {
	t.Helper()
	svc, err := connect(t.Context(), cfg, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(svc.close)
	return svc
}

func TestLaptopNeedsNoCredentials(t *testing.T) {
	cfg := config.Default()
	cfg.Stream.Endpoint, cfg.Leases.Endpoint, cfg.S3.Endpoint = "http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1"
	svc := connected(t, cfg)
	if len(svc.signed) != 0 || len(svc.remote) != 0 || svc.region != laptopRegion {
		t.Errorf("signed %v, remote %v, region %s", svc.signed, svc.remote, svc.region)
	}
	if creds, err := svc.s3.Options().Credentials.Retrieve(t.Context()); err != nil || creds.AccessKeyID != "standpipe" {
		t.Errorf("got %v, %v", creds.AccessKeyID, err)
	}
}

// TestEndpointFromTheEnvironment takes the SDK's own variable for an endpoint of this machine too.
func TestEndpointFromTheEnvironment(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://localhost:4566")
	if svc := connected(t, config.Default()); len(svc.signed) != 0 || len(svc.remote) != 0 {
		t.Errorf("signed %v, remote %v", svc.signed, svc.remote)
	}
}

func TestConfiguredCredentialsAreUsedEverywhere(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "word")
	cfg := config.Default()
	cfg.Stream.Endpoint, cfg.Leases.Endpoint, cfg.S3.Endpoint = "http://localhost:1", "http://localhost:2", "http://localhost:3"
	svc := connected(t, cfg)
	if creds, err := svc.kinesis.Options().Credentials.Retrieve(t.Context()); err != nil || creds.AccessKeyID != "key" || len(svc.signed) != 3 {
		t.Errorf("got %v, %v, signed %v", creds.AccessKeyID, err, svc.signed)
	}
}

// TestSearchForCredentialsEnds gives the SDK an instance metadata service that never answers, as where a
// firewall swallows 169.254.169.254.
func TestSearchForCredentialsEnds(t *testing.T) {
	release := make(chan struct{})
	imds := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
		http.NotFound(w, r)
	}))
	defer imds.Close()
	t.Setenv("AWS_EC2_METADATA_DISABLED", "")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", imds.URL)
	t.Setenv("AWS_REGION", "eu-west-1")
	svc := connected(t, config.Default())
	began := time.Now()
	err := svc.verify(t.Context(), config.Default(), 100*time.Millisecond)
	want := "no AWS credentials for Kinesis, DynamoDB and S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the task or instance a role"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	close(release)
	if _, err := svc.credentials.Retrieve(t.Context()); err == nil { // waits for the search that goes on unseen
		t.Error("credentials out of nowhere")
	}
}

// TestPartsAreNotHashedTwice uploads a part by TLS and in clear, and looks at what is sent.
func TestPartsAreNotHashedTwice(t *testing.T) {
	var got http.Header
	var body []byte
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("ETag", `"e"`)
	})
	secure, clear := httptest.NewTLSServer(handler), httptest.NewServer(handler)
	defer secure.Close()
	defer clear.Close()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CA_BUNDLE", bundle)
	const sum, text = "DUoRhQ==", "hello world" // CRC-32 of the text, base64
	for url, want := range map[string]string{secure.URL: "UNSIGNED-PAYLOAD", clear.URL: "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"} {
		cfg := config.Default()
		cfg.Stream.Endpoint, cfg.Leases.Endpoint, cfg.S3.Endpoint, cfg.S3.PathStyle = url, url, url, true
		svc := connected(t, cfg)
		_, err := svc.s3.UploadPart(t.Context(), &s3.UploadPartInput{
			Bucket: aws.String("lake"), Key: aws.String("k"), UploadId: aws.String("u"), PartNumber: aws.Int32(1),
			Body: bytes.NewReader([]byte(text)), ContentLength: aws.Int64(int64(len(text))), ChecksumCRC32: aws.String(sum),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got.Get("X-Amz-Content-Sha256") != want || got.Get("X-Amz-Checksum-Crc32") != sum || string(body) != text || got.Get("X-Amz-Trailer") != "" {
			t.Errorf("%s: body %q, %v", strings.SplitN(url, ":", 2)[0], body, got)
		}
	}
}
