package sink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// s3Client is one whose requests go to a handler.
func s3Client(t *testing.T, h http.HandlerFunc) *s3.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return s3.New(s3.Options{
		BaseEndpoint: &server.URL, Region: "eu-west-1", UsePathStyle: true, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""), HTTPClient: server.Client(),
	})
}

// TestReadStopsAtItsLimit has an object that never ends where a small one is expected.
func TestReadStopsAtItsLimit(t *testing.T) {
	store := NewS3(s3Client(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 1 << 14 {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}), S3Options{})
	if _, err := store.Read(t.Context(), "lake", "k", 1<<20); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "s3://lake/k") {
		t.Errorf("error %v", err)
	}
	small := NewS3(s3Client(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("12345")) }), S3Options{})
	if got, err := small.Read(t.Context(), "lake", "k", 5); err != nil || string(got) != "12345" {
		t.Errorf("got %q, error %v", got, err)
	}
	if _, err := small.Read(t.Context(), "lake", "k", 4); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error %v", err)
	}
}

// TestEachBucketHasItsClient makes every kind of request to a bucket of another client.
func TestEachBucketHasItsClient(t *testing.T) {
	asked := 0
	theirs := s3Client(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		switch {
		case r.Method == http.MethodPost:
			_, _ = fmt.Fprint(w, "<R><UploadId>u</UploadId></R>")
		case r.Method == http.MethodGet && r.URL.Query().Has("uploadId"):
			_, _ = fmt.Fprint(w, "<ListPartsResult></ListPartsResult>")
		}
	})
	store := NewS3(s3Client(t, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s goes to our client", r.Method, r.URL)
	}), S3Options{Clients: map[string]*s3.Client{"pond": theirs}})
	ctx, u := t.Context(), Upload{Bucket: "pond", Key: "k", ID: "u", Parts: []Part{{Number: 1, ETag: "e", CRC32: "AAAAAA=="}}}
	calls := []func() error{
		func() error {
			_, err := store.Create(ctx, u.Bucket, u.Key, "b", Form{ContentType: "text/plain"})
			return err
		},
		func() error { _, err := store.UploadPart(ctx, u, 1, Segments{[]byte("x")}); return err },
		func() error { _, err := store.Parts(ctx, u); return err },
		func() error { return store.Complete(ctx, u) },
		func() error { return store.Abort(ctx, u) },
		func() error { _, err := store.Batch(ctx, u.Bucket, u.Key); return err },
		func() error { _, err := store.Read(ctx, u.Bucket, u.Key, 1); return err },
		func() error { return store.Delete(ctx, u.Bucket, u.Key) },
	}
	for i, call := range calls {
		if err := call(); err != nil || asked != i+1 {
			t.Errorf("call %d: %v, %d requests", i, err, asked)
		}
	}
}

// TestCreateSendsEncryptionAndACL looks at the headers of CreateMultipartUpload.
func TestCreateSendsEncryptionAndACL(t *testing.T) {
	var got http.Header
	client := s3Client(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		_, _ = fmt.Fprint(w, "<R><UploadId>u</UploadId></R>")
	})
	for _, o := range []S3Options{
		{},
		{SSE: types.ServerSideEncryptionAes256},
		{SSE: types.ServerSideEncryptionAwsKms, KMSKey: "alias/lake", ACL: types.ObjectCannedACLBucketOwnerFullControl},
	} {
		if _, err := NewS3(client, o).Create(t.Context(), "lake", "k", "b", Form{ContentType: "text/plain"}); err != nil {
			t.Fatal(err)
		}
		for header, want := range map[string]string{"X-Amz-Server-Side-Encryption": string(o.SSE), "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": o.KMSKey, "X-Amz-Acl": string(o.ACL)} {
			if got.Get(header) != want || got.Values(header) != nil && want == "" {
				t.Errorf("%+v: %s is %q", o, header, got.Values(header))
			}
		}
	}
}

// noCredentials fails as a provider whose own service answers 404.
type noCredentials struct{}

func (noCredentials) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{}, &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusNotFound}}, Err: errors.New("no such role"),
	}}
}

// TestOnlyS3SaysWhatIsGone: an answer of another service must not undo a batch.
func TestOnlyS3SaysWhatIsGone(t *testing.T) {
	client := s3Client(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost { // S3 may find out after it has begun to answer
			_, _ = fmt.Fprint(w, `<Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>`)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	})
	u := Upload{Bucket: "lake", Key: "k", ID: "u", Parts: []Part{{Number: 1, ETag: "e", CRC32: "AAAAAA=="}}}
	store := NewS3(client, S3Options{})
	if _, err := store.Batch(t.Context(), "lake", "k"); !errors.Is(err, ErrNotFound) {
		t.Errorf("HEAD answered 404: %v", err)
	}
	if err := store.Complete(t.Context(), u); !errors.Is(err, ErrNoSuchUpload) {
		t.Errorf("a success that holds NoSuchUpload: %v", err)
	}
	blind := NewS3(s3.New(client.Options(), func(o *s3.Options) { o.Credentials = noCredentials{} }), S3Options{})
	if _, err := blind.Batch(t.Context(), "lake", "k"); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("nobody asked S3, but: %v", err)
	}
	if err := blind.Abort(t.Context(), u); err == nil || errors.Is(err, ErrNoSuchUpload) {
		t.Errorf("nobody asked S3, but: %v", err)
	}
}
