package s3fake_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"standpipe/internal/s3fake"
)

// allocated is how many bytes fn allocates.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestObjectsInFoldersDoNotGoThroughMemory(t *testing.T) {
	s := open(t, s3fake.Options{Dir: t.TempDir()})
	c := overSocket(t, s)
	id := create(t, c, "big")
	var parts []types.CompletedPart
	const count, size = 4, 5 << 20
	for i := range int32(count) {
		parts = append(parts, uploadPart(t, c, "big", id, i+1, bytes.Repeat([]byte{byte('a' + i)}, size)))
	}
	if n := allocated(func() {
		if err := complete(t.Context(), c, "big", id, parts...); err != nil {
			t.Error(err)
		}
	}); n > size/2 {
		t.Errorf("completing %d bytes allocated %d", count*size, n)
	}
	if n := allocated(func() {
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: ptr("lake"), Key: ptr("big")})
		if err != nil {
			t.Fatal(err)
		}
		defer out.Body.Close()
		if n, err := io.Copy(io.Discard, out.Body); err != nil || n != count*size {
			t.Errorf("read %d bytes, %v", n, err)
		}
	}); n > size/2 {
		t.Errorf("reading %d bytes allocated %d", count*size, n)
	}
}

func TestOddRequestsAreRefused(t *testing.T) {
	s := open(t, s3fake.Options{Dir: t.TempDir()})
	id := create(t, inProcess(s), "k")
	for _, c := range []struct {
		method, path, body string
		header             map[string]string
		code               string
	}{
		{"GET", "/lake/../../etc/passwd", "", nil, "NoSuchKey"},
		{"GET", "/../../etc/passwd", "", nil, "NoSuchBucket"},
		{"PUT", "/..", "", nil, "InvalidBucketName"},
		{"PUT", "/.s3fake", "", nil, "InvalidBucketName"},
		{"PUT", "/lake", "", nil, "BucketAlreadyExists"},
		{"PUT", "/lake/k?tagging", "x", nil, "NotImplemented"},
		{"PATCH", "/lake/k", "x", nil, "NotImplemented"},
		{"POST", "/lake/k?uploadId=" + id, "<not xml", nil, "MalformedXML"},
		{"POST", "/lake/k?uploadId=" + id, "<CompleteMultipartUpload/>", nil, "MalformedXML"},
		{"POST", "/lake/k?uploadId=../../x", "<CompleteMultipartUpload><Part/></CompleteMultipartUpload>", nil, "NoSuchUpload"},
		{"PUT", "/lake/k?uploadId=" + id + "&partNumber=x", "x", nil, "InvalidArgument"},
		{"PUT", "/lake/k?uploadId=" + id + "&partNumber=1", "x", map[string]string{"X-Amz-Copy-Source": "lake/x"}, "NotImplemented"},
		{"GET", "/lake/k?uploadId=" + id + "&max-parts=-1", "", nil, "InvalidArgument"},
		{"GET", "/lake?uploads&max-uploads=x", "", nil, "InvalidArgument"},
		{"POST", "/lake/k?uploads", "", map[string]string{"X-Amz-Checksum-Algorithm": "ROT13"}, "InvalidRequest"},
		{"POST", "/lake/k?uploads", "", map[string]string{"X-Amz-Checksum-Algorithm": "SHA256", "X-Amz-Checksum-Type": "FULL_OBJECT"}, "InvalidRequest"},
		{"POST", "/lake/k?uploads", "", map[string]string{"X-Amz-Meta-Long": strings.Repeat("x", 2048)}, "MetadataTooLarge"},
		{"PUT", "/lake/k", "x", map[string]string{"Content-Md5": "not base64"}, "InvalidDigest"},
		{"PUT", "/lake/k", "x", map[string]string{"X-Amz-Checksum-Crc32": "AA=="}, "InvalidRequest"},
		{"PUT", "/lake/k", "x", map[string]string{"X-Amz-Content-Sha256": strings.Repeat("0", 64)}, "XAmzContentSHA256Mismatch"},
		{"DELETE", "/lake/k?uploadId=", "", nil, "NoSuchUpload"},
	} {
		r := httptest.NewRequest(c.method, "http://s3.fake/", strings.NewReader(c.body))
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(c.path, "?")
		for name, v := range c.header {
			r.Header.Set(name, v)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code < 400 || !strings.Contains(w.Body.String(), "<Code>"+c.code+"</Code>") {
			t.Errorf("%s %s %v: %d %s, want %s", c.method, c.path, c.header, w.Code, w.Body, c.code)
		}
	}
	if len(s.Objects("lake")) != 0 || len(s.Uploads("lake")) != 1 {
		t.Errorf("objects %v, uploads %v", s.Objects("lake"), s.Uploads("lake"))
	}
}

func TestFullObjectChecksum(t *testing.T) {
	s := open(t, s3fake.Options{})
	c := inProcess(s)
	for _, sum := range []string{"DUoRhQ==", "AAAAAA=="} { // CRC32 of "hello world", and a wrong one
		created, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{
			Bucket: ptr("lake"), Key: ptr("k"), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32, ChecksumType: types.ChecksumTypeFullObject,
		})
		if err != nil {
			t.Fatal(err)
		}
		p := uploadPart(t, c, "k", *created.UploadId, 1, []byte("hello world"))
		out, err := c.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
			Bucket: ptr("lake"), Key: ptr("k"), UploadId: created.UploadId, ChecksumCRC32: &sum,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{PartNumber: p.PartNumber, ETag: p.ETag}}},
		})
		if sum == "AAAAAA==" {
			if code(err) != "BadDigest" {
				t.Errorf("wrong checksum: %v", err)
			}
			continue
		}
		if err != nil || *out.ChecksumCRC32 != sum || out.ChecksumType != types.ChecksumTypeFullObject {
			t.Fatalf("%+v, %v", out, err)
		}
		h, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: ptr("lake"), Key: ptr("k"), ChecksumMode: types.ChecksumModeEnabled})
		if err != nil || *h.ChecksumCRC32 != sum {
			t.Fatalf("%+v, %v", h, err)
		}
	}
}

func TestHeadOfAFaultHasNoBody(t *testing.T) {
	s := open(t, s3fake.Options{NoListBucket: true})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/lake/k", nil))
	if got := fmt.Sprint(w.Code, w.Body.Len()); got != "403 0" {
		t.Fatalf("status and length of the body: %s", got)
	}
}
