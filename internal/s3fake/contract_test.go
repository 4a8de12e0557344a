package s3fake_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.uber.org/goleak"

	"standpipe/internal/faults"
	"standpipe/internal/s3fake"
	"standpipe/internal/s3test"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, o s3fake.Options) *s3fake.Server {
	t.Helper()
	if o.Buckets == nil {
		o.Buckets = []string{"lake"}
	}
	s, err := s3fake.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func client(endpoint string, rt http.RoundTripper, options ...func(*s3.Options)) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &endpoint, Region: "eu-west-1", UsePathStyle: true, RetryMaxAttempts: 1,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported, // as the default configuration has it
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		Credentials:                credentials.NewStaticCredentialsProvider("key", "secret", ""),
		HTTPClient:                 &http.Client{Transport: rt},
	}, options...)
}

// inProcess reaches a server without a socket.
func inProcess(s http.Handler) *s3.Client {
	return client("http://s3.fake", faults.Transport(map[string]http.Handler{"s3.fake": s}))
}

func overSocket(t *testing.T, s http.Handler, options ...func(*s3.Options)) *s3.Client {
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return client(server.URL, server.Client().Transport, options...)
}

// overTLS makes the SDK send aws-chunked bodies with the checksum in the trailer.
func overTLS(t *testing.T, s http.Handler) *s3.Client {
	server := httptest.NewTLSServer(s)
	t.Cleanup(server.Close)
	return client(server.URL, server.Client().Transport)
}

func TestContractInMemoryOverSocket(t *testing.T) {
	s := open(t, s3fake.Options{})
	s3test.Run(t, s3test.Env{Client: overSocket(t, s), Bucket: "lake", StrictComplete: true})
	if left := s.Uploads("lake"); len(left) > 0 {
		t.Errorf("uploads left open: %v", left)
	}
}

func TestContractInMemoryInProcess(t *testing.T) {
	s := open(t, s3fake.Options{})
	s3test.Run(t, s3test.Env{Client: inProcess(s), Bucket: "lake", StrictComplete: true})
}

func TestContractInFolderInProcess(t *testing.T) {
	s := open(t, s3fake.Options{Dir: t.TempDir(), RepeatComplete: true})
	s3test.Run(t, s3test.Env{Client: inProcess(s), Bucket: "lake", RepeatComplete: true})
}

func TestContractInFolderOverTLS(t *testing.T) {
	s := open(t, s3fake.Options{Dir: t.TempDir()})
	s3test.Run(t, s3test.Env{Client: overTLS(t, s), Bucket: "lake", StrictComplete: true})
}

func TestContractWithoutListBucket(t *testing.T) {
	s := open(t, s3fake.Options{NoListBucket: true})
	s3test.Run(t, s3test.Env{Client: inProcess(s), Bucket: "lake", NoListBucket: true})
}

func TestSignedPlainBodies(t *testing.T) {
	s := open(t, s3fake.Options{})
	c := overSocket(t, s, func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired })
	created, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String("lake"), Key: aws.String("k")})
	if err != nil {
		t.Fatal(err)
	}
	if u := s.Uploads("lake"); len(u) != 1 || u[0].Algorithm != "" || u[0].ID != *created.UploadId {
		t.Fatalf("open uploads %+v, want one without an algorithm", u)
	}
}
