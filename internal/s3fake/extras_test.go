package s3fake_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"standpipe/internal/s3fake"
)

func TestConditionsOfCompleteAndGet(t *testing.T) {
	s := open(t, s3fake.Options{})
	c, lake, k := inProcess(s), ptr("lake"), ptr("k")
	put(t, c, "k", "old")
	id := create(t, c, "k")
	p := uploadPart(t, c, "k", id, 1, []byte("new"))
	in := &s3.CompleteMultipartUploadInput{
		Bucket: lake, Key: k, UploadId: &id, IfNoneMatch: ptr("*"),
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{p}},
	}
	if _, err := c.CompleteMultipartUpload(t.Context(), in); code(err) != "PreconditionFailed" || read(t, s, "k") != "old" {
		t.Fatalf("only if absent: %v", err)
	}
	in.IfNoneMatch, in.IfMatch = nil, ptr(`"`+s.Objects("lake")[0].ETag+`"`)
	if _, err := c.CompleteMultipartUpload(t.Context(), in); err != nil || read(t, s, "k") != "new" {
		t.Fatalf("only if unchanged: %v", err)
	}
	_, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: lake, Key: k, IfMatch: in.IfMatch})
	if code(err) != "PreconditionFailed" {
		t.Errorf("get the old one: %v", err)
	}
}

func TestUploadsByDelimiter(t *testing.T) {
	s := open(t, s3fake.Options{})
	c := inProcess(s)
	for _, key := range []string{"p/a", "p/h=1/x", "p/h=1/y", "p/h=2/x", "q"} {
		create(t, c, key)
	}
	var got []string
	in := &s3.ListMultipartUploadsInput{Bucket: ptr("lake"), Prefix: ptr("p/"), Delimiter: ptr("/"), MaxUploads: ptr(int32(1))}
	for more := true; more; {
		out, err := c.ListMultipartUploads(t.Context(), in)
		if err != nil || len(out.Uploads)+len(out.CommonPrefixes) != 1 {
			t.Fatalf("%+v, %v", out, err)
		}
		for _, u := range out.Uploads {
			got = append(got, *u.Key)
		}
		for _, p := range out.CommonPrefixes {
			got = append(got, *p.Prefix)
		}
		in.KeyMarker, in.UploadIdMarker = out.NextKeyMarker, out.NextUploadIdMarker
		more = *out.IsTruncated
	}
	if want := "p/a p/h=1/ p/h=2/"; strings.Join(got, " ") != want {
		t.Errorf("listed %v, want %s", got, want)
	}
}

func TestBucketsAreDeletedOnlyWhenEmpty(t *testing.T) {
	dir := t.TempDir()
	s := open(t, s3fake.Options{Dir: dir})
	c, lake := inProcess(s), ptr("lake")
	put(t, c, "a", "x")
	put(t, c, "b", "x")
	remove := func() string {
		_, err := c.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: lake})
		if err == nil {
			return ""
		}
		return code(err)
	}
	if got := remove(); got != "BucketNotEmpty" {
		t.Fatalf("with objects: %q", got)
	}
	out, err := c.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: lake, Delete: &types.Delete{
		Objects: []types.ObjectIdentifier{{Key: ptr("a")}, {Key: ptr("b")}, {Key: ptr("missing")}},
	}})
	if err != nil || len(out.Deleted) != 3 || len(out.Errors) != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	foreign := filepath.Join(dir, "lake", "notes.txt")
	if err := os.WriteFile(foreign, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	if got := remove(); got != "BucketNotEmpty" {
		t.Fatalf("with a file put there by hand: %q", got)
	}
	if err := os.Remove(foreign); err != nil {
		t.Fatal(err)
	}
	id := create(t, c, "k")
	p := uploadPart(t, c, "k", id, 1, []byte("x"))
	if got := remove(); got != "" {
		t.Fatalf("empty: %q", got)
	}
	if err := complete(t.Context(), c, "k", id, p); code(err) != "NoSuchBucket" {
		t.Fatalf("complete in a deleted bucket: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "lake")); !os.IsNotExist(err) {
		t.Fatalf("the bucket's folder: %v", err)
	}
}

func TestObjectThatCanNotBePutInPlaceLeavesTheOldOne(t *testing.T) {
	dir := t.TempDir()
	s := open(t, s3fake.Options{Dir: dir})
	c := inProcess(s)
	put(t, c, "odd//key", "old")
	odd := filepath.Join(dir, ".s3fake", "odd")
	if err := os.Rename(odd, odd+"-away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(odd, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"odd//key", "odd//other"} {
		_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: ptr("lake"), Key: &key, Body: strings.NewReader("newer")})
		if code(err) != "InternalError" {
			t.Errorf("put %s: %v, want InternalError", key, err)
		}
	}
	if err := os.Remove(odd); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(odd+"-away", odd); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	s = open(t, s3fake.Options{Dir: dir})
	if got := s.Objects("lake"); len(got) != 1 || got[0].Size != 3 || read(t, s, "odd//key") != "old" {
		t.Errorf("after the failure: %+v", got)
	}
}
