package s3fake_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"standpipe/internal/faults"
	"standpipe/internal/s3fake"
)

func TestErrorInsideSuccess(t *testing.T) {
	s := open(t, s3fake.Options{})
	remove := s.Control("CompleteMultipartUpload", func(faults.Call, func()) error {
		return &faults.Error{Status: 200, Code: "InternalError", Message: "We encountered an internal error. Please try again."}
	})
	for name, c := range map[string]*s3.Client{"in process": inProcess(s), "socket": overSocket(t, s)} {
		id := create(t, c, name)
		part := uploadPart(t, c, name, id, 1, []byte("x"))
		if err := complete(t.Context(), c, name, id, part); code(err) != "InternalError" {
			t.Errorf("%s: %v, want InternalError", name, err)
		}
		if len(s.Objects("lake")) != 0 {
			t.Errorf("%s: the object is visible", name)
		}
	}
	remove()
}

func TestLostAnswerHasTakenEffect(t *testing.T) {
	s := open(t, s3fake.Options{})
	c := overSocket(t, s)
	id := create(t, c, "k")
	part := uploadPart(t, c, "k", id, 1, []byte("x"))
	defer s.Control("CompleteMultipartUpload", func(call faults.Call, next func()) error {
		if call.Object != "lake/k" || call.Occurrence != 1 {
			return nil
		}
		next()
		return faults.ErrLost
	})()
	if err := complete(t.Context(), c, "k", id, part); err == nil {
		t.Fatal("the answer was not lost")
	}
	if got := s.Objects("lake"); len(got) != 1 || got[0].Metadata["batch"] != "b-1" || got[0].UploadID != id {
		t.Fatalf("objects %+v", got)
	}
	if err := complete(t.Context(), c, "k", id, part); code(err) != "NoSuchUpload" {
		t.Fatalf("again: %v", err)
	}
}

func TestCallsAreNamedByOperation(t *testing.T) {
	s := open(t, s3fake.Options{})
	var mu sync.Mutex
	var got []string
	defer s.Control("", func(call faults.Call, _ func()) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, call.Op+" "+call.Object)
		return nil
	})()
	c, ctx, lake, k := inProcess(s), t.Context(), ptr("lake"), ptr("p/k")
	id := create(t, c, *k)
	part := uploadPart(t, c, *k, id, 1, []byte("x"))
	_, _ = c.ListParts(ctx, &s3.ListPartsInput{Bucket: lake, Key: k, UploadId: &id})
	_, _ = c.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: lake})
	_ = complete(ctx, c, *k, id, part)
	_, _ = c.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: lake, Key: k, UploadId: &id})
	_, _ = c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: lake, Key: k})
	if out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: lake, Key: k}); err == nil {
		_ = out.Body.Close()
	}
	put(t, c, "q", "x")
	_, _ = c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: lake, Key: ptr("r"), CopySource: ptr("lake/p/k")})
	_, _ = c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: lake, Key: ptr("q")})
	_, _ = c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: lake})
	_, _ = c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: lake})
	_, _ = c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: ptr("other")})
	_, _ = c.ListBuckets(ctx, &s3.ListBucketsInput{})
	_, err := c.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: lake})
	if code(err) != "NotImplemented" {
		t.Errorf("GetBucketLifecycleConfiguration: %v, want NotImplemented", err)
	}
	want := []string{
		"CreateMultipartUpload lake/p/k", "UploadPart lake/p/k", "ListParts lake/p/k", "ListMultipartUploads lake",
		"CompleteMultipartUpload lake/p/k", "AbortMultipartUpload lake/p/k", "HeadObject lake/p/k", "GetObject lake/p/k",
		"PutObject lake/q", "CopyObject lake/r", "DeleteObject lake/q", "ListObjectsV2 lake", "HeadBucket lake",
		"CreateBucket other", "ListBuckets ", "Unsupported lake",
	}
	if !slices.Equal(got, want) {
		t.Errorf("calls\n%q, want\n%q", got, want)
	}
	if objects := s.Objects("lake"); len(objects) != 2 || objects[1].Key != "r" || objects[1].Metadata["batch"] != "b-1" {
		t.Errorf("objects %+v, want the copy with its metadata", objects)
	}
}

func TestDroppedUploadIsGone(t *testing.T) {
	now := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	s := open(t, s3fake.Options{Now: func() time.Time { return now }})
	c := inProcess(s)
	id := create(t, c, "k")
	part := uploadPart(t, c, "k", id, 3, []byte("four"))
	u := s.Uploads("lake")
	if len(u) != 1 || u[0].Key != "k" || u[0].ID != id || u[0].Metadata["batch"] != "b-1" || !u[0].Initiated.Equal(now) ||
		len(u[0].Parts) != 1 || u[0].Parts[0].Number != 3 || u[0].Parts[0].Size != 4 {
		t.Fatalf("uploads %+v", u)
	}
	if err := s.Drop("lake", "k", id); err != nil {
		t.Fatal(err)
	}
	if err := complete(t.Context(), c, "k", id, part); code(err) != "NoSuchUpload" {
		t.Fatalf("complete: %v", err)
	}
	if err := s.Drop("lake", "k", id); err == nil {
		t.Fatal("dropped twice")
	}
}

// The wire form is fixed here byte by byte: SDKs differ in how they end a trailer and sign chunks.
func TestChunkedBodies(t *testing.T) {
	s := open(t, s3fake.Options{})
	for name, c := range map[string]struct {
		body, trailer string
		length        string
		status        int
		code          string
	}{
		"unsigned":          {"6\r\nhello \r\n5\r\nworld\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", "x-amz-checksum-crc32", "11", 200, ""},
		"no last line":      {"b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n", "x-amz-checksum-crc32", "11", 200, ""},
		"signed":            {"b;chunk-signature=00\r\nhello world\r\n0;chunk-signature=00\r\n\r\n", "", "11", 200, ""},
		"signed trailer":    {"b;chunk-signature=00\r\nhello world\r\n0;chunk-signature=00\r\nx-amz-checksum-crc32:DUoRhQ==\r\nx-amz-trailer-signature:00\r\n\r\n", "x-amz-checksum-crc32", "11", 200, ""},
		"nvme":              {"9\r\n123456789\r\n0\r\nx-amz-checksum-crc64nvme:rosUhgp5mIg=\r\n\r\n", "x-amz-checksum-crc64nvme", "9", 200, ""},
		"crc32c":            {"9\r\n123456789\r\n0\r\nx-amz-checksum-crc32c:4waSgw==\r\n\r\n", "x-amz-checksum-crc32c", "9", 200, ""},
		"wrong sum":         {"b\r\nhello_world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", "x-amz-checksum-crc32", "11", 400, "BadDigest"},
		"sum missing":       {"b\r\nhello world\r\n0\r\n\r\n", "x-amz-checksum-crc32", "11", 400, "MalformedTrailerError"},
		"wrong length":      {"b\r\nhello world\r\n0\r\n\r\n", "", "12", 400, "IncompleteBody"},
		"cut in a chunk":    {"b\r\nhello", "", "11", 400, "IncompleteBody"},
		"cut before end":    {"b\r\nhello world\r\n", "", "11", 400, "IncompleteBody"},
		"no size":           {"zz\r\nhello world\r\n0\r\n\r\n", "", "11", 400, "IncompleteBody"},
		"huge size":         {"7fffffffffffffff\r\nhello", "", "11", 400, "IncompleteBody"},
		"longer than said":  {"5\r\nhello world\r\n0\r\n\r\n", "", "11", 400, "IncompleteBody"},
		"line without end":  {strings.Repeat("0", 10000), "", "11", 400, "IncompleteBody"},
		"no decoded length": {"0\r\n\r\n", "", "", 411, "MissingContentLength"},
	} {
		r := httptest.NewRequest(http.MethodPut, "/lake/chunked", strings.NewReader(c.body))
		r.Header.Set("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
		r.Header.Set("Content-Encoding", "gzip,aws-chunked")
		if c.length != "" {
			r.Header.Set("X-Amz-Decoded-Content-Length", c.length)
		}
		if c.trailer != "" {
			r.Header.Set("X-Amz-Trailer", c.trailer)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), "<Code>"+c.code+"</Code>") && c.code != "" {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, c.status, c.code)
		}
		if stored := len(s.Objects("lake")) == 1; stored != (c.status == 200) {
			t.Errorf("%s: stored %v", name, stored)
		}
		if c.status != 200 {
			continue
		}
		get := httptest.NewRecorder()
		s.ServeHTTP(get, httptest.NewRequest(http.MethodGet, "/lake/chunked", nil))
		if e := get.Header().Get("Content-Encoding"); e != "gzip" {
			t.Errorf("%s: content encoding %q", name, e)
		}
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodDelete, "/lake/chunked", nil))
	}
}

func TestSDKSendsTrailersOverTLS(t *testing.T) {
	s := open(t, s3fake.Options{})
	var trailer string
	defer s.Control("UploadPart", func(call faults.Call, _ func()) error {
		trailer = call.Header.Get("X-Amz-Trailer")
		return nil
	})()
	c := overTLS(t, s)
	id := create(t, c, "k")
	_, err := c.UploadPart(t.Context(), &s3.UploadPartInput{
		Bucket: ptr("lake"), Key: ptr("k"), UploadId: &id, PartNumber: ptr(int32(1)),
		Body: io.LimitReader(strings.NewReader("a body that can not be read twice"), 10), ContentLength: ptr(int64(10)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if trailer != "x-amz-checksum-crc32" {
		t.Fatalf("the trailer %q was announced: the contract over TLS would not test trailers", trailer)
	}
}
