package kinesisfake_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"go.uber.org/goleak"

	"standpipe/internal/faults"
	"standpipe/internal/kinesisfake"
	"standpipe/internal/kinesistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// overHTTP reaches a server through a socket.
func overHTTP(t *testing.T, s *kinesisfake.Server) *kinesis.Client {
	t.Helper()
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return client(h.URL, h.Client().Transport)
}

// inProcess reaches a server without a socket.
func inProcess(s *kinesisfake.Server) *kinesis.Client {
	return client("http://kinesis.test", faults.Transport(map[string]http.Handler{"kinesis.test": s}))
}

func client(url string, transport http.RoundTripper) *kinesis.Client {
	return kinesis.New(kinesis.Options{
		BaseEndpoint: &url, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient: &http.Client{Transport: transport}, Retryer: aws.NopRetryer{},
	})
}

func TestContractOverHTTP(t *testing.T) {
	kinesistest.Run(t, func(t *testing.T) kinesistest.Env {
		t.Parallel()
		s := kinesisfake.New(kinesisfake.Options{Limits: &kinesisfake.Limits{}})
		e := env(t, s, overHTTP(t, s))
		e.LargeRecords = !testing.Short() // 10 MiB through the SDK take seconds under -race
		return e
	})
}

func TestContractInProcess(t *testing.T) {
	kinesistest.Run(t, func(t *testing.T) kinesistest.Env {
		t.Parallel()
		s := kinesisfake.New(kinesisfake.Options{Limits: &kinesisfake.Limits{}})
		return env(t, s, inProcess(s))
	})
}

// With all limits, slow resharding and answers without records; the SDK retries what is refused.
func TestContractUnderLimits(t *testing.T) {
	kinesistest.Run(t, func(t *testing.T) kinesistest.Env {
		t.Parallel()
		s := kinesisfake.New(kinesisfake.Options{
			Limits: &kinesisfake.Limits{Read: true}, CreateDelay: 20 * time.Millisecond, EmptyEvery: 3,
		})
		url := "http://kinesis.test"
		c := kinesis.New(kinesis.Options{
			BaseEndpoint: &url, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
			HTTPClient: &http.Client{Transport: faults.Transport(map[string]http.Handler{"kinesis.test": s})},
			Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff = 1000, 50*time.Millisecond
				o.RateLimiter = ratelimit.None
			}),
		})
		return env(t, s, c)
	})
}

func env(t *testing.T, s *kinesisfake.Server, c *kinesis.Client) kinesistest.Env {
	t.Helper()
	if err := s.CreateStream("contract", 2); err != nil {
		t.Fatal(err)
	}
	return kinesistest.Env{Client: c, Stream: "contract", Pause: 5 * time.Millisecond}
}
