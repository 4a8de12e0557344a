package awserr

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
)

func TestBriefSaysTheCauseOnly(t *testing.T) {
	api := &smithy.GenericAPIError{Code: "SlowDown", Message: "Please reduce your request rate."}
	for want, inner := range map[string]error{
		"SlowDown: Please reduce your request rate.": fmt.Errorf("https response error StatusCode: 503, RequestID: 4711, %w", api),
		"no address found for s3.example.com":        &net.OpError{Op: "dial", Err: &net.DNSError{Name: "s3.example.com", Err: "no such host"}},
		"connection refused":                         fmt.Errorf("request send failed, %w", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}),
		"timeout":                                    fmt.Errorf("canceled, %w", context.DeadlineExceeded),
		"context canceled":                           fmt.Errorf("canceled, %w", context.Canceled),
		"answer lost":                                fmt.Errorf("request send failed, %w", errors.New("answer lost")),
	} {
		err := &smithy.OperationError{ServiceID: "S3", OperationName: "UploadPart", Err: inner}
		got := Brief(fmt.Errorf("exceeded, %w", err))
		if got.Error() != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if !errors.Is(got, inner) {
			t.Errorf("%q has lost its cause", got)
		}
	}
	if plain := errors.New("plain"); Brief(plain) != plain || Brief(nil) != nil {
		t.Error("what is not the SDK's is changed")
	}
}

// TestAnswerOfAProxy: what the SDK says of one is that its body is no JSON.
func TestAnswerOfAProxy(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{503: "503 Service Unavailable", 403: "403 Forbidden", 599: "599"} {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", code) }))
		c := dynamodb.New(dynamodb.Options{BaseEndpoint: &proxy.URL, Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), RetryMaxAttempts: 1})
		_, err := c.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("leases")})
		if got := Brief(err); err == nil || got.Error() != want {
			t.Errorf("%d: %q of %v", code, got, err)
		}
		proxy.Close()
	}
}
