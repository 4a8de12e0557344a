package s3test

import (
	"bytes"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func createOnlyIfAbsent(s *suite) {
	key := s.key("marker")
	in := func(data string) *s3.PutObjectInput {
		return &s3.PutObjectInput{Bucket: &s.Bucket, Key: key, IfNoneMatch: ptr("*"), Body: bytes.NewReader([]byte(data))}
	}
	_, err := s.Client.PutObject(s.Context(), in("one"))
	s.must(err)
	_, err = s.Client.PutObject(s.Context(), in("two"))
	s.wantCode(err, "PreconditionFailed")
	s.wantObject(key, []byte("one"))
}

func missingKey(s *suite) {
	key := s.key("nothing")
	s.wantMissing(key)
	_, err := s.Client.GetObject(s.Context(), &s3.GetObjectInput{Bucket: &s.Bucket, Key: key})
	if s.NoListBucket {
		s.wantCode(err, "AccessDenied")
	} else {
		s.wantCode(err, "NoSuchKey")
	}
	_, err = s.Client.DeleteObject(s.Context(), &s3.DeleteObjectInput{Bucket: &s.Bucket, Key: key})
	s.must(err)
}

func missingBucket(s *suite) {
	bucket, key := ptr(s.Bucket+"-that-is-not-there"), s.key("x")
	_, err := s.Client.GetObject(s.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key})
	s.wantCode(err, "NoSuchBucket")
	_, err = s.Client.CreateMultipartUpload(s.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
	s.wantCode(err, "NoSuchBucket")
	_, err = s.Client.HeadBucket(s.Context(), &s3.HeadBucketInput{Bucket: bucket})
	if got := status(err); got != 404 && !s.NoListBucket {
		s.Fatalf("HeadBucket: %v, want status 404", err)
	}
	if s.NoListBucket {
		return
	}
	_, err = s.Client.HeadBucket(s.Context(), &s3.HeadBucketInput{Bucket: &s.Bucket})
	s.must(err)
}

func putGetRangeDelete(s *suite) {
	key := s.key("numbers")
	s.put(key, "0123456789")
	h, err := s.head(key)
	s.must(err)
	if want := fmt.Sprintf(`"%x"`, md5Of([]byte("0123456789"))); *h.ETag != want {
		s.Fatalf("ETag %s, want %s", *h.ETag, want)
	}
	for r, want := range map[string]string{"bytes=2-4": "234", "bytes=7-": "789", "bytes=-2": "89", "bytes=8-99": "89"} {
		out, err := s.Client.GetObject(s.Context(), &s3.GetObjectInput{Bucket: &s.Bucket, Key: key, Range: &r})
		s.must(err)
		got, err := io.ReadAll(out.Body)
		_ = out.Body.Close()
		s.must(err)
		if string(got) != want {
			s.Errorf("range %s: %q, want %q", r, got, want)
		}
	}
	_, err = s.Client.GetObject(s.Context(), &s3.GetObjectInput{Bucket: &s.Bucket, Key: key, Range: ptr("bytes=10-")})
	s.wantCode(err, "InvalidRange")
	_, err = s.Client.DeleteObject(s.Context(), &s3.DeleteObjectInput{Bucket: &s.Bucket, Key: key})
	s.must(err)
	s.wantMissing(key)
	s.put(key, "")
	s.wantObject(key, nil)
}

func overwriteReplacesMetadata(s *suite) {
	key := s.key("marker")
	_, err := s.Client.PutObject(s.Context(), &s3.PutObjectInput{
		Bucket: &s.Bucket, Key: key, Body: bytes.NewReader([]byte("one")), Metadata: map[string]string{"a": "1", "b": "2"},
	})
	s.must(err)
	_, err = s.Client.PutObject(s.Context(), &s3.PutObjectInput{
		Bucket: &s.Bucket, Key: key, Body: bytes.NewReader([]byte("two")), Metadata: map[string]string{"a": "3"},
	})
	s.must(err)
	h, err := s.head(key)
	s.must(err)
	if len(h.Metadata) != 1 || h.Metadata["a"] != "3" {
		s.Fatalf("metadata %v, want only a=3", h.Metadata)
	}
	s.wantObject(key, []byte("two"))
}

func keysOfPartitions(s *suite) {
	for _, name := range []string{
		"year=2025/month=01/day=02/hour=03/app-1.json.gz", "a b/c+d&e=f/%2F%25/100%.json", "größe/日本/😀.json",
		"quotes'\"<>()!*,;@$.json", ".hidden/.file", "dots..in...names",
	} {
		key := s.key(name)
		id := s.create(key)
		s.must(s.complete(key, id, s.part(key, id, 1, []byte(name))))
		s.wantObject(key, []byte(name))
		if s.NoListBucket {
			continue
		}
		out, err := s.Client.ListObjectsV2(s.Context(), &s3.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: key})
		s.must(err)
		if len(out.Contents) != 1 || *out.Contents[0].Key != *key {
			s.Errorf("%q is listed as %v", *key, out.Contents)
		}
	}
}
